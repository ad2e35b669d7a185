package dev.turnout.upstream.balance;

import dev.turnout.upstream.Tries;

/// What the hashing methods share: CRC-32 over wire text without an object, and when to give up.
final class Hashing {
  private static final int MAX_MISSES = 20;
  private static final int[] TABLE = table();

  private Hashing() {}

  /// Whether the request has landed on unusable peers too often to go on hashing.
  static boolean isOver(Tries tries) {
    return tries.misses() > MAX_MISSES;
  }

  static int crcStart() {
    return 0xffff_ffff;
  }

  static int crcByte(int crc, int value) {
    return TABLE[(crc ^ value) & 0xff] ^ crc >>> 8;
  }

  /// Each character is one byte.
  static int crcText(int crc, String text) {
    int result = crc;
    for (int i = 0; i < text.length(); i++) {
      result = crcByte(result, text.charAt(i));
    }
    return result;
  }

  static int crcDecimal(int crc, int number) {
    return number < 10
        ? crcByte(crc, '0' + number)
        : crcByte(crcDecimal(crc, number / 10), '0' + number % 10);
  }

  static int crcEnd(int crc) {
    return ~crc;
  }

  private static int[] table() {
    int[] table = new int[256];
    for (int i = 0; i < 256; i++) {
      int crc = i;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc & 1) == 0 ? crc >>> 1 : crc >>> 1 ^ 0xedb8_8320;
      }
      table[i] = crc;
    }
    return table;
  }
}

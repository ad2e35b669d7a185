package dev.turnout.http.h1;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Classes of octets in an HTTP/1 head, and scanning for the end of a run of them.
///
/// The scanners have no limit of their own: the caller puts a 0 behind the last byte, which belongs
/// to no class, and has eight bytes of the array behind it.
final class Octets {
  /// The lower-case form of a usual character of a field name (letter, digit, hyphen); the negative
  /// of the character for the other ones that a token may have; 0 for what a name cannot have.
  static final byte[] NAME = new byte[256];

  /// Characters of a method, as nginx takes them: `A-Z`, `_` and `-`.
  static final boolean[] METHOD = new boolean[256];

  static final byte TARGET_END = 0;
  static final byte TARGET_PLAIN = 1;
  static final byte TARGET_SLASH = 2;
  static final byte TARGET_PERCENT = 3;
  static final byte TARGET_QUERY = 4;

  /// What a byte of the request target means for its path; controls, space and `#` end it.
  static final byte[] TARGET = new byte[256];

  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long HIGHS = 0x8080808080808080L;

  static {
    String marks = "!#$%&'*+.^_`|~";
    for (int i = 0; i < marks.length(); i++) {
      NAME[marks.charAt(i)] = (byte) -marks.charAt(i);
    }
    NAME['-'] = '-';
    METHOD['_'] = true;
    METHOD['-'] = true;
    for (int c = '0'; c <= '9'; c++) {
      NAME[c] = (byte) c;
    }
    for (int c = 'a'; c <= 'z'; c++) {
      NAME[c] = (byte) c;
      NAME[c - 32] = (byte) c;
      METHOD[c - 32] = true;
    }
    for (int c = 0x21; c < 256; c++) {
      TARGET[c] = TARGET_PLAIN;
    }
    TARGET[0x7f] = TARGET_END;
    TARGET['#'] = TARGET_END;
    TARGET['/'] = TARGET_SLASH;
    TARGET['%'] = TARGET_PERCENT;
    TARGET['?'] = TARGET_QUERY;
  }

  private Octets() {}

  static int intAt(byte[] data, int p) {
    return (int) INT.get(data, p);
  }

  static long longAt(byte[] data, int p) {
    return (long) LONG.get(data, p);
  }

  /// The first byte from `p` on that a field value or a reason phrase cannot have: a control other
  /// than HTAB.
  static int valueEnd(byte[] data, int p) {
    while (true) {
      long word = longAt(data, p);
      long low = (word - ONES * 0x20) & ~word;
      long delete = word ^ ONES * 0x7f;
      long found = (low | ((delete - ONES) & ~delete)) & HIGHS;
      if (found == 0) {
        p += 8;
        continue;
      }
      // borrows spoil only what is above the first hit, so the lowest bit is right
      p += Long.numberOfTrailingZeros(found) >>> 3;
      if (data[p] != '\t') {
        return p;
      }
      p++;
    }
  }

  /// The first LF in `data[p, limit)`, or -1.
  static int lineFeed(byte[] data, int p, int limit) {
    for (; p + 8 <= limit; p += 8) {
      long word = longAt(data, p) ^ ONES * '\n';
      long found = (word - ONES) & ~word & HIGHS;
      if (found != 0) {
        return p + (Long.numberOfTrailingZeros(found) >>> 3);
      }
    }
    for (; p < limit; p++) {
      if (data[p] == '\n') {
        return p;
      }
    }
    return -1;
  }

  /// The number in `data[start, end)`: 1*DIGIT below 2^63, or -1.
  static long decimal(byte[] data, int start, int end) {
    if (start == end) {
      return -1;
    }
    long value = 0;
    for (int p = start; p < end; p++) {
      int digit = data[p] - '0';
      if (digit < 0 || digit > 9 || value > (Long.MAX_VALUE - digit) / 10) {
        return -1;
      }
      value = value * 10 + digit;
    }
    return value;
  }

  static boolean blank(byte b) {
    return b == ' ' || b == '\t';
  }

  /// Bytes for the log: printable, and not too many.
  static String printable(byte[] data, int start, int end) {
    int shown = Math.min(end, start + 1024);
    StringBuilder text = new StringBuilder(shown - start + 8);
    for (int p = start; p < shown; p++) {
      int c = data[p] & 0xff;
      if (c < 0x20 || c >= 0x7f) {
        text.append(String.format("\\x%02X", c));
      } else {
        text.append((char) c);
      }
    }
    return shown < end ? text.append("...").toString() : text.toString();
  }
}

package dev.turnout.cluster;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/// An address or a network, as a key of a zone or a text that is looked up: its first address as
/// 128 bits, and how many of them count.
///
/// @param v6 an IPv6 network; an IPv4 one has its 32 bits in `low`, and never meets one of IPv6
/// @param bits of 32 or 128
record NetworkKey(boolean v6, long high, long low, int bits) {
  private static final int LONGEST = 64; // of a text that can be an address

  /// Reads `192.0.2.1`, `192.0.2.0/24` or the like in IPv6; null if it is none.
  static @Nullable NetworkKey parse(String text) {
    int slash = text.indexOf('/');
    if (slash >= 0) {
      NetworkKey address = address(text, slash);
      int bits = number(text, slash + 1, text.length(), 128);
      return address == null || bits < 0 || bits > address.bits ? null : address.first(bits);
    }
    return address(text, text.length());
  }

  private static @Nullable NetworkKey address(String text, int end) {
    if (end == 0 || end > LONGEST) {
      return null;
    }
    for (int i = 0; i < end; i++) {
      if (text.charAt(i) == ':') {
        return v6(text.substring(0, end));
      }
    }
    long address = 0;
    int at = 0;
    for (int part = 0; part < 4; part++) {
      int dot = part == 3 ? end : text.indexOf('.', at);
      int number = dot < 0 || dot > end || dot - at > 3 ? -1 : number(text, at, dot, 255);
      if (number < 0) {
        return null;
      }
      address = (address << 8) | number;
      at = dot + 1;
    }
    return new NetworkKey(false, 0, address, 32);
  }

  private static @Nullable NetworkKey v6(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.digit(c, 16) < 0 && c != ':' && c != '.') {
        return null; // a zone, or no address at all
      }
    }
    try {
      byte[] bytes = InetAddress.ofLiteral(text).getAddress();
      if (bytes.length == 4) { // written as one of IPv6, and is one of IPv4
        return new NetworkKey(false, 0, bits(bytes, 0, 4), 32);
      }
      return new NetworkKey(true, bits(bytes, 0, 8), bits(bytes, 8, 16), 128);
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  private static long bits(byte[] bytes, int from, int to) {
    long bits = 0;
    for (int i = from; i < to; i++) {
      bits = (bits << 8) | (bytes[i] & 0xff);
    }
    return bits;
  }

  private static int number(String text, int from, int to, int most) {
    if (from >= to) {
      return -1;
    }
    int number = 0;
    for (int i = from; i < to; i++) {
      int digit = text.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      number = number * 10 + digit;
      if (number > most) {
        return -1;
      }
    }
    return number;
  }

  /// The network of the first `count` bits.
  private NetworkKey first(int count) {
    if (!v6) {
      return new NetworkKey(false, 0, low & mask(32 + count), count);
    }
    return new NetworkKey(true, high & mask(count), low & mask(count - 64), count);
  }

  /// 64 bits of which the first `ones` are set.
  private static long mask(int ones) {
    if (ones <= 0) {
      return 0;
    }
    return ones >= 64 ? -1L : -1L << (64 - ones);
  }

  /// The last address that is in it.
  long lastHigh() {
    return v6 ? high | ~mask(bits) : 0;
  }

  /// The last address that is in it.
  long lastLow() {
    return v6 ? low | ~mask(bits - 64) : low | (~mask(32 + bits) & 0xffff_ffffL);
  }
}

package dev.turnout.http;

/// The grammar of `Host` and `:authority`: a host of RFC 3986 section 3.2.2 and an optional port.
///
/// Narrower than the RFC where a name is a key for routing: at most 255 bytes, no percent-encoding,
/// no comma, no user information, no empty label inside. A trailing dot and an empty port are
/// tolerated and are not part of the canonical name.
public final class HostName {
  /// What [#parse] returns for anything else.
  public static final long INVALID = -1;

  private static final int MAX_LENGTH = 255;
  private static final boolean[] REG_NAME = table("-._~!$&'()*+;=");
  private static final boolean[] FUTURE = table("-._~!$&'()*+,;=:");

  private HostName() {}

  private static boolean[] table(String marks) {
    boolean[] table = new boolean[256];
    for (int c = 0; c < 128; c++) {
      table[c] = isAlphanumeric(c) || marks.indexOf(c) >= 0;
    }
    return table;
  }

  private static boolean isAlphanumeric(int c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  /// Checks `data[start, end)`; the canonical host begins at `start`, see [#hostLength] and
  /// [#port].
  public static long parse(byte[] data, int start, int end) {
    if (end == start || end - start > MAX_LENGTH) {
      return INVALID;
    }
    int p = start;
    int length;
    if (data[p] == '[') {
      while (p < end && data[p] != ']') {
        p++;
      }
      if (p == end || !isIpLiteral(data, start + 1, p)) {
        return INVALID;
      }
      p++;
      length = p - start;
    } else {
      while (p < end && REG_NAME[data[p] & 0xff]) {
        if (data[p] == '.' && p > start && data[p - 1] == '.') {
          return INVALID;
        }
        p++;
      }
      length = p - start;
      if (length > 0 && data[p - 1] == '.') {
        length--;
      }
      if (length == 0) {
        return INVALID;
      }
    }
    int port = 0;
    if (p < end) {
      if (data[p] != ':') {
        return INVALID;
      }
      port = port(data, p + 1, end);
      if (port < 0) {
        return INVALID;
      }
    }
    return (long) port << 32 | length;
  }

  /// The length of the host in a result of [#parse], without a trailing dot.
  public static int hostLength(long parsed) {
    return (int) parsed;
  }

  /// The port in a result of [#parse], or 0 if there is none.
  public static int port(long parsed) {
    return (int) (parsed >>> 32);
  }

  private static int port(byte[] data, int start, int end) {
    if (start == end) {
      return 0;
    }
    int port = 0;
    for (int p = start; p < end; p++) {
      int digit = data[p] - '0';
      if (digit < 0 || digit > 9) {
        return -1;
      }
      port = port * 10 + digit;
      if (port > 65535) {
        return -1;
      }
    }
    return port == 0 ? -1 : port;
  }

  private static boolean isIpLiteral(byte[] data, int start, int end) {
    if (start < end && (data[start] | 0x20) == 'v') {
      return isIpFuture(data, start + 1, end);
    }
    return isIpv6(data, start, end);
  }

  private static boolean isIpFuture(byte[] data, int start, int end) {
    int p = start;
    while (p < end && hex(data[p])) {
      p++;
    }
    if (p == start || p == end || data[p] != '.' || p + 1 == end) {
      return false;
    }
    for (p++; p < end; p++) {
      if (!FUTURE[data[p] & 0xff] || (data[p] == '.' && data[p - 1] == '.')) {
        return false;
      }
    }
    return true;
  }

  private static boolean isIpv6(byte[] data, int start, int end) {
    int groups = 0;
    boolean compressed = false;
    int p = start;
    if (p + 1 < end && data[p] == ':' && data[p + 1] == ':') {
      compressed = true;
      p += 2;
    }
    while (p < end) {
      int from = p;
      while (p < end && hex(data[p])) {
        p++;
      }
      if (p < end && data[p] == '.') {
        groups += 2;
        return isIpv4(data, from, end) && (compressed ? groups < 8 : groups == 8);
      }
      if (p == from || p - from > 4) {
        return false;
      }
      groups++;
      if (p == end) {
        break;
      }
      if (data[p++] != ':' || p == end) {
        return false;
      }
      if (data[p] == ':') {
        if (compressed) {
          return false;
        }
        compressed = true;
        p++;
      }
    }
    return compressed ? groups < 8 : groups == 8;
  }

  private static boolean isIpv4(byte[] data, int start, int end) {
    int p = start;
    for (int part = 0; part < 4; part++) {
      if (part > 0 && (p == end || data[p++] != '.')) {
        return false;
      }
      int from = p;
      int value = 0;
      while (p < end && data[p] >= '0' && data[p] <= '9' && p - from < 3) {
        value = value * 10 + data[p++] - '0';
      }
      if (p == from || value > 255) {
        return false;
      }
    }
    return p == end;
  }

  private static boolean hex(byte b) {
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
  }
}

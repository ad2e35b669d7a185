package dev.turnout.upstream;

/// The text form of IP addresses as nginx writes them, which is not Java's: `::1`, not
/// `0:0:0:0:0:0:0:1`.
final class InetText {
  private InetText() {}

  static String of(byte[] address) {
    return address.length == 4 ? v4(address, 0) : "[" + v6(address) + "]";
  }

  private static String v4(byte[] address, int from) {
    return (address[from] & 0xff)
        + "."
        + (address[from + 1] & 0xff)
        + "."
        + (address[from + 2] & 0xff)
        + "."
        + (address[from + 3] & 0xff);
  }

  private static String v6(byte[] address) {
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (address[2 * i] & 0xff) << 8 | (address[2 * i + 1] & 0xff);
    }
    int zeros = 0; // the longest run of zero groups, the first of equals
    int zerosAt = 8;
    for (int i = 0, run = 0; i < 8; i++) {
      run = groups[i] == 0 ? run + 1 : 0;
      if (run > zeros) {
        zeros = run;
        zerosAt = i - run + 1;
      }
    }
    if (zeros < 2) {
      zerosAt = 8;
    }
    boolean mapped = zerosAt == 0 && endsInV4(zeros, groups);
    StringBuilder text = new StringBuilder(39);
    int end = mapped ? 6 : 8;
    for (int i = 0; i < end; i++) {
      if (i == zerosAt) {
        text.append(i == 0 ? "::" : ":");
        i += zeros - 1;
        continue;
      }
      text.append(Integer.toHexString(groups[i]));
      if (i < 7) {
        text.append(':');
      }
    }
    return mapped ? text + v4(address, 12) : text.toString();
  }

  /// `::ffff:a.b.c.d`, and the deprecated compatible addresses `::a.b.c.d`, but `::1` and `::` stay
  /// as they are.
  private static boolean endsInV4(int zeros, int[] groups) {
    return zeros == 6
        || (zeros == 5 && groups[5] == 0xffff)
        || (zeros == 7 && groups[7] >> 8 != 0 && (groups[7] & 0xff) != 1);
  }
}

package dev.turnout.lua.regex;

/// Whether bytes are UTF-8 (RFC 3629), and what is wrong in PCRE2's numbers.
final class Utf8Check {
  private static final int MISSING = -3; // one byte; -4 two bytes, and so on
  private static final int NO_CONTINUATION = -8; // the second byte; -9 the third, and so on
  private static final int LONG_FIVE = -13;
  private static final int LONG_SIX = -14;
  private static final int TOO_LARGE = -15;
  private static final int SURROGATE = -16;
  private static final int OVERLONG = -17; // of two bytes; -18 of three, and so on
  private static final int ISOLATED = -22;
  private static final int ILLEGAL = -23;

  private Utf8Check() {}

  /// 0 if all is well.
  static int check(byte[] text, int length) {
    int i = 0;
    while (i < length) {
      int first = text[i] & 0xff;
      if (first < 0x80) {
        i++;
        continue;
      }
      if (first < 0xc0) {
        return ISOLATED;
      }
      if (first >= 0xfe) {
        return ILLEGAL;
      }
      int more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf8 ? 3 : first < 0xfc ? 4 : 5;
      int missing = more - (length - i - 1);
      if (missing > 0) {
        return MISSING - (missing - 1);
      }
      int wrong = sequence(text, i, first, more);
      if (wrong != 0) {
        return wrong;
      }
      i += more + 1;
    }
    return 0;
  }

  private static int sequence(byte[] text, int at, int first, int more) {
    int second = text[at + 1] & 0xff;
    if ((second & 0xc0) != 0x80) {
      return NO_CONTINUATION;
    }
    switch (more) {
      case 1 -> {
        if (first < 0xc2) {
          return OVERLONG;
        }
      }
      case 2 -> {
        if (first == 0xe0 && second < 0xa0) {
          return OVERLONG - 1;
        }
        if (first == 0xed && second >= 0xa0) {
          return SURROGATE;
        }
      }
      case 3 -> {
        if (first == 0xf0 && second < 0x90) {
          return OVERLONG - 2;
        }
        if (first > 0xf4 || (first == 0xf4 && second > 0x8f)) {
          return TOO_LARGE;
        }
      }
      default -> {
        // looked at below
      }
    }
    for (int k = 2; k <= more; k++) {
      if ((text[at + k] & 0xc0) != 0x80) {
        return NO_CONTINUATION - (k - 1);
      }
    }
    return more == 4 ? LONG_FIVE : more == 5 ? LONG_SIX : 0;
  }
}

package dev.turnout.http;

/// Percent-encoding of URIs in nginx's kinds, and its undoing. Chars are bytes.
public enum UriEscape {
  /// A path that goes into a request line or a Location.
  URI(" \"#%<>?\\^`{|}"),
  /// One argument of a query.
  ARGS(" \"#%&+;<>?\\^`{|}"),
  /// A component: everything but letters, digits and `-._~`.
  URI_COMPONENT("!\"#$%&'()*+,/:;<=>?@[\\]^`{|} "),
  /// A URL in HTML text.
  HTML(" \"#%'<>\\^`{|}"),
  /// A URL in a Refresh field.
  REFRESH(" \"'<>\\^`{|}");

  private static final char[] HEX = "0123456789ABCDEF".toCharArray();

  // the ASCII characters that are escaped, as bits; of the others all are
  private final long low;
  private final long high;

  UriEscape(String marks) {
    long low = (1L << 0x20) - 1;
    long high = 1L << (0x7f - 0x40);
    for (int i = 0; i < marks.length(); i++) {
      char c = marks.charAt(i);
      if (c < 0x40) {
        low |= 1L << c;
      } else {
        high |= 1L << (c - 0x40);
      }
    }
    this.low = low;
    this.high = high;
  }

  private boolean escapes(int c) {
    return c >= 0x80 || ((c < 0x40 ? low : high) >>> (c & 0x3f) & 1) != 0;
  }

  /// `text` encoded; the same instance if there is nothing to encode.
  public String escape(String text) {
    int first = 0;
    while (first < text.length() && !escapes(text.charAt(first))) {
      first++;
    }
    if (first == text.length()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 16).append(text, 0, first);
    for (int i = first; i < text.length(); i++) {
      int c = text.charAt(i) & 0xff;
      if (escapes(c)) {
        out.append('%').append(HEX[c >> 4]).append(HEX[c & 15]);
      } else {
        out.append((char) c);
      }
    }
    return out.toString();
  }

  /// `text` decoded. As in nginx nothing is an error: what cannot follow a `%` loses it, and an
  /// escape that breaks off is dropped.
  public static String unescape(String text) {
    return unescape(text, false);
  }

  /// `text` decoded up to a `?`, encoded or not; what follows stays as it is.
  public static String unescapePath(String text) {
    return unescape(text, true);
  }

  private static String unescape(String text, boolean stopAtQuery) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i++);
      if (c == '%') {
        if (i == text.length()) {
          break;
        }
        int high = PathNormalizer.hex(text.charAt(i++));
        if (high < 0) {
          out.append(text.charAt(i - 1));
          continue;
        }
        int low = i < text.length() ? PathNormalizer.hex(text.charAt(i++)) : -1;
        if (low < 0) {
          continue;
        }
        c = (char) (high << 4 | low);
      }
      out.append(c);
      if (stopAtQuery && c == '?') {
        return out.append(text, i, text.length()).toString();
      }
    }
    return out.toString();
  }
}

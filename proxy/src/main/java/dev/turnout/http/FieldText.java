package dev.turnout.http;

/// Texts that become lines of a message head, whoever made them.
public final class FieldText {
  private FieldText() {}

  /// `text` as it may stand in a head: what would end the line (CR, LF) or the text (NUL) is
  /// percent-encoded. The same instance if there is nothing of that.
  public static String safe(String text) {
    int first = 0;
    while (first < text.length() && !breaks(text.charAt(first))) {
      first++;
    }
    if (first == text.length()) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length() + 8).append(text, 0, first);
    for (int i = first; i < text.length(); i++) {
      char c = text.charAt(i);
      if (breaks(c)) {
        out.append(c == '\r' ? "%0D" : c == '\n' ? "%0A" : "%00");
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static boolean breaks(char c) {
    return c == '\r' || c == '\n' || c == '\0';
  }
}

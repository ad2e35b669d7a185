package dev.turnout.admin.prometheus;

import java.nio.charset.StandardCharsets;

/// The labels of a sample, as they are written.
///
/// @param text without the braces
record Labels(String text) {
  /// No labels.
  static final Labels NONE = new Labels("");

  static Labels of(String name, String value) {
    return NONE.and(name, value);
  }

  /// These and one more.
  Labels and(String name, String value) {
    StringBuilder out = new StringBuilder(text.length() + name.length() + value.length() + 8);
    out.append(text);
    if (!text.isEmpty()) {
      out.append(',');
    }
    out.append(name).append("=\"");
    escape(out, characters(value), true);
    return new Labels(out.append('"').toString());
  }

  boolean isEmpty() {
    return text.isEmpty();
  }

  /// Our strings hold bytes; both formats are UTF-8, and a scraper throws everything away if one
  /// byte is not.
  private static String characters(String bytes) {
    for (int i = 0; i < bytes.length(); i++) {
      if (bytes.charAt(i) >= 0x80) {
        return new String(bytes.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
      }
    }
    return bytes;
  }

  static void escape(StringBuilder out, String text, boolean quotes) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '"' -> out.append(quotes ? "\\\"" : "\"");
        default -> out.append(c);
      }
    }
  }
}

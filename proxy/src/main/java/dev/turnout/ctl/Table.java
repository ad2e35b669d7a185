package dev.turnout.ctl;

import java.util.ArrayList;
import java.util.List;

/// Rows of words in columns as wide as their widest word. A column whose head begins with `>` is
/// aligned at its right.
final class Table {
  private final List<List<String>> rows = new ArrayList<>();
  private final boolean[] right;

  Table(String... heads) {
    right = new boolean[heads.length];
    List<String> first = new ArrayList<>();
    for (int i = 0; i < heads.length; i++) {
      right[i] = heads[i].startsWith(">");
      first.add(right[i] ? heads[i].substring(1) : heads[i]);
    }
    rows.add(first);
  }

  void row(Object... words) {
    List<String> row = new ArrayList<>();
    for (Object word : words) {
      row.add(printable(String.valueOf(word)));
    }
    rows.add(row);
  }

  /// What a terminal would take for a command is no part of a name.
  static String printable(String text) {
    StringBuilder out = new StringBuilder(text.length());
    text.codePoints().forEach(c -> out.appendCodePoint(Character.isISOControl(c) ? '\ufffd' : c));
    return out.toString();
  }

  List<String> lines() {
    int[] widths = new int[right.length];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    return rows.stream().map(row -> line(row, widths)).toList();
  }

  private String line(List<String> row, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < widths.length; i++) {
      String word = row.get(i);
      String space = " ".repeat(widths[i] - word.length());
      line.append(i == 0 ? "" : "  ").append(right[i] ? space + word : word + space);
    }
    return line.toString().stripTrailing();
  }

  @Override
  public String toString() {
    return String.join("\n", lines()) + "\n";
  }
}

package dev.turnout.http.filter;

import java.util.ArrayList;
import java.util.List;

/// The parts of a body that a `Range` field asks for (RFC 9110 section 14), as nginx reads it.
sealed interface ByteRanges {
  /// Everything: what is asked for is not served in parts.
  record Whole() implements ByteRanges {}

  /// These parts, in the order asked for.
  record Parts(List<Part> list) implements ByteRanges {
    public Parts {
      list = List.copyOf(list);
    }
  }

  /// Nothing that is there.
  record NotSatisfiable() implements ByteRanges {}

  /// From `start` up to, but without, `end`.
  record Part(long start, long end) {
    long length() {
      return end - start;
    }
  }

  /// Several parts cost lines of their own; this much each is reckoned with.
  int LINES = 256;

  /// So much may several parts with their lines be larger than the body itself.
  int SLACK = 4096;

  /// Reads the value of a `Range` field for a body of this length.
  ///
  /// @param max how many parts are served; Integer.MAX_VALUE for any number that is not wasteful
  static ByteRanges parse(String field, long length, int max) {
    if (field.length() < 7 || !field.regionMatches(true, 0, "bytes=", 0, 6)) {
      return new Whole();
    }
    List<Part> found = new ArrayList<>(1);
    long size = 0;
    for (String word : field.substring(6).split(",", -1)) {
      String range = word.strip();
      int dash = range.indexOf('-');
      String from = dash < 0 ? "" : range.substring(0, dash).strip();
      String to = dash < 0 ? "" : range.substring(dash + 1).strip();
      long first = from.isEmpty() ? 0 : number(from);
      long last = to.isEmpty() ? 0 : number(to);
      if (dash < 0 || first < 0 || last < 0 || (from.isEmpty() && to.isEmpty())) {
        return new NotSatisfiable();
      }
      long start = from.isEmpty() ? Math.max(0, length - last) : first;
      long end = from.isEmpty() || to.isEmpty() ? length : Math.min(last, length - 1) + 1;
      if (start >= end) {
        if (start == 0) {
          return new Whole();
        }
        continue;
      }
      if (found.size() == max) {
        return new Whole();
      }
      found.add(new Part(start, end));
      size += end - start;
    }
    if (found.isEmpty()) {
      return new NotSatisfiable();
    }
    if (found.size() > 1 && isWasteful(found.size(), size, length, max)) {
      return new Whole();
    }
    return new Parts(found);
  }

  private static boolean isWasteful(int parts, long size, long length, int max) {
    return size > length
        || (max == Integer.MAX_VALUE && size + (long) parts * LINES > length + SLACK);
  }

  /// A number in digits, or -1.
  private static long number(String text) {
    if (text.isEmpty() || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException _) {
      return -1;
    }
  }
}

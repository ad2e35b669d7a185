package dev.turnout.http.content;

/// The part of a body that a `Range` field asks for (RFC 9110 section 14), as nginx reads it.
sealed interface ByteRange {
  /// Everything: nothing is asked for, or in a way that is not served in parts.
  record Whole() implements ByteRange {}

  /// From `start` up to, but without, `end`.
  record Part(long start, long end) implements ByteRange {}

  /// Nothing that is there.
  record NotSatisfiable() implements ByteRange {}

  /// Reads the value of a `Range` field for a body of this length. Several ranges are served whole,
  /// which a server may do.
  static ByteRange parse(String field, long length) {
    if (field.length() < 7 || !field.regionMatches(true, 0, "bytes=", 0, 6)) {
      return new Whole();
    }
    Part found = null;
    for (String word : field.substring(6).split(",", -1)) {
      ByteRange range = one(word.strip(), length);
      switch (range) {
        case Whole whole -> {
          return whole;
        }
        case NotSatisfiable none -> {
          if (!isBeyond(word.strip())) {
            return none;
          }
        }
        case Part part -> {
          if (found != null) {
            return new Whole();
          }
          found = part;
        }
      }
    }
    return found == null ? new NotSatisfiable() : found;
  }

  /// True if it is well-formed, so that it only lies beyond the end.
  private static boolean isBeyond(String word) {
    int dash = word.indexOf('-');
    return dash > 0
        && number(word.substring(0, dash).strip()) >= 0
        && (dash == word.length() - 1 || number(word.substring(dash + 1).strip()) >= 0);
  }

  private static ByteRange one(String word, long length) {
    int dash = word.indexOf('-');
    if (dash < 0) {
      return new NotSatisfiable();
    }
    String from = word.substring(0, dash).strip();
    String to = word.substring(dash + 1).strip();
    long first = from.isEmpty() ? 0 : number(from);
    long last = to.isEmpty() ? length - 1 : number(to);
    if (first < 0 || last < -1 || (to.isEmpty() && from.isEmpty()) || (!to.isEmpty() && last < 0)) {
      return new NotSatisfiable();
    }
    if (from.isEmpty()) {
      first = Math.max(0, length - last);
      last = length - 1;
    }
    long end = Math.min(last, length - 1) + 1;
    if (first < end) {
      return new Part(first, end);
    }
    return first == 0 ? new Whole() : new NotSatisfiable();
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

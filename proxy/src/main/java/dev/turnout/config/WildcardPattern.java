package dev.turnout.config;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/// A shell pattern for one file name: `*`, `?`, `[a-z]`, `[!x]`, `[[:digit:]]`, and `\` before a
/// char that is meant as it is. A dot at the beginning of a name is only matched by a dot.
final class WildcardPattern {
  private static final int CHARS = 256;

  private sealed interface Item {}

  private record One(BitSet chars) implements Item {}

  private record Exactly(char c) implements Item {}

  private record Any() implements Item {}

  private final List<Item> items;

  private WildcardPattern(List<Item> items) {
    this.items = items;
  }

  static WildcardPattern compile(String pattern) {
    List<Item> items = new ArrayList<>();
    int i = 0;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      int close = c == '[' ? bracketEnd(pattern, i) : -1;
      if (c == '*') {
        if (items.isEmpty() || !(items.getLast() instanceof Any)) {
          items.add(new Any());
        }
        i++;
      } else if (c == '?') {
        BitSet all = new BitSet();
        all.set(0, CHARS);
        items.add(new One(all));
        i++;
      } else if (close > 0) {
        items.add(new One(bracket(pattern.substring(i + 1, close))));
        i = close + 1;
      } else if (c == '\\' && i + 1 < pattern.length()) {
        items.add(new Exactly(pattern.charAt(i + 1)));
        i += 2;
      } else {
        items.add(new Exactly(c));
        i++;
      }
    }
    return new WildcardPattern(items);
  }

  /// The `]` that closes the bracket at `open`; -1 if none does and the `[` is an ordinary char.
  private static int bracketEnd(String pattern, int open) {
    int i = open + 1;
    if (i < pattern.length() && (pattern.charAt(i) == '!' || pattern.charAt(i) == '^')) {
      i++;
    }
    int first = i;
    while (i < pattern.length()) {
      char c = pattern.charAt(i);
      if (c == ']' && i > first) {
        return i;
      }
      int classEnd = c == '[' ? classEnd(pattern, i) : -1;
      i = classEnd > 0 ? classEnd + 2 : c == '\\' ? i + 2 : i + 1;
    }
    return -1;
  }

  private static int classEnd(String text, int open) {
    return text.startsWith("[:", open) ? text.indexOf(":]", open + 2) : -1;
  }

  private static BitSet bracket(String inside) {
    boolean negated = inside.startsWith("!") || inside.startsWith("^");
    BitSet chars = new BitSet();
    int i = negated ? 1 : 0;
    while (i < inside.length()) {
      int classEnd = classEnd(inside, i);
      if (classEnd > 0) {
        addClass(chars, inside.substring(i + 2, classEnd));
        i = classEnd + 2;
        continue;
      }
      i = skipEscape(inside, i);
      char from = inside.charAt(i);
      int to = i + 1 < inside.length() && inside.charAt(i + 1) == '-' ? i + 2 : inside.length();
      if (to < inside.length()) {
        to = skipEscape(inside, to);
        char last = inside.charAt(to);
        if (from <= last) {
          chars.set(from, last + 1);
        }
        i = to + 1;
      } else {
        chars.set(from);
        i++;
      }
    }
    if (negated) {
      chars.flip(0, CHARS);
    }
    return chars;
  }

  private static int skipEscape(String inside, int i) {
    return inside.charAt(i) == '\\' && i + 1 < inside.length() ? i + 1 : i;
  }

  private static void addClass(BitSet chars, String name) {
    IntPredicate is =
        switch (name) {
          case "digit" -> WildcardPattern::isDigit;
          case "lower" -> c -> c >= 'a' && c <= 'z';
          case "upper" -> c -> c >= 'A' && c <= 'Z';
          case "alpha" -> WildcardPattern::isLetter;
          case "alnum" -> c -> isLetter(c) || isDigit(c);
          case "xdigit" -> c -> Character.digit(c, 16) >= 0 && c < 128;
          case "space" -> c -> c == ' ' || (c >= '\t' && c <= '\r');
          case "blank" -> c -> c == ' ' || c == '\t';
          case "cntrl" -> c -> c < ' ' || c == 127;
          case "print" -> c -> c >= ' ' && c < 127;
          case "graph" -> c -> c > ' ' && c < 127;
          case "punct" -> c -> c > ' ' && c < 127 && !isLetter(c) && !isDigit(c);
          default -> _ -> false;
        };
    for (int c = 0; c < CHARS; c++) {
      if (is.test(c)) {
        chars.set(c);
      }
    }
  }

  private static boolean isLetter(int c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }

  private static boolean isDigit(int c) {
    return c >= '0' && c <= '9';
  }

  /// True if only one name can match.
  boolean isLiteral() {
    return items.stream().allMatch(item -> item instanceof Exactly);
  }

  /// The one name, without escapes.
  String literal() {
    StringBuilder name = new StringBuilder();
    for (Item item : items) {
      if (item instanceof Exactly(char c)) {
        name.append(c);
      }
    }
    return name.toString();
  }

  /// True if the whole name matches.
  boolean matches(String name) {
    if (name.startsWith(".") && !startsWithDot()) {
      return false;
    }
    // on a mismatch only the last star takes one more char: quadratic at worst
    int item = 0;
    int at = 0;
    int star = -1;
    int starAt = 0;
    while (at < name.length()) {
      if (item < items.size() && items.get(item) instanceof Any) {
        star = item++;
        starAt = at;
      } else if (item < items.size() && matches(items.get(item), name.charAt(at))) {
        item++;
        at++;
      } else if (star >= 0) {
        item = star + 1;
        at = ++starAt;
      } else {
        return false;
      }
    }
    while (item < items.size() && items.get(item) instanceof Any) {
      item++;
    }
    return item == items.size();
  }

  private boolean startsWithDot() {
    return !items.isEmpty() && items.getFirst() instanceof Exactly(char c) && c == '.';
  }

  private static boolean matches(Item item, char c) {
    return switch (item) {
      case Exactly(char wanted) -> c == wanted;
      case One(BitSet chars) -> chars.get(c);
      case Any() -> true;
    };
  }
}

package dev.turnout.config;

/// Finds the end of a block of Lua: the `}` that no string, comment or inner brace claims.
final class LuaBlock {
  private LuaBlock() {}

  /// The offset of the closing `}` when the block's text begins at `from`; -1 if there is none, and
  /// `-2 - n` if a long bracket with `n` equals signs is not closed.
  static int end(byte[] text, int from) {
    int depth = 1;
    int i = from;
    while (i >= 0 && i < text.length) {
      switch (text[i]) {
        case '{' -> {
          depth++;
          i++;
        }
        case '}' -> {
          if (--depth == 0) {
            return i;
          }
          i++;
        }
        case '"', '\'' -> i = afterString(text, i);
        case '[' -> i = afterLongBracket(text, i, i + 1);
        case '-' -> i = at(text, i + 1) == '-' ? afterComment(text, i + 2) : i + 1;
        default -> i++;
      }
    }
    return i < 0 ? i : -1;
  }

  private static int at(byte[] text, int i) {
    return i < text.length ? text[i] : -1;
  }

  private static int afterString(byte[] text, int quote) {
    int i = quote + 1;
    while (i < text.length && text[i] != text[quote]) {
      i += text[i] == '\\' ? 2 : 1;
    }
    return i + 1;
  }

  private static int afterComment(byte[] text, int from) {
    if (at(text, from) == '[') {
      int end = afterLongBracket(text, from, from);
      if (end != from) {
        return end;
      }
    }
    int i = from;
    while (i < text.length && text[i] != '\n') {
      i++;
    }
    return i;
  }

  /// Behind `[==[ … ]==]` that opens at `open`; `otherwise` if none opens there; less than -1 if it
  /// never ends.
  private static int afterLongBracket(byte[] text, int open, int otherwise) {
    int i = open + 1;
    while (at(text, i) == '=') {
      i++;
    }
    int level = i - open - 1;
    if (at(text, i) != '[') {
      return otherwise;
    }
    for (i++; i < text.length; i++) {
      if (text[i] == ']' && closes(text, i, level)) {
        return i + level + 2;
      }
    }
    return -2 - level;
  }

  private static boolean closes(byte[] text, int bracket, int level) {
    for (int k = 1; k <= level; k++) {
      if (at(text, bracket + k) != '=') {
        return false;
      }
    }
    return at(text, bracket + level + 1) == ']';
  }
}

package dev.turnout.config;

import dev.turnout.config.Statement.End;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Cuts the text of one file, or of a `-g` option, into statements by nginx's rules.
///
/// Two of them are easily missed. A quote begins a quoted word only at the word's first byte, and
/// behind the closing one only a separator or `)` may follow. And `{` right behind a `$` does not
/// end a word, which is how `${name}` comes through unquoted.
final class Lexer {
  /// nginx reads through a buffer of this size, and no word (or comment) may be longer.
  static final int LONGEST_WORD = 4096;

  private static final int NO_QUOTE = 0;

  private final String file;
  private final byte[] text;
  private final boolean parameter;
  private int at;
  private int line;
  private int lineStart;
  // where the word, comment or gap began that is being read: the length limit counts from here
  private int mark;
  private int markLine;
  private int markColumn;
  private int openQuote = NO_QUOTE;

  private Lexer(String file, byte[] text, boolean parameter) {
    this.file = file;
    this.text = text;
    this.parameter = parameter;
    this.line = parameter ? 0 : 1;
  }

  static Lexer ofFile(SourceFile source) {
    return new Lexer(source.name(), source.bytes(), false);
  }

  /// For the text of a `-g` option.
  static Lexer ofParameter(SourceFile source) {
    return new Lexer(source.name(), source.bytes(), true);
  }

  /// True for the text of a `-g` option.
  boolean isParameter() {
    return parameter;
  }

  /// Where the lexer stands.
  Position position() {
    return here(at);
  }

  /// The next statement.
  Statement next() {
    List<Word> words = new ArrayList<>();
    boolean afterQuote = false;
    mark(at);
    while (at < text.length) {
      byte c = read();
      if (afterQuote) {
        afterQuote = false;
        switch (c) {
          case ' ', '\t', '\r', '\n' -> {
            continue;
          }
          case ';', '{', ')' -> {} // as between words
          default -> throw unexpected(c);
        }
      }
      mark(at - 1);
      switch (c) {
        case ' ', '\t', '\r', '\n' -> {}
        case ';', '{' -> {
          if (words.isEmpty()) {
            throw unexpected(c);
          }
          return ended(words, c);
        }
        case '}' -> {
          if (!words.isEmpty()) {
            throw unexpected(c).withHelp("is there a \";\" missing before it?");
          }
          return new Statement(words, End.BLOCK_END, here(at - 1));
        }
        case '#' -> skipComment();
        case '"', '\'' -> {
          Position quote = here(at - 1);
          mark(at);
          words.add(word(c, c, quote));
          afterQuote = true;
        }
        default -> {
          words.add(word(c, NO_QUOTE, here(at - 1)));
          byte end = text[at - 1];
          if (end == ';' || end == '{') {
            return ended(words, end);
          }
        }
      }
    }
    if (!words.isEmpty()) {
      throw endInside();
    }
    return new Statement(words, End.END_OF_TEXT, here(at));
  }

  /// The text up to the `}` that belongs to the `{` just read, for blocks in another language.
  Word rawBlock() {
    Position start = here(at);
    int end = LuaBlock.end(text, at);
    if (end < 0) {
      at = text.length;
      throw ConfigException.at(
          start,
          end == -1
              ? "unexpected end of file, expecting \"}\""
              : "Lua code block missing the closing long bracket \"]"
                  + "=".repeat(-2 - end)
                  + "]\", the inlined Lua code may be too long");
    }
    String body = new String(text, at, end - at, StandardCharsets.ISO_8859_1);
    while (at <= end) {
      mark = at; // the limit is for words
      read();
    }
    return new Word(body, start);
  }

  private Statement ended(List<Word> words, byte by) {
    return new Statement(words, by == ';' ? End.SEMICOLON : End.BLOCK_START, here(at - 1));
  }

  /// Reads to the end of a word and past what ends it. `first` was read already.
  private Word word(byte first, int quote, Position position) {
    openQuote = quote;
    boolean escaped = first == '\\';
    boolean variable = first == '$';
    while (at < text.length) {
      byte c = read();
      if (escaped) {
        escaped = false;
      } else if (c != '{' || !variable) { // "${" goes on, and so does "${{"
        variable = c == '$';
        escaped = c == '\\';
        if (quote == NO_QUOTE ? endsWord(c) : c == quote) {
          openQuote = NO_QUOTE;
          return new Word(unescaped(mark, at - 1), position);
        }
      }
    }
    throw endInside();
  }

  private static boolean endsWord(byte c) {
    return switch (c) {
      case ' ', '\t', '\r', '\n', ';', '{' -> true;
      default -> false;
    };
  }

  private void skipComment() {
    while (at < text.length) {
      if (read() == '\n') {
        mark(at - 1);
        return;
      }
    }
  }

  /// Before `"`, `'` and `\` a backslash goes; `\t`, `\r`, `\n` become what they mean; before all
  /// else it stays.
  private String unescaped(int start, int end) {
    StringBuilder out = new StringBuilder(end - start);
    for (int i = start; i < end; i++) {
      byte c = text[i];
      if (c == '\\' && i + 1 < end) {
        switch (text[i + 1]) {
          case '"', '\'', '\\' -> c = text[++i];
          case 't' -> {
            c = '\t';
            i++;
          }
          case 'r' -> {
            c = '\r';
            i++;
          }
          case 'n' -> {
            c = '\n';
            i++;
          }
          default -> {}
        }
      }
      out.append((char) (c & 0xff));
    }
    return out.toString();
  }

  private byte read() {
    if (!parameter && at - mark == LONGEST_WORD) {
      throw tooLong();
    }
    byte c = text[at++];
    if (c == '\n' && !parameter) {
      line++;
      lineStart = at;
    }
    return c;
  }

  private void mark(int offset) {
    mark = offset;
    markLine = line;
    markColumn = offset - lineStart + 1;
  }

  private Position here(int offset) {
    return new Position(file, line, offset - lineStart + 1);
  }

  private ConfigException unexpected(byte c) {
    return ConfigException.at(here(at - 1), "unexpected \"" + (char) (c & 0xff) + "\"");
  }

  private ConfigException endInside() {
    return ConfigException.at(
        here(at),
        parameter
            ? "unexpected end of parameter, expecting \";\""
            : "unexpected end of file, expecting \";\" or \"}\"");
  }

  private ConfigException tooLong() {
    String message =
        openQuote == NO_QUOTE
            ? "too long parameter \""
                + new String(text, mark, 10, StandardCharsets.ISO_8859_1)
                + "...\" started"
            : "too long parameter, probably missing terminating \""
                + (char) openQuote
                + "\" character";
    return ConfigException.at(new Position(file, markLine, markColumn), message);
  }
}

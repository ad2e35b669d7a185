package dev.turnout.config;

import java.util.ArrayList;
import java.util.List;

/// A text with variables, cut into its pieces by nginx's rules: `$name`, `${name}`, `$1`.
///
/// A name goes on as long as letters, digits and `_` do; a capture is one digit from 1 to 9. There
/// is no way to write a `$` that is no variable, as in nginx.
public record TemplateText(String source, List<Piece> pieces) {
  /// A part of the text.
  public sealed interface Piece {}

  /// Text that stands for itself.
  public record Literal(String text) implements Piece {}

  /// A variable, by its name as written.
  public record VariableName(String name) implements Piece {}

  /// A group of the last regular expression that matched, from 1.
  public record Capture(int group) implements Piece {}

  public TemplateText {
    pieces = List.copyOf(pieces);
  }

  /// Cuts the text; throws a [ConfigException] that the loader places.
  public static TemplateText parse(String source) {
    return new TemplateText(source, new Cutter(source).cut());
  }

  /// True if it has no variables and no captures.
  public boolean isLiteral() {
    return pieces.stream().allMatch(piece -> piece instanceof Literal);
  }

  private static final class Cutter {
    private final String source;
    private final List<Piece> pieces = new ArrayList<>();
    private int at;

    Cutter(String source) {
      this.source = source;
    }

    List<Piece> cut() {
      while (at < source.length()) {
        if (source.charAt(at) == '$') {
          at++;
          pieces.add(variable());
        } else {
          int dollar = source.indexOf('$', at);
          int end = dollar < 0 ? source.length() : dollar;
          pieces.add(new Literal(source.substring(at, end)));
          at = end;
        }
      }
      return pieces;
    }

    private Piece variable() {
      int c = peek();
      if (c >= '1' && c <= '9') {
        at++;
        return new Capture(c - '0');
      }
      boolean bracket = c == '{';
      if (bracket) {
        at++;
      }
      if (at == source.length()) {
        throw new ConfigException("invalid variable name");
      }
      int start = at;
      while (isNameChar(peek())) {
        at++;
      }
      String name = source.substring(start, at);
      if (bracket) {
        if (peek() != '}') {
          throw new ConfigException("the closing bracket in \"" + name + "\" variable is missing");
        }
        at++;
      }
      if (name.isEmpty()) {
        throw new ConfigException("invalid variable name");
      }
      return new VariableName(name);
    }

    private int peek() {
      return at < source.length() ? source.charAt(at) : -1;
    }

    private static boolean isNameChar(int c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
  }
}

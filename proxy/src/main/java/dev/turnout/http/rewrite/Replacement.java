package dev.turnout.http.rewrite;

import dev.turnout.config.TemplateText;
import dev.turnout.http.Exchange;
import dev.turnout.http.UriEscape;
import dev.turnout.http.Variable;
import dev.turnout.http.Variables;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The second argument of `rewrite`: what the path becomes, and its arguments. Immutable.
///
/// A trailing `?` keeps the request's own arguments out. In arguments, and everywhere in a
/// redirect, captures of a path that was sent encoded are encoded again.
final class Replacement {
  private final List<Part> path;
  private final @Nullable List<Part> args;
  private final boolean addsArgs;
  private final boolean redirect;

  private sealed interface Part {}

  private record Text(String text) implements Part {}

  private record Value(Variable variable) implements Part {}

  private record Group(int number) implements Part {}

  /// A path and arguments; null arguments are to stay as they are.
  record Target(String path, @Nullable String args) {}

  private Replacement(
      List<Part> path, @Nullable List<Part> args, boolean addsArgs, boolean redirect) {
    this.path = path;
    this.args = args;
    this.addsArgs = addsArgs;
    this.redirect = redirect;
  }

  /// Compiles it.
  ///
  /// @param redirect the client is sent there, so that a `?` is a byte like others
  static Replacement compile(String source, boolean redirect, Variables variables) {
    boolean addsArgs = !source.endsWith("?");
    String text = addsArgs ? source : source.substring(0, source.length() - 1);
    List<Part> path = new ArrayList<>();
    List<Part> args = null;
    for (TemplateText.Piece piece : TemplateText.parse(text).pieces()) {
      List<Part> into = args == null || redirect ? path : args;
      switch (piece) {
        case TemplateText.Literal(String literal) -> {
          int question = args == null ? literal.indexOf('?') : -1;
          if (question < 0) {
            into.add(new Text(literal));
          } else {
            args = new ArrayList<>();
            path.add(new Text(redirect ? literal : literal.substring(0, question)));
            args.add(new Text(redirect ? "" : literal.substring(question + 1)));
          }
        }
        case TemplateText.VariableName(String name) -> into.add(new Value(variables.get(name)));
        case TemplateText.Capture(int number) -> into.add(new Group(number));
      }
    }
    return new Replacement(path, args, addsArgs, redirect);
  }

  /// Where the exchange is to go on.
  Target target(Exchange exchange) {
    String newPath = text(path, exchange, false);
    String old = exchange.args();
    List<Part> own = args;
    if (own == null) {
      return new Target(newPath, addsArgs ? old : "");
    }
    String text = text(own, exchange, true);
    return new Target(newPath, addsArgs && hasText(old) ? text + "&" + old : text);
  }

  /// Where the client is sent.
  String location(Exchange exchange) {
    String location = unescaped(text(path, exchange, true));
    String old = exchange.args();
    if (!addsArgs || !hasText(old)) {
      return location;
    }
    return location + (args == null ? "?" : "&") + old;
  }

  boolean isRedirect() {
    return redirect;
  }

  private static boolean hasText(@Nullable String text) {
    return text != null && !text.isEmpty();
  }

  private static String text(List<Part> parts, Exchange exchange, boolean encode) {
    boolean encodes = encode && exchange.isPathEncoded();
    StringBuilder out = new StringBuilder();
    for (Part part : parts) {
      switch (part) {
        case Text(String text) -> out.append(text);
        case Value(Variable variable) -> {
          String value = variable.value(exchange);
          out.append(value == null ? "" : value);
        }
        case Group(int number) -> {
          String value = exchange.capture(number);
          if (value != null) {
            out.append(encodes ? UriEscape.ARGS.escape(value) : value);
          }
        }
      }
    }
    return out.toString();
  }

  /// A redirect's target as it is sent: up to a `?`, escapes of plain printable bytes are undone.
  static String unescaped(String text) {
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '?') {
        return out.append(text, i, text.length()).toString();
      }
      int byteValue = c == '%' ? escaped(text, i) : -1;
      if (byteValue == '?') {
        // it ends the path just as one that was not encoded
        return out.append('?').append(text, i + 3, text.length()).toString();
      }
      if (byteValue > '%' && byteValue < 0x7f) {
        out.append((char) byteValue);
        i += 2;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static int escaped(String text, int percent) {
    if (percent + 2 >= text.length()) {
      return -1;
    }
    int high = Character.digit(text.charAt(percent + 1), 16);
    int low = Character.digit(text.charAt(percent + 2), 16);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
  }
}

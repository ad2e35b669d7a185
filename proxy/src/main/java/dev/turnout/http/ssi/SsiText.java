package dev.turnout.http.ssi;

import dev.turnout.http.Exchange;
import dev.turnout.http.Variable;
import dev.turnout.http.Variables;
import dev.turnout.log.Level;
import org.jspecify.annotations.Nullable;

/// Texts with variables in SSI commands: `$name`, `${name}`, and backslashes before what is meant
/// as it stands.
final class SsiText {
  private final Variables variables;
  private final Exchange exchange;
  private final SsiPage page;

  SsiText(Variables variables, Exchange exchange, SsiPage page) {
    this.variables = variables;
    this.exchange = exchange;
    this.page = page;
  }

  /// The value of a variable: of the page, or of the exchange; null if it has none.
  @Nullable String variable(String name) {
    String set = page.variable(name);
    if (set != null) {
      return set;
    }
    Variable known = variables.named(name);
    return known == null ? null : known.value(exchange);
  }

  /// `text` with the values of its variables; null if it is wrong, which is logged.
  @Nullable String evaluate(String text) {
    StringBuilder out = new StringBuilder(text.length() + 16);
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        char escaped = text.charAt(i + 1);
        if ("\\'\"$".indexOf(escaped) < 0) {
          out.append('\\');
        }
        out.append(escaped);
        i += 2;
      } else if (c == '\\') {
        i++;
      } else if (c == '$') {
        int end = reference(text, i + 1, out);
        if (end < 0) {
          return null;
        }
        i = end;
      } else {
        out.append(c);
        i++;
      }
    }
    return out.toString();
  }

  /// Appends the value of the variable whose name begins at `start`; returns where it ends, or -1.
  private int reference(String text, int start, StringBuilder out) {
    boolean bracket = start < text.length() && text.charAt(start) == '{';
    int from = bracket ? start + 1 : start;
    int end = from;
    while (end < text.length() && isNamePart(text.charAt(end))) {
      end++;
    }
    String name = text.substring(from, end);
    if (bracket && from < text.length() && (end == text.length() || text.charAt(end) != '}')) {
      exchange.log(Level.ERROR, "the closing bracket in \"" + name + "\" variable is missing");
      return -1;
    }
    if (name.isEmpty()) {
      exchange.log(Level.ERROR, "invalid variable name in \"" + text + "\"");
      return -1;
    }
    String value = variable(name);
    if (value != null) {
      out.append(value);
    }
    return bracket ? end + 1 : end;
  }

  private static boolean isNamePart(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  }
}

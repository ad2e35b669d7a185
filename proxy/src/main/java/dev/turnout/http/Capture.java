package dev.turnout.http;

import dev.turnout.config.Directive;
import java.util.List;

/// A regular expression whose groups become `$1` and so on, and whose named groups become
/// variables. Immutable.
public record Capture(Regex regex, List<Variables.Setter> setters) {
  public Capture {
    setters = List.copyOf(setters);
  }

  /// Compiles what stands in argument `i` of a directive.
  public static Capture compile(
      HttpRegistry http, Directive directive, int i, String source, boolean ignoreCase) {
    Regex regex = HttpRegistry.regex(directive, i, source, ignoreCase);
    return new Capture(
        regex,
        regex.names().stream().map(name -> http.variables().assign(name.variable())).toList());
  }

  /// True if it is found in `text`. If it is not, the captures of earlier ones are forgotten.
  public boolean find(String text, Exchange exchange) {
    boolean found = matches(text, exchange);
    if (!found) {
      exchange.forgetCaptures();
    }
    return found;
  }

  /// True if it is found in `text`. If it is not, the captures of earlier ones stay.
  public boolean matches(String text, Exchange exchange) {
    if (!regex.matches(text, exchange)) {
      return false;
    }
    List<Regex.Name> names = regex.names();
    for (int i = 0; i < names.size(); i++) {
      String value = exchange.capture(names.get(i).group());
      setters.get(i).set(exchange, value == null ? "" : value);
    }
    return true;
  }
}

package dev.turnout.http.rewrite;

import dev.turnout.config.Directive;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Regex;
import dev.turnout.http.Variables;
import java.util.List;

/// A regular expression whose groups become `$1` and so on, and whose named groups become
/// variables. Immutable.
record Capture(Regex regex, List<Variables.Setter> setters) {
  Capture {
    setters = List.copyOf(setters);
  }

  static Capture compile(
      HttpRegistry http, Directive directive, int i, String source, boolean ignoreCase) {
    Regex regex = HttpRegistry.regex(directive, i, source, ignoreCase);
    return new Capture(
        regex,
        regex.names().stream().map(name -> http.variables().assign(name.variable())).toList());
  }

  /// True if it is found in `text`. If it is not, the captures of earlier ones are forgotten.
  boolean find(String text, Exchange exchange) {
    if (!regex.matches(text, exchange)) {
      exchange.forgetCaptures();
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

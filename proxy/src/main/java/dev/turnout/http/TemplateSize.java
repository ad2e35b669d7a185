package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Units;
import dev.turnout.log.Level;
import java.util.OptionalLong;

/// Sizes that may be given by variables.
public final class TemplateSize {
  private TemplateSize() {}

  /// Reads the first argument; one without variables must be a size.
  public static Template read(HttpRegistry http, Directive d) {
    Template template = http.template(d, 0);
    if (template.isConstant() && Units.size(d.argument(0)).isEmpty()) {
      throw ConfigException.at(d, 0, "\"" + d.name() + "\" directive invalid value")
          .withHelp("a size is 512, 8k or 1m here");
    }
    return template;
  }

  /// The size in this exchange; 0 where it is empty or is none.
  public static long evaluate(Template template, Exchange exchange) {
    if (template.isEmpty()) {
      return 0;
    }
    String text = template.evaluate(exchange);
    OptionalLong size = text.isEmpty() ? OptionalLong.of(0) : Units.size(text);
    if (size.isEmpty()) {
      exchange.log(Level.ERROR, "invalid size \"" + text + "\"");
    }
    return size.orElse(0);
  }
}

package dev.turnout.http.rewrite;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.http.Capture;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import dev.turnout.http.Variable;

/// `map`: a variable whose value is looked up by another text.
public final class MapModule implements HttpModule {
  @Override
  public void register(HttpRegistry http) {
    http.directive("map")
        .in(HTTP)
        .arguments(2)
        .repeatable()
        .freeBlock((d, _) -> read(http, d))
        .syntax("string $variable")
        .summary(
            "A variable whose value is looked up by another text, once for each request unless"
                + " `volatile` is said.");
    for (String name : new String[] {"map_hash_max_size", "map_hash_bucket_size"}) {
      http.directive(name)
          .in(HTTP)
          .read((_, _) -> {})
          .syntax("size")
          .summary("Accepted: Turnout's tables size themselves.");
    }
  }

  private static void read(HttpRegistry http, Directive d) {
    Template source = http.template(d, 0);
    String name = d.argument(1);
    if (!name.startsWith("$") || name.length() < 2) {
      throw ConfigException.at(d, 1, "invalid variable name \"" + name + "\"");
    }
    MapTable.Draft draft = new MapTable.Draft();
    boolean isVolatile = false;
    for (Directive line : d.children()) {
      if (line.argumentCount() == 0 && line.name().equals("volatile")) {
        isVolatile = true;
      } else if (line.argumentCount() == 0 && line.name().equals("hostnames")) {
        draft.hostnames();
      } else {
        entry(http, draft, line);
      }
    }
    Variable looked = lookup(source, draft.finish());
    try {
      http.variables()
          .define(name.substring(1), isVolatile ? looked : http.variables().once(looked));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 1, String.valueOf(e.getMessage()));
    }
  }

  private static Variable lookup(Template source, MapTable table) {
    return exchange -> table.find(source.evaluate(exchange), exchange).evaluate(exchange);
  }

  private static void entry(HttpRegistry http, MapTable.Draft draft, Directive line) {
    if (line.argumentCount() != 1) {
      throw ConfigException.at(line, "invalid number of the map parameters");
    }
    String key = line.name();
    Template value = http.template(line, 0);
    if (key.equals("default")) {
      if (!draft.otherwise(value)) {
        throw ConfigException.at(line, "duplicate default map parameter");
      }
    } else if (key.startsWith("~")) {
      boolean ignoreCase = key.startsWith("~*");
      draft.pattern(
          Capture.compile(http, line, 0, key.substring(ignoreCase ? 2 : 1), ignoreCase), value);
    } else {
      try {
        draft.key(key.startsWith("\\") ? key.substring(1) : key, value);
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(line, String.valueOf(e.getMessage()));
      }
    }
  }
}

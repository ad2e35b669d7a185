package dev.turnout.http.rewrite;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// `split_clients`: a variable that has one value for so many of a hundred keys, another for
/// others.
public final class SplitClientsModule implements HttpModule {
  @Override
  public void register(HttpRegistry http) {
    http.directive("split_clients")
        .in(HTTP)
        .arguments(2)
        .repeatable()
        .freeBlock((d, _) -> read(http, d))
        .syntax("string $variable")
        .summary(
            "A variable whose value is chosen by a hash of another text: each value gets its part"
                + " of all texts, `*` the rest.");
  }

  private static void read(HttpRegistry http, Directive d) {
    Template source = http.template(d, 0);
    String name = d.argument(1);
    if (!name.startsWith("$") || name.length() < 2) {
      throw ConfigException.at(d, 1, "invalid variable name \"" + name + "\"");
    }
    List<Split.Share> shares = new ArrayList<>();
    for (Directive line : d.children()) {
      shares.add(share(line));
    }
    try {
      Split split = Split.of(shares);
      http.variables()
          .define(
              name.substring(1),
              http.variables().once(exchange -> split.find(source.evaluate(exchange))));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, String.valueOf(e.getMessage()));
    }
  }

  private static Split.Share share(Directive line) {
    if (line.argumentCount() != 1) {
      throw ConfigException.at(line, "invalid number of the split_clients parameters");
    }
    String word = line.name();
    if (word.equals("*")) {
      return new Split.Share(Split.REST, line.argument(0));
    }
    OptionalInt hundredths =
        word.endsWith("%")
            ? Split.hundredths(word.substring(0, word.length() - 1))
            : OptionalInt.empty();
    if (hundredths.isEmpty() || hundredths.getAsInt() == 0) {
      throw ConfigException.at(line, "invalid percent value \"" + word + "\"");
    }
    return new Split.Share(hundredths.getAsInt(), line.argument(0));
  }
}

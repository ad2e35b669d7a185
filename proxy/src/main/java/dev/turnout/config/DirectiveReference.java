package dev.turnout.config;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// The reference of all directives, as a page of Markdown made from their registrations.
public final class DirectiveReference {
  private DirectiveReference() {}

  /// The page.
  public static String markdown(DirectiveRegistry registry) {
    StringBuilder out = new StringBuilder("# Directives\n");
    for (List<DirectiveDefinition> ofName : registry.all()) {
      out.append("\n## ").append(ofName.getFirst().name()).append('\n');
      ofName.forEach(definition -> describe(out, definition));
    }
    notHad(out, registry);
    return out.toString();
  }

  private static void describe(StringBuilder out, DirectiveDefinition definition) {
    out.append("\n* Syntax: `").append(definition.syntaxText()).append("`\n");
    if (!definition.defaultText().isEmpty()) {
      out.append("* Default: `").append(definition.defaultText()).append("`\n");
    }
    String contexts =
        definition.contexts().stream().map(Context::text).collect(Collectors.joining(", "));
    out.append("* Context: ").append(contexts).append('\n');
    out.append("* Takes ").append(definition.arity().text());
    out.append(definition.isRepeatable() ? "; may be repeated\n" : "\n");
    if (!definition.summaryText().isEmpty()) {
      out.append('\n').append(definition.summaryText()).append('\n');
    }
    if (!definition.differsText().isEmpty()) {
      out.append("\n**Not as in nginx:** ").append(definition.differsText()).append('\n');
    }
  }

  private static void notHad(StringBuilder out, DirectiveRegistry registry) {
    Map<String, String> refusals = registry.refusals();
    out.append("\n# Directives that Turnout refuses\n\n");
    refusals.forEach((name, reason) -> out.append("* `" + name + "`: " + reason + "\n"));
    Map<String, List<String>> byModule =
        registry.nginx().all().entrySet().stream()
            .filter(entry -> registry.find(entry.getKey()).isEmpty())
            .filter(entry -> !refusals.containsKey(entry.getKey()))
            .collect(
                Collectors.groupingBy(
                    Map.Entry::getValue,
                    TreeMap::new,
                    Collectors.mapping(entry -> "`" + entry.getKey() + "`", Collectors.toList())));
    byModule.forEach((module, names) ->
        out.append("* ").append(module).append(": ").append(String.join(", ", names)).append('\n'));
  }
}

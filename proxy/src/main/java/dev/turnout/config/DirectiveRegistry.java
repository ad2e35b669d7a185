package dev.turnout.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All directives: those that modules have registered, and those that are refused with a reason.
///
/// A name may be registered several times for different contexts (`server` in `http` and in
/// `upstream`). Filled at start-up on one thread, read-only from the first load on.
public final class DirectiveRegistry {
  private final Map<String, List<DirectiveDefinition>> definitions = new TreeMap<>();
  private final Map<String, String> refused = new TreeMap<>();
  private @Nullable NginxDirectives nginx; // read when a name is not known
  private final List<Finisher> finishers = new ArrayList<>();

  /// Looks at the whole configuration once it is read.
  @FunctionalInterface
  public interface Finisher {
    void finish(Scope main);
  }

  /// A registry that has `include` only.
  public DirectiveRegistry() {
    directive("include")
        .in(Context.values())
        .arguments(1)
        .repeatable()
        .include()
        .syntax("file | mask")
        .summary(
            "Reads another file, or all files that match the mask, in the place of the directive."
                + " Relative names begin at the directory of the main configuration file.")
        .differs("A file that includes itself is an error, not an endless loop.");
  }

  /// Begins the description of a directive.
  public DirectiveDefinition directive(String name) {
    DirectiveDefinition definition = new DirectiveDefinition(name);
    definitions.computeIfAbsent(name, _ -> new ArrayList<>()).add(definition);
    return definition;
  }

  /// Names a directive that is known and not had, with the reason to give.
  public void refuse(String name, String reason) {
    refused.put(name, reason);
  }

  /// Adds a last look at the configuration; it is taken if nothing was wrong so far.
  public void finisher(Finisher finisher) {
    finishers.add(finisher);
  }

  List<Finisher> finishers() {
    return finishers;
  }

  /// The definitions of a name; empty if it is not registered.
  List<DirectiveDefinition> find(String name) {
    return definitions.getOrDefault(name, List.of());
  }

  /// Why a name that is not registered is refused; null if no module has said so.
  @Nullable String refusal(String name) {
    return refused.get(name);
  }

  /// The module of nginx that a directive is of; null if we never heard of it.
  @Nullable String module(String name) {
    return nginx().module(name);
  }

  /// The module of a directive that nginx would only know with an addition to it; null if it is of
  /// none.
  @Nullable String addition(String name) {
    String module = nginx().module(name);
    return module != null && NginxDirectives.isAddition(module) ? module : null;
  }

  /// The names that may stand in a context.
  List<String> namesIn(Context context) {
    return definitions.entrySet().stream()
        .filter(entry -> entry.getValue().stream().anyMatch(d -> d.contexts().contains(context)))
        .map(Map.Entry::getKey)
        .toList();
  }

  /// All registered names, sorted.
  public Set<String> names() {
    return java.util.Collections.unmodifiableSet(definitions.keySet());
  }

  /// The definitions, sorted by name.
  Collection<List<DirectiveDefinition>> all() {
    return definitions.values();
  }

  /// The refusals of [#refuse] that no module has overruled, sorted by name.
  Map<String, String> refusals() {
    Map<String, String> left = new TreeMap<>(refused);
    left.keySet().removeAll(definitions.keySet());
    return left;
  }

  NginxDirectives nginx() {
    NginxDirectives read = nginx;
    if (read == null) {
      read = NginxDirectives.load();
      nginx = read;
    }
    return read;
  }

  /// Throws if a definition is incomplete, or two of one name claim the same context.
  void check() {
    definitions.forEach((name, ofName) -> {
      Set<Context> taken = EnumSet.noneOf(Context.class);
      for (DirectiveDefinition definition : ofName) {
        definition.body();
        if (definition.contexts().isEmpty()) {
          throw new IllegalStateException("the directive " + name + " may stand nowhere");
        }
        for (Context context : definition.contexts()) {
          if (!taken.add(context)) {
            throw new IllegalStateException(
                "the directive " + name + " is registered twice for " + context.text());
          }
        }
      }
    });
  }
}

package dev.turnout.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What of a configuration, often one that was written for nginx, would run: each directive runs,
/// runs differently, or is refused. Filled by one reading, then read.
public final class Compatibility {
  /// Errors that say something about this machine, not about the configuration.
  private static final List<String> OF_THE_MACHINE =
      List.of("open() ", "pread() ", "host not found", "mkdir() ", "bind() ");

  private final List<Directive> met = new ArrayList<>();
  private final IdentityHashMap<Directive, String> differing = new IdentityHashMap<>();
  private final List<ConfigException> refused = new ArrayList<>();
  private final List<ConfigException> ofMachine = new ArrayList<>();
  private final Set<Position> faulty = new HashSet<>();
  private Set<String> files = Set.of();
  private int directives;
  private int skipped;

  Compatibility() {}

  /// A directive was met; `definition` is null if there is none for it there.
  void met(Directive directive, @Nullable DirectiveDefinition definition) {
    directives++;
    if (definition != null && !definition.differsText().isEmpty()) {
      met.add(directive);
      differing.put(directive, definition.differsText());
    }
  }

  /// A directive stands in a block that is refused.
  void skipped() {
    directives++;
    skipped++;
  }

  void files(Collection<String> names) {
    files = new LinkedHashSet<>(names);
  }

  /// Something is refused.
  public void refused(ConfigException error) {
    String message = error.messageText();
    if (OF_THE_MACHINE.stream().anyMatch(message::startsWith)) {
      ofMachine.add(error);
      return;
    }
    refused.add(error);
    Position end = error.reportedAt();
    if (end != null) {
      faulty.add(end);
    }
  }

  /// True if nothing is refused.
  public boolean runs() {
    return refused.isEmpty();
  }

  /// True if the configuration was read without an error: only then what depends on the whole of it
  /// can be looked at.
  public boolean isWhole() {
    return refused.isEmpty() && ofMachine.isEmpty();
  }

  /// The report; its chars are bytes.
  public String text() {
    Map<String, List<Directive>> others = new TreeMap<>();
    for (Directive directive : met) {
      if (!faulty.contains(directive.end())) {
        others.computeIfAbsent(directive.name(), _ -> new ArrayList<>()).add(directive);
      }
    }
    int differ = others.values().stream().mapToInt(List::size).sum();
    int not = refused.size() + skipped;
    StringBuilder out = new StringBuilder();
    out.append(files.size()).append(files.size() == 1 ? " file, " : " files, ");
    out.append(directives).append(" directives: ");
    out.append(Math.max(0, directives - differ - not)).append(" run, ");
    out.append(differ).append(" run and differ, ");
    out.append(not).append(" refused\n");
    refusals(out);
    differences(out, others);
    if (!ofMachine.isEmpty()) {
      out.append("\non this machine:\n");
      ofMachine.forEach(error -> out.append("  ").append(error.located()).append('\n'));
    }
    return out.toString();
  }

  private void refusals(StringBuilder out) {
    if (refused.isEmpty()) {
      return;
    }
    out.append("\nrefused:\n");
    refused.forEach(error -> out.append("  ").append(error.located()).append('\n'));
    if (skipped > 0) {
      out.append("  and ").append(skipped).append(" directives inside of refused blocks\n");
    }
  }

  private void differences(StringBuilder out, Map<String, List<Directive>> others) {
    if (others.isEmpty()) {
      return;
    }
    out.append("\nnot as in nginx:\n");
    others.forEach((name, places) -> {
      out.append("  ").append(name).append(" (").append(places.getFirst().position());
      if (places.size() > 1) {
        out.append(" and ").append(places.size() - 1).append(" more");
      }
      out.append("): ").append(differing.get(places.getFirst())).append('\n');
    });
  }
}

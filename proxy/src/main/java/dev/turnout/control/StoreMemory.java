package dev.turnout.control;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.StateStore;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.share.Lineage;
import dev.turnout.cluster.share.Replica;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What a node remembers of the store over a restart: its own name there, which cluster it is in,
/// up to which revision it knew, and what it has kept for the store. Owned by the writer's thread.
public final class StoreMemory {
  private static final String NODE = "node";
  private static final String LINEAGE = "cluster";
  private static final String REVISION = "revision";
  private static final String KEPT = "kept:"; // value and base, each with a mark before it
  private static final String BASE = "base:";

  private final StateStore file;
  private KeyvalSnapshot stored;

  private StoreMemory(StateStore file, KeyvalSnapshot stored) {
    this.file = file;
    this.stored = stored;
  }

  /// Reads what a file has.
  ///
  /// @param warnings takes what an operator should know about how it was found
  public static StoreMemory in(StateStore file, List<String> warnings) throws IOException {
    StateStore.Loaded loaded = file.load();
    warnings.addAll(loaded.warnings());
    return new StoreMemory(file, loaded.snapshot());
  }

  /// The name that the node gave itself; null: it has none yet.
  @Nullable String node() {
    return stored.get(NODE);
  }

  Replica.@Nullable Known known() {
    String text = stored.get(LINEAGE);
    String revision = stored.get(REVISION);
    Lineage lineage = text == null ? null : Lineage.parse(text);
    return lineage == null || revision == null
        ? null
        : new Replica.Known(lineage, Long.parseLong(revision));
  }

  /// What is not in the store yet.
  Map<String, Replica.Pending> kept() {
    Map<String, Replica.Pending> kept = new LinkedHashMap<>();
    stored
        .entries()
        .forEach((name, value) -> {
          if (name.startsWith(KEPT)) {
            String key = name.substring(KEPT.length());
            kept.put(key, new Replica.Pending(unmarked(value), unmarked(stored.get(BASE + key))));
          }
        });
    return kept;
  }

  private static String marked(@Nullable String value) {
    return value == null ? "" : "=" + value;
  }

  private static @Nullable String unmarked(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text.substring(1);
  }

  /// Remembers all of it; tells why that did not work, null if it did.
  @Nullable String keep(
      String node, Replica.@Nullable Known known, Map<String, Replica.Pending> kept) {
    Map<String, String> next = new HashMap<>();
    next.put(NODE, node);
    if (known != null) {
      next.put(LINEAGE, known.lineage().text());
      next.put(REVISION, Long.toString(known.revision()));
    }
    kept.forEach((key, one) -> {
      next.put(KEPT + key, marked(one.value()));
      next.put(BASE + key, marked(one.base()));
    });
    if (next.equals(stored.entries())) {
      return null;
    }
    Set<String> touched = new HashSet<>(next.keySet());
    touched.addAll(stored.entries().keySet());
    KeyvalSnapshot snapshot = KeyvalSnapshot.of(stored.revision() + 1, next);
    return switch (file.commit(stored.revision(), snapshot, touched)) {
      case Commit.Done() -> {
        stored = snapshot;
        yield null;
      }
      case Commit.Conflict(long current) -> "the file is at " + current;
      case Commit.Failed(_, String message) -> message;
    };
  }

  /// Lets go of the file.
  public void close() {
    file.close();
  }
}

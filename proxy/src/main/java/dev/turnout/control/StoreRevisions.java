package dev.turnout.control;

import dev.turnout.cluster.JournalEntry;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/// Which revision of the store the node's own last revisions have become. Written by the writer's
/// thread, read by those who wait for the cluster; bounded.
final class StoreRevisions {
  private static final int REMEMBERED = 1000;

  private final ConcurrentSkipListMap<Long, Long> made = new ConcurrentSkipListMap<>();
  private final ConcurrentSkipListSet<Long> kept = new ConcurrentSkipListSet<>();

  /// The store has these at this revision.
  void made(List<JournalEntry> entries, long revision) {
    entries.forEach(entry -> made.put(entry.revision(), revision));
    while (made.size() > REMEMBERED) {
      made.pollFirstEntry();
    }
  }

  /// These are in force, and kept for the store, unless it has them.
  void keptIfNotMade(List<JournalEntry> entries) {
    if (!entries.isEmpty() && !made.containsKey(entries.getLast().revision())) {
      entries.forEach(entry -> kept.add(entry.revision()));
      while (kept.size() > REMEMBERED) {
        kept.pollFirst();
      }
    }
  }

  /// Whether the store does not have a revision of the node, as that was made while it was away.
  boolean isKept(long revision) {
    return kept.contains(revision);
  }

  /// The revision of the store that has one of the node; null if none is known that has.
  @Nullable Long of(long revision) {
    Map.Entry<Long, Long> at = made.floorEntry(revision);
    return at == null || kept.contains(revision) ? null : at.getValue();
  }
}

package dev.turnout.cluster;

import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The changes that are on trial after a sequence of changes. All there is to know of that is in
/// the changes themselves, so it is the same after a restart. Confined to whoever made it.
public final class PendingTrials {
  private final Map<Long, JournalEntry> pending = new TreeMap<>();

  public PendingTrials() {}

  private PendingTrials(Map<Long, JournalEntry> pending) {
    this.pending.putAll(pending);
  }

  /// After these changes.
  public PendingTrials(List<JournalEntry> entries) {
    entries.forEach(this::follow);
  }

  /// One more change: it may be on trial, may end a trial, or may take back by hand all that one on
  /// trial did, which ends that, too.
  public void follow(JournalEntry entry) {
    if (!pending.isEmpty()) {
      if (entry.end() != null) {
        pending.remove(entry.end().revision());
      }
      pending.values().removeIf(one -> isTakenBack(one, entry));
    }
    if (entry.trial() != null) {
      pending.put(entry.revision(), entry);
    }
  }

  /// The same, which goes its own way from now on.
  public PendingTrials copy() {
    return new PendingTrials(pending);
  }

  /// In the order in which they were made.
  public List<JournalEntry> all() {
    return new ArrayList<>(pending.values());
  }

  public @Nullable JournalEntry find(long revision) {
    return pending.get(revision);
  }

  /// The first of them that touches one of the things that `deltas` touch; null: none does.
  public @Nullable JournalEntry touching(List<Delta> deltas) {
    for (JournalEntry one : pending.values()) {
      for (Delta delta : deltas) {
        if (one.deltas().stream().anyMatch(other -> isOfTheSame(other, delta))) {
          return one;
        }
      }
    }
    return null;
  }

  private static boolean isOfTheSame(Delta one, Delta other) {
    return switch (one) {
      case Delta.OfUpstream(String name, _, _) ->
          other instanceof Delta.OfUpstream(String otherName, _, _)
              && key(name).equals(key(otherName));
      case Delta.OfZone zone ->
          other instanceof Delta.OfZone otherZone
              && zone.zone().equals(otherZone.zone())
              && zone.after().keySet().stream().anyMatch(otherZone.after()::containsKey);
    };
  }

  private static boolean isTakenBack(JournalEntry trial, JournalEntry by) {
    return trial.deltas().stream()
        .allMatch(delta -> by.deltas().stream().anyMatch(other -> isTakenBack(delta, other)));
  }

  private static boolean isTakenBack(Delta delta, Delta by) {
    return switch (delta) {
      case Delta.OfUpstream(String name, var before, _) ->
          by instanceof Delta.OfUpstream(String otherName, _, var now)
              && key(name).equals(key(otherName))
              && isSame(before == null ? null : before.spec(), now == null ? null : now.spec());
      case Delta.OfZone zone ->
          by instanceof Delta.OfZone other
              && zone.zone().equals(other.zone())
              && zone.before().entrySet().stream()
                  .allMatch(one -> isNow(one.getKey(), one.getValue(), other.after()));
    };
  }

  /// Numbers that were given to servers are not given back.
  private static boolean isSame(@Nullable UpstreamSpec one, @Nullable UpstreamSpec two) {
    if (one == null || two == null) {
      return one == null && two == null;
    }
    long nextId = Math.max(one.nextId(), two.nextId());
    return one.withServers(one.servers(), nextId).equals(two.withServers(two.servers(), nextId));
  }

  private static boolean isNow(
      String key, @Nullable String value, Map<String, @Nullable String> now) {
    return now.containsKey(key) && Objects.equals(now.get(key), value);
  }

  private static String key(String name) {
    return name.toLowerCase(Locale.ROOT);
  }
}

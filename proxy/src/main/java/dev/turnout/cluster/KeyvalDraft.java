package dev.turnout.cluster;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The next state of a zone while the writer puts a batch of changes together. Confined to the
/// writer's thread; nobody sees it before [KeyvalZone#publish].
public final class KeyvalDraft {
  /// What became of one change.
  public sealed interface Outcome {
    /// It is part of the draft. `previous` has the old values of the touched keys that had one;
    /// `changed` is false where the zone already was as wanted.
    ///
    /// @param deadlines until when the old values would have held, of those that ended
    record Accepted(Map<String, String> previous, boolean changed, Map<String, Long> deadlines)
        implements Outcome {
      public Accepted {
        previous = Collections.unmodifiableMap(previous);
        deadlines = Map.copyOf(deadlines);
      }

      /// Edits of values that did not end.
      public Accepted(Map<String, String> previous, boolean changed) {
        this(previous, changed, Map.of());
      }
    }

    /// It does not fit; nothing of it was taken, nothing was evicted.
    record Full(long needed, long capacity) implements Outcome {}

    /// The key cannot be one in a zone of this type; nothing of it was taken.
    record InvalidKey(String key) implements Outcome {}

    /// A condition does not hold; nothing of it was taken.
    record Unmet(KeyvalCondition condition) implements Outcome {}
  }

  private final long capacity;
  private final KeyvalType type;
  private final long timeoutMillis;
  private final long nowMillis;
  private final Map<String, String> entries;
  private final Map<String, Long> deadlines;
  private final Set<String> touched = new HashSet<>();
  private long used;
  private long revision;
  private @Nullable KeyvalSnapshot snapshot;

  KeyvalDraft(KeyvalSnapshot base, long capacity) {
    this(base, capacity, KeyvalType.STRING, 0, 0);
  }

  KeyvalDraft(
      KeyvalSnapshot base, long capacity, KeyvalType type, long timeoutMillis, long nowMillis) {
    this.capacity = capacity;
    this.type = type;
    this.timeoutMillis = timeoutMillis;
    this.nowMillis = nowMillis;
    this.entries = base.copyOfEntries();
    this.deadlines = base.copyOfDeadlines();
    this.used = base.used();
    this.revision = base.revision();
    dropExpired();
  }

  /// What is over was not found any more; the next state is without it.
  private void dropExpired() {
    List<String> over = new ArrayList<>();
    deadlines.forEach((key, deadline) -> {
      if (deadline <= nowMillis) {
        over.add(key);
      }
    });
    over.forEach(key -> set(key, null));
    touched.addAll(over);
  }

  /// Takes all edits of a change or none. The caller stamps an accepted one that changed something.
  public Outcome apply(List<KeyvalChange> edits, List<KeyvalCondition> conditions) {
    for (KeyvalCondition condition : conditions) {
      if (!holds(condition)) {
        return new Outcome.Unmet(condition);
      }
    }
    for (KeyvalChange edit : edits) {
      if (edit instanceof KeyvalChange.Put put && !type.admits(put.key())) {
        return new Outcome.InvalidKey(put.key());
      }
    }

    Map<String, @Nullable KeyvalEntry> before = new LinkedHashMap<>();
    long usedBefore = used;
    for (KeyvalChange edit : edits) {
      edit(edit, before);
    }
    // A zone that a reload made smaller than its content may still shrink and change in place.
    if (used > capacity && used > usedBefore) {
      long needed = used;
      before.forEach(this::set);
      return new Outcome.Full(needed, capacity);
    }
    return accepted(before);
  }

  private Outcome accepted(Map<String, @Nullable KeyvalEntry> before) {
    Map<String, String> previous = new LinkedHashMap<>();
    Map<String, Long> ends = new HashMap<>();
    boolean changed = false;
    for (Map.Entry<String, @Nullable KeyvalEntry> entry : before.entrySet()) {
      KeyvalEntry old = entry.getValue();
      if (old != null) {
        previous.put(entry.getKey(), old.value());
        if (old.deadlineMillis() != KeyvalEntry.NEVER) {
          ends.put(entry.getKey(), old.deadlineMillis());
        }
      }
      if (!Objects.equals(old, entry(entry.getKey()))) {
        changed = true;
        touched.add(entry.getKey());
      }
    }
    return new Outcome.Accepted(previous, changed, ends);
  }

  private boolean holds(KeyvalCondition condition) {
    return switch (condition) {
      case KeyvalCondition.AtRevision(long wanted) -> revision == wanted;
      case KeyvalCondition.Absent(String key) -> !entries.containsKey(key);
      case KeyvalCondition.Present(String key) -> entries.containsKey(key);
      case KeyvalCondition.Holds(String key, String value) -> value.equals(entries.get(key));
      case KeyvalCondition.ZoneEmpty() -> entries.isEmpty();
    };
  }

  private void edit(KeyvalChange edit, Map<String, @Nullable KeyvalEntry> before) {
    switch (edit) {
      case KeyvalChange.Put(String key, String value, Long expireMillis) -> {
        remember(key, before);
        set(key, new KeyvalEntry(value, deadline(expireMillis)));
      }
      case KeyvalChange.Delete(String key) -> {
        remember(key, before);
        set(key, null);
      }
      case KeyvalChange.Clear() -> {
        entries.keySet().forEach(key -> remember(key, before));
        entries.clear();
        deadlines.clear();
        used = 0;
      }
    }
  }

  private long deadline(@Nullable Long expireMillis) {
    if (expireMillis == null && timeoutMillis == 0) {
      return KeyvalEntry.NEVER;
    }
    return nowMillis + (expireMillis == null ? timeoutMillis : expireMillis);
  }

  private void remember(String key, Map<String, @Nullable KeyvalEntry> before) {
    if (!before.containsKey(key)) { // not putIfAbsent: it takes a null value for an absent one
      before.put(key, entry(key));
    }
  }

  private void set(String key, @Nullable KeyvalEntry next) {
    String value = next == null ? null : next.value();
    String old = value == null ? entries.remove(key) : entries.put(key, value);
    if (old != null) {
      used -= KeyvalSnapshot.cost(key, old);
    }
    if (value != null) {
      used += KeyvalSnapshot.cost(key, value);
    }
    if (next == null || next.deadlineMillis() == KeyvalEntry.NEVER) {
      deadlines.remove(key);
    } else {
      deadlines.put(key, next.deadlineMillis());
    }
  }

  /// Takes an accepted change back: nothing is as if it had been made, but for [#touched].
  public void revert(List<KeyvalChange> edits, Outcome.Accepted accepted) {
    for (KeyvalChange edit : edits) {
      if (edit instanceof KeyvalChange.Put put) {
        set(put.key(), null);
      }
    }
    accepted
        .previous()
        .forEach((key, value) ->
            set(
                key,
                new KeyvalEntry(value, accepted.deadlines().getOrDefault(key, KeyvalEntry.NEVER))));
  }

  /// A key as it is in the draft; null if it is not there.
  public @Nullable KeyvalEntry entry(String key) {
    String value = entries.get(key);
    return value == null
        ? null
        : new KeyvalEntry(value, deadlines.getOrDefault(key, KeyvalEntry.NEVER));
  }

  /// The value of a key as it is in the draft.
  public @Nullable String get(String key) {
    return entries.get(key);
  }

  /// All entries as they are in the draft; a copy.
  public Map<String, String> entries() {
    return new HashMap<>(entries);
  }

  /// Gives the draft the revision of the change it just took.
  public void stamp(long revision) {
    this.revision = revision;
  }

  public long revision() {
    return revision;
  }

  /// The keys whose values may differ from those the draft began with; empty: nothing to store.
  public Set<String> touched() {
    return Collections.unmodifiableSet(touched);
  }

  /// Ends the draft: its entries become the snapshot's. Asked again, it is the same one.
  public KeyvalSnapshot toSnapshot() {
    KeyvalSnapshot there = snapshot;
    if (there == null) {
      there = KeyvalSnapshot.adopt(revision, entries, deadlines, used);
      snapshot = there;
    }
    return there;
  }
}

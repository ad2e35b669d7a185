package dev.turnout.cluster;

import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The next state of a zone while the writer puts a batch of changes together. Confined to the
/// writer's thread; nobody sees it before [KeyvalZone#publish].
public final class KeyvalDraft {
  /// What became of one change.
  public sealed interface Outcome {
    /// It is part of the draft. `previous` has the old values of the touched keys that had one;
    /// `changed` is false where the zone already was as wanted.
    record Accepted(Map<String, String> previous, boolean changed) implements Outcome {
      public Accepted {
        previous = Collections.unmodifiableMap(previous);
      }
    }

    /// It does not fit; nothing of it was taken, nothing was evicted.
    record Full(long needed, long capacity) implements Outcome {}

    /// A condition does not hold; nothing of it was taken.
    record Unmet(KeyvalCondition condition) implements Outcome {}
  }

  private final long capacity;
  private final Map<String, String> entries;
  private final Set<String> touched = new HashSet<>();
  private long used;
  private long revision;
  private @Nullable KeyvalSnapshot snapshot;

  KeyvalDraft(KeyvalSnapshot base, long capacity) {
    this.capacity = capacity;
    this.entries = base.copyOfEntries();
    this.used = base.used();
    this.revision = base.revision();
  }

  /// Takes all edits of a change or none. The caller stamps an accepted one that changed something.
  public Outcome apply(List<KeyvalChange> edits, List<KeyvalCondition> conditions) {
    for (KeyvalCondition condition : conditions) {
      if (!holds(condition)) {
        return new Outcome.Unmet(condition);
      }
    }

    Map<String, @Nullable String> before = new LinkedHashMap<>();
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

  private Outcome accepted(Map<String, @Nullable String> before) {
    Map<String, String> previous = new LinkedHashMap<>();
    boolean changed = false;
    for (Map.Entry<String, @Nullable String> entry : before.entrySet()) {
      String old = entry.getValue();
      if (old != null) {
        previous.put(entry.getKey(), old);
      }
      String now = entries.get(entry.getKey());
      if (old == null ? now != null : !old.equals(now)) {
        changed = true;
        touched.add(entry.getKey());
      }
    }
    return new Outcome.Accepted(previous, changed);
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

  private void edit(KeyvalChange edit, Map<String, @Nullable String> before) {
    switch (edit) {
      case KeyvalChange.Put(String key, String value) -> {
        remember(key, before);
        set(key, value);
      }
      case KeyvalChange.Delete(String key) -> {
        remember(key, before);
        set(key, null);
      }
      case KeyvalChange.Clear() -> {
        entries.keySet().forEach(key -> remember(key, before));
        entries.clear();
        used = 0;
      }
    }
  }

  private void remember(String key, Map<String, @Nullable String> before) {
    if (!before.containsKey(key)) { // not putIfAbsent: it takes a null value for an absent one
      before.put(key, entries.get(key));
    }
  }

  private void set(String key, @Nullable String value) {
    String old = value == null ? entries.remove(key) : entries.put(key, value);
    if (old != null) {
      used -= KeyvalSnapshot.cost(key, old);
    }
    if (value != null) {
      used += KeyvalSnapshot.cost(key, value);
    }
  }

  /// Takes an accepted change back: nothing is as if it had been made, but for [#touched].
  public void revert(List<KeyvalChange> edits, Outcome.Accepted accepted) {
    for (KeyvalChange edit : edits) {
      if (edit instanceof KeyvalChange.Put(String key, String _)) {
        set(key, accepted.previous().get(key));
      }
    }
    accepted.previous().forEach(this::set);
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
      there = KeyvalSnapshot.adopt(revision, entries, used);
      snapshot = there;
    }
    return there;
  }
}

package dev.turnout.cluster;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The entries of a key-value zone at one revision. Immutable; readers keep it as long as they
/// like.
///
/// Keys and values hold bytes, one char each, like every string that touches the wire.
public final class KeyvalSnapshot {
  /// What one entry costs beside its bytes: about what nginx's tree node and two strings take.
  public static final int ENTRY_OVERHEAD = 64;

  /// A zone nothing was ever written to.
  public static final KeyvalSnapshot EMPTY =
      new KeyvalSnapshot(0, new HashMap<>(), Map.of(), 0, null);

  private final long revision;
  // Never changed after construction. A bare HashMap: `get` is on the path of every request.
  private final Map<String, String> entries;
  private final Map<String, Long> deadlines; // of the entries that end
  private final long used;
  private final @Nullable KeyvalIndex index;

  private KeyvalSnapshot(
      long revision,
      Map<String, String> entries,
      Map<String, Long> deadlines,
      long used,
      @Nullable KeyvalIndex index) {
    this.revision = revision;
    this.entries = entries;
    this.deadlines = deadlines;
    this.used = used;
    this.index = index;
  }

  /// A snapshot of a copy of `entries`.
  public static KeyvalSnapshot of(long revision, Map<String, String> entries) {
    return of(revision, entries, Map.of());
  }

  /// A snapshot of a copy of `entries`.
  ///
  /// @param deadlines of those that end, in milliseconds since the epoch
  public static KeyvalSnapshot of(
      long revision, Map<String, String> entries, Map<String, Long> deadlines) {
    long used = 0;
    for (Map.Entry<String, String> entry : entries.entrySet()) {
      used += cost(entry.getKey(), entry.getValue());
    }
    return new KeyvalSnapshot(revision, new HashMap<>(entries), copy(deadlines), used, null);
  }

  private static Map<String, Long> copy(Map<String, Long> deadlines) {
    return deadlines.isEmpty() ? Map.of() : new HashMap<>(deadlines);
  }

  /// A snapshot that takes `entries` and `deadlines`: the caller does not touch them again.
  static KeyvalSnapshot adopt(
      long revision, Map<String, String> entries, Map<String, Long> deadlines, long used) {
    return new KeyvalSnapshot(revision, entries, copy(deadlines), used, null);
  }

  /// The same state, with what finds entries by a text of this kind.
  KeyvalSnapshot indexed(KeyvalType type) {
    return new KeyvalSnapshot(
        revision, entries, deadlines, used, KeyvalIndex.of(type, entries, deadlines));
  }

  /// The same state, in which every entry ends: one that had no end at `deadlineMillis`.
  KeyvalSnapshot allEnding(long deadlineMillis) {
    Map<String, Long> ends = new HashMap<>(deadlines);
    entries.keySet().forEach(key -> ends.putIfAbsent(key, deadlineMillis));
    return new KeyvalSnapshot(revision, entries, ends, used, null);
  }

  /// The bytes an entry is charged with against the size of its zone.
  public static long cost(String key, String value) {
    return (long) ENTRY_OVERHEAD + key.length() + value.length();
  }

  /// The value of a key, whether it still holds or not.
  public @Nullable String get(String key) {
    return entries.get(key);
  }

  /// The value of a key; null if it has none, or none any more.
  public @Nullable String get(String key, long nowMillis) {
    String value = entries.get(key);
    return value != null && !deadlines.isEmpty() && deadline(key) <= nowMillis ? null : value;
  }

  /// The value for a text that is looked up in a zone of the type it was [#indexed] for.
  @Nullable String find(String text, long nowMillis) {
    KeyvalIndex there = index;
    return there == null ? get(text, nowMillis) : there.find(text, nowMillis);
  }

  /// Until when the value of a key holds; [KeyvalEntry#NEVER] if it does not end.
  public long deadline(String key) {
    Long deadline = deadlines.get(key);
    return deadline == null ? KeyvalEntry.NEVER : deadline;
  }

  /// The deadlines of the entries that end; a read-only view that never changes.
  public Map<String, Long> deadlines() {
    return Collections.unmodifiableMap(deadlines);
  }

  /// The entries that still hold, in no particular order.
  public Map<String, String> entriesAt(long nowMillis) {
    if (deadlines.isEmpty()) {
      return entries();
    }
    Map<String, String> live = new HashMap<>(entries);
    live.keySet().removeIf(key -> deadline(key) <= nowMillis);
    return live;
  }

  /// The node's revision of the last change of this zone.
  public long revision() {
    return revision;
  }

  /// The bytes all entries are charged with.
  public long used() {
    return used;
  }

  public int size() {
    return entries.size();
  }

  /// All entries, in no particular order; a read-only view that never changes.
  public Map<String, String> entries() {
    return Collections.unmodifiableMap(entries);
  }

  /// A map to build the next snapshot in.
  Map<String, Long> copyOfDeadlines() {
    return new HashMap<>(deadlines);
  }

  /// A map to build the next snapshot in.
  Map<String, String> copyOfEntries() {
    return new HashMap<>(entries);
  }

  @Override
  public String toString() {
    return "revision " + revision + ", " + entries.size() + " entries";
  }
}

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
  public static final KeyvalSnapshot EMPTY = new KeyvalSnapshot(0, new HashMap<>(), 0);

  private final long revision;
  // Never changed after construction. A bare HashMap: `get` is on the path of every request.
  private final Map<String, String> entries;
  private final long used;

  private KeyvalSnapshot(long revision, Map<String, String> entries, long used) {
    this.revision = revision;
    this.entries = entries;
    this.used = used;
  }

  /// A snapshot of a copy of `entries`.
  public static KeyvalSnapshot of(long revision, Map<String, String> entries) {
    long used = 0;
    for (Map.Entry<String, String> entry : entries.entrySet()) {
      used += cost(entry.getKey(), entry.getValue());
    }
    return new KeyvalSnapshot(revision, new HashMap<>(entries), used);
  }

  /// A snapshot that takes `entries`: the caller does not touch them again.
  static KeyvalSnapshot adopt(long revision, Map<String, String> entries, long used) {
    return new KeyvalSnapshot(revision, entries, used);
  }

  /// The bytes an entry is charged with against the size of its zone.
  public static long cost(String key, String value) {
    return (long) ENTRY_OVERHEAD + key.length() + value.length();
  }

  public @Nullable String get(String key) {
    return entries.get(key);
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
  Map<String, String> copyOfEntries() {
    return new HashMap<>(entries);
  }

  @Override
  public String toString() {
    return "revision " + revision + ", " + entries.size() + " entries";
  }
}

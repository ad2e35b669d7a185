package dev.turnout.cluster;

import org.jspecify.annotations.Nullable;

/// A named key-value zone (`keyval_zone zone=name:size`): read by every event loop without a lock,
/// written by the control plane's single writer alone.
///
/// All entries at one revision are one immutable snapshot behind one volatile reference, so keys
/// that change together are seen together, and a read costs a volatile load and a hash look-up. The
/// price is paid by the writer, who copies the table once per batch. Nothing is ever evicted: an
/// entry stays until it is deleted, and a change that does not fit is refused. An entry is charged
/// [KeyvalSnapshot#cost]: its key, its value and 64 bytes.
public final class KeyvalZone {
  private final String name;
  private final StateStore store;
  private volatile long capacity; // changed by a reload
  private volatile KeyvalSnapshot current;

  public KeyvalZone(String name, long capacity, StateStore store, KeyvalSnapshot loaded) {
    this.name = name;
    this.capacity = capacity;
    this.store = store;
    this.current = loaded;
  }

  public String name() {
    return name;
  }

  /// The size of the zone in bytes.
  public long capacity() {
    return capacity;
  }

  /// The value of a key now, or null. To read several keys of one moment, take a [#snapshot()].
  public @Nullable String get(String key) {
    return current.get(key);
  }

  public KeyvalSnapshot snapshot() {
    return current;
  }

  /// Where the writer makes the zone's changes durable.
  public StateStore store() {
    return store;
  }

  /// The writer's next state of this zone.
  public KeyvalDraft draft() {
    return new KeyvalDraft(current, capacity);
  }

  /// Puts a state in force that the store has made durable. Only for the writer.
  public void publish(KeyvalSnapshot next) {
    if (next.revision() <= current.revision()) {
      throw new IllegalStateException(
          "zone \"" + name + "\" is at " + current + ", not published: " + next);
    }
    current = next;
  }

  void resize(long capacity) {
    this.capacity = capacity;
  }
}

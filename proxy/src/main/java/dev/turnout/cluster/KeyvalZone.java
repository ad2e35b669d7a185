package dev.turnout.cluster;

import org.jspecify.annotations.Nullable;

/// A named key-value zone (`keyval_zone zone=name:size`): read by every event loop without a lock,
/// written by the control plane's single writer alone.
///
/// All entries at one revision are one immutable snapshot behind one volatile reference, so keys
/// that change together are seen together, and a read costs a volatile load and a hash look-up. The
/// price is paid by the writer, who copies the table once per batch, and sorts it where texts are
/// looked up by network or prefix. Nothing is ever evicted: an entry stays until it is deleted or,
/// in a zone with a timeout, its time is over, and a change that does not fit is refused. What is
/// over is not found any more; its place is free with the next change. An entry is charged
/// [KeyvalSnapshot#cost]: its key, its value and 64 bytes.
public final class KeyvalZone {
  private final String name;
  private final StateStore store;
  private volatile long capacity; // changed by a reload
  private volatile KeyvalType type;
  private volatile long timeoutMillis;
  private volatile KeyvalSnapshot current;

  /// A zone of plain keys whose entries stay.
  public KeyvalZone(String name, long capacity, StateStore store, KeyvalSnapshot loaded) {
    this(new ZoneSpec(name, capacity, null), store, loaded, 0);
  }

  /// @param loaded what it holds; entries without an end get one if the zone has a timeout
  KeyvalZone(ZoneSpec spec, StateStore store, KeyvalSnapshot loaded, long nowMillis) {
    this.name = spec.name();
    this.store = store;
    this.capacity = spec.capacity();
    this.type = spec.type();
    this.timeoutMillis = spec.timeoutMillis();
    this.current = ready(loaded, nowMillis);
  }

  private KeyvalSnapshot ready(KeyvalSnapshot state, long nowMillis) {
    KeyvalSnapshot ending = timeoutMillis > 0 ? state.allEnding(nowMillis + timeoutMillis) : state;
    return ending.indexed(type);
  }

  public String name() {
    return name;
  }

  /// The size of the zone in bytes.
  public long capacity() {
    return capacity;
  }

  /// How texts that are looked up find their entries.
  public KeyvalType type() {
    return type;
  }

  /// How long an entry holds when nothing else is said; 0: until it is deleted.
  public long timeoutMillis() {
    return timeoutMillis;
  }

  /// The value of a key in the present state, whether it still holds or not. To read several keys
  /// of one moment, take a [#snapshot()].
  public @Nullable String get(String key) {
    return current.get(key);
  }

  /// The value for a text, by the zone's type; null if it has none now.
  public @Nullable String find(String text, long nowMillis) {
    return current.find(text, nowMillis);
  }

  public KeyvalSnapshot snapshot() {
    return current;
  }

  /// Where the writer makes the zone's changes durable.
  public StateStore store() {
    return store;
  }

  /// The writer's next state of this zone.
  public KeyvalDraft draft(long nowMillis) {
    return new KeyvalDraft(current, capacity, type, timeoutMillis, nowMillis);
  }

  /// Puts a state in force that the store has made durable. Only for the writer.
  public void publish(KeyvalSnapshot next) {
    if (next.revision() <= current.revision()) {
      throw new IllegalStateException(
          "zone \"" + name + "\" is at " + current + ", not published: " + next);
    }
    current = next.indexed(type);
  }

  /// The same zone as it is configured now. Only for the writer.
  void configure(ZoneSpec spec, long nowMillis) {
    capacity = spec.capacity();
    if (type != spec.type() || timeoutMillis != spec.timeoutMillis()) {
      type = spec.type();
      timeoutMillis = spec.timeoutMillis();
      current = ready(current, nowMillis);
    }
  }
}

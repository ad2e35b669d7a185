package dev.turnout.lua.dict;

import dev.turnout.lua.dict.DictEntry.Element;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A dictionary of `lua_shared_dict`: shared by all loops, kept over reloads, with the meaning of
/// lua-nginx-module's `ngx.shared.DICT`.
///
/// What it holds is bounded as in a zone of shared memory of nginx of that size ({@link SlabPool});
/// when there is no room, storing evicts what was used longest ago, even if it still holds. What is
/// over is taken out when it is met or when it is at the end of the order of use.
///
/// Keys and texts are bytes, numbers are doubles, times milliseconds. Every operation is atomic,
/// under the dictionary's monitor, in which nothing waits; those that look at everything
/// ([#flushAll()], [#flushExpired], [#keys], [#entries()]) take time with its size.
public final class SharedDict {
  /// The most bytes that a key may have.
  public static final int LONGEST_KEY = 65535;

  /// What is stored only if there is nothing.
  public static final int ADD = 1;

  /// What is stored only if there is something.
  public static final int REPLACE = 2;

  /// What is stored only if nothing that holds has to go for it.
  public static final int SAFE = 4;

  // sizes of nginx's records, on which it depends what fits
  private static final int ENTRY_RECORD = 32 + 36;
  private static final int LIST_RECORD = 16;
  private static final int ELEMENT_RECORD = 21;
  private static final int ZONE_RECORD = 80;
  private static final int MOST_EVICTIONS = 30;

  private final String name;
  private final long size;
  private final LongSupplier clock;
  private final SlabPool pool;
  private final DictEntry used = new DictEntry(new byte[0], 0, SlabPool.NONE);
  private @Nullable DictEntry[] buckets = new DictEntry[64];
  private int count;
  private long changes;

  /// What kind of value it is.
  public enum Kind {
    NIL,
    BOOLEAN,
    NUMBER,
    STRING,
    LIST
  }

  /// How storing ended.
  public enum Stored {
    DONE,
    /// Stored, and something that held has gone for it.
    DONE_BY_FORCE,
    EXISTS,
    NOT_FOUND,
    NO_MEMORY,
    /// No room, though what held has gone for it.
    NO_MEMORY_BY_FORCE,
    NOT_A_NUMBER,
    NOT_A_LIST
  }

  /// What a look-up has found; to be used again. Owned by whoever looks up.
  public static final class Found {
    private Kind type = Kind.NIL;
    private byte[] bytes = new byte[0];
    private double number;
    private int flags;
    private boolean stale;

    /// What there is; [Kind#NIL] for nothing.
    public Kind kind() {
      return type;
    }

    /// The text; not to be changed.
    public byte[] bytes() {
      return bytes;
    }

    /// The number; of a boolean 1 or 0; of a list its length.
    public double number() {
      return number;
    }

    /// What was stored with the value.
    public int flags() {
      return flags;
    }

    /// True if the value does not hold any more.
    public boolean isStale() {
      return stale;
    }
  }

  /// A key with its value at one moment.
  ///
  /// @param deadline until when it holds, in milliseconds since the epoch; 0 for always
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody, changed by nobody
  public record Item(byte[] key, Object value, int flags, long deadline) {}

  /// @param size in bytes, as configured
  /// @param clock milliseconds since the epoch
  public SharedDict(String name, long size, LongSupplier clock) {
    this.name = name;
    this.size = size;
    this.clock = clock;
    pool = new SlabPool(size);
    pool.allocate(ZONE_RECORD);
    pool.allocate(" in lua_shared_dict zone \"\"".length() + 1 + name.length());
  }

  public String name() {
    return name;
  }

  /// Its size in bytes, as configured.
  public long capacity() {
    return size;
  }

  /// Bytes in pages of which nothing is used; there may be room in others.
  public synchronized long freeSpace() {
    return pool.freeBytes();
  }

  /// Grows with each change.
  public synchronized long changes() {
    return changes;
  }

  // ---- looking up

  private static int hash(byte[] key, int start, int length) {
    int h = length;
    for (int i = start, end = start + length; i < end; i++) {
      h = h * 31 + key[i];
    }
    return h ^ h >>> 15;
  }

  private @Nullable DictEntry peek(byte[] key, int start, int length, int hash) {
    DictEntry entry = buckets[hash & buckets.length - 1];
    while (entry != null) {
      if (entry.hash == hash
          && Arrays.equals(entry.key, 0, entry.key.length, key, start, start + length)) {
        return entry;
      }
      entry = entry.inBucket;
    }
    return null;
  }

  private void touch(DictEntry entry) {
    entry.unlink();
    entry.linkAfter(used);
  }

  /// Takes out up to two entries that are over, at the end of the order of use.
  private void sweep(long now) {
    for (int i = 0; i < 2; i++) {
      DictEntry oldest = used.before;
      if (oldest == used || !oldest.isOver(now)) {
        return;
      }
      remove(oldest);
    }
  }

  /// Takes out the oldest entry whether it is over or not; false if there is none.
  private boolean evict(long now) {
    if (used.before == used) {
      return false;
    }
    remove(used.before);
    sweep(now);
    return true;
  }

  private void remove(DictEntry entry) {
    entry.unlink();
    int bucket = entry.hash & buckets.length - 1;
    DictEntry there = buckets[bucket];
    if (there == entry) {
      buckets[bucket] = entry.inBucket;
    } else {
      while (there != null && there.inBucket != entry) {
        there = there.inBucket;
      }
      if (there != null) {
        there.inBucket = entry.inBucket;
      }
    }
    releaseElements(entry);
    pool.release(entry.room);
    count--;
    changes++;
  }

  private void releaseElements(DictEntry entry) {
    ArrayDeque<Element> list = entry.list;
    if (list != null) {
      list.forEach(element -> pool.release(element.room()));
      list.clear();
    }
  }

  /// What a key stands for. False if there is nothing that holds, or nothing at all.
  ///
  /// @param stale also what is over will do
  public synchronized boolean get(byte[] key, int start, int length, boolean stale, Found found) {
    long now = clock.getAsLong();
    if (!stale) {
      sweep(now);
    }
    DictEntry entry = peek(key, start, length, hash(key, start, length));
    boolean over = entry != null && entry.isOver(now);
    if (entry == null || (over && !stale)) {
      found.type = Kind.NIL;
      return false;
    }
    if (!over) {
      touch(entry);
    }
    ArrayDeque<Element> list = entry.list;
    found.type = entry.type;
    found.bytes = entry.bytes;
    found.number = list == null ? entry.number : list.size();
    found.flags = entry.flags;
    found.stale = over;
    return true;
  }

  /// Milliseconds that a key still holds, less than 0 if it is over; 0 for always; null if it is
  /// not there.
  public synchronized @Nullable Long ttl(byte[] key) {
    DictEntry entry = peek(key, 0, key.length, hash(key, 0, key.length));
    if (entry == null) {
      return null;
    }
    return entry.deadline == DictEntry.NEVER ? 0 : entry.deadline - clock.getAsLong();
  }

  /// Lets a key hold for so many milliseconds from now, or always; false if it is not there.
  public synchronized boolean expire(byte[] key, long millis) {
    DictEntry entry = peek(key, 0, key.length, hash(key, 0, key.length));
    if (entry == null) {
      return false;
    }
    entry.deadline = deadline(clock.getAsLong(), millis);
    changes++;
    return true;
  }

  private static long deadline(long now, long millis) {
    return millis > 0 ? now + millis : DictEntry.NEVER;
  }

  // ---- storing

  /// Stores a text.
  ///
  /// @param millis how long it holds; 0 for always
  /// @param how [#ADD], [#REPLACE] and [#SAFE], added up
  public Stored set(byte[] key, byte[] value, long millis, int flags, int how) {
    return store(key, Kind.STRING, value, 0, millis, flags, how);
  }

  /// Stores a number.
  public Stored set(byte[] key, double value, long millis, int flags, int how) {
    return store(key, Kind.NUMBER, new byte[0], value, millis, flags, how);
  }

  /// Stores a boolean.
  public Stored set(byte[] key, boolean value, long millis, int flags, int how) {
    return store(key, Kind.BOOLEAN, new byte[0], value ? 1 : 0, millis, flags, how);
  }

  /// Takes a key out, if it is there.
  public synchronized void delete(byte[] key) {
    sweep(clock.getAsLong());
    DictEntry entry = peek(key, 0, key.length, hash(key, 0, key.length));
    if (entry != null) {
      remove(entry);
    }
  }

  private synchronized Stored store(
      byte[] key, Kind type, byte[] bytes, double number, long millis, int flags, int how) {
    long now = clock.getAsLong();
    sweep(now);
    int hash = hash(key, 0, key.length);
    DictEntry entry = peek(key, 0, key.length, hash);
    boolean holds = entry != null && !entry.isOver(now);
    if (holds && entry != null) {
      touch(entry);
    }
    if ((how & REPLACE) != 0 && !holds) {
      return Stored.NOT_FOUND;
    }
    if ((how & ADD) != 0 && holds) {
      return Stored.EXISTS;
    }
    int length = type == Kind.STRING ? bytes.length : type == Kind.NUMBER ? Double.BYTES : 1;
    if (entry != null && entry.type != Kind.LIST && entry.valueSize() == length) {
      touch(entry);
      fill(entry, type, bytes, number, deadline(now, millis), flags);
      return Stored.DONE;
    }
    if (entry != null) {
      remove(entry);
    }
    return insert(key, hash, length, (how & SAFE) != 0, now, type, bytes, number, millis, flags);
  }

  private void fill(
      DictEntry entry, Kind type, byte[] bytes, double number, long deadline, int flags) {
    entry.type = type;
    entry.bytes = bytes;
    entry.number = number;
    entry.deadline = deadline;
    entry.flags = flags;
    changes++;
  }

  private Stored insert(
      byte[] key,
      int hash,
      int length,
      boolean safe,
      long now,
      Kind type,
      byte[] bytes,
      double number,
      long millis,
      int flags) {
    int wanted = ENTRY_RECORD + key.length + length;
    boolean forced = false;
    long room = pool.allocate(wanted);
    for (int i = 0; room == SlabPool.NONE && !safe && i < MOST_EVICTIONS && evict(now); i++) {
      forced = true;
      room = pool.allocate(wanted);
    }
    if (room == SlabPool.NONE) {
      return forced ? Stored.NO_MEMORY_BY_FORCE : Stored.NO_MEMORY;
    }
    DictEntry entry = add(key, hash, room);
    fill(entry, type, bytes, number, deadline(now, millis), flags);
    return forced ? Stored.DONE_BY_FORCE : Stored.DONE;
  }

  private DictEntry add(byte[] key, int hash, long room) {
    if (count >= buckets.length) {
      grow();
    }
    DictEntry entry = new DictEntry(key, hash, room);
    int bucket = hash & buckets.length - 1;
    entry.inBucket = buckets[bucket];
    buckets[bucket] = entry;
    entry.linkAfter(used);
    count++;
    return entry;
  }

  private void grow() {
    @Nullable DictEntry[] larger = new DictEntry[buckets.length * 2];
    for (DictEntry entry = used.after; entry != used; entry = entry.after) {
      int bucket = entry.hash & larger.length - 1;
      entry.inBucket = larger[bucket];
      larger[bucket] = entry;
    }
    buckets = larger;
  }

  /// Adds to a number; the sum is in `result`, if it was stored.
  ///
  /// @param init what a key that is not there begins with, null if it must be there
  /// @param millis how long a key that was not there holds; 0 for always
  public synchronized Stored increment(
      byte[] key, double by, @Nullable Double init, long millis, Found result) {
    long now = clock.getAsLong();
    sweep(now);
    int hash = hash(key, 0, key.length);
    DictEntry entry = peek(key, 0, key.length, hash);
    boolean holds = entry != null && !entry.isOver(now);
    if (entry != null && holds) {
      touch(entry);
      if (entry.type != Kind.NUMBER) {
        return Stored.NOT_A_NUMBER;
      }
      entry.number += by;
      changes++;
      result.number = entry.number;
      return Stored.DONE;
    }
    if (init == null) {
      return Stored.NOT_FOUND;
    }
    double sum = init + by;
    result.number = sum;
    if (entry != null && entry.type != Kind.LIST && entry.valueSize() == Double.BYTES) {
      touch(entry);
      fill(entry, Kind.NUMBER, new byte[0], sum, deadline(now, millis), 0);
      return Stored.DONE;
    }
    if (entry != null) {
      remove(entry);
    }
    return insert(key, hash, Double.BYTES, false, now, Kind.NUMBER, new byte[0], sum, millis, 0);
  }

  // ---- lists

  /// Adds a text (or, where `bytes` is null, a number) at one end of a list, which is made if it is
  /// not there; its length then is in `result`. Nothing is evicted for it.
  public synchronized Stored push(
      byte[] key, byte @Nullable [] bytes, double number, boolean left, Found result) {
    long now = clock.getAsLong();
    sweep(now);
    int hash = hash(key, 0, key.length);
    DictEntry entry = peek(key, 0, key.length, hash);
    if (entry != null && entry.isOver(now)) {
      if (entry.type == Kind.LIST) {
        releaseElements(entry);
        entry.deadline = DictEntry.NEVER;
      } else {
        remove(entry);
        entry = null;
      }
    } else if (entry != null && entry.type != Kind.LIST) {
      touch(entry);
      return Stored.NOT_A_LIST;
    }
    if (entry == null) {
      long room = pool.allocate(ENTRY_RECORD + key.length + LIST_RECORD + 7 & ~7);
      if (room == SlabPool.NONE) {
        return Stored.NO_MEMORY;
      }
      entry = add(key, hash, room);
      entry.type = Kind.LIST;
    }
    touch(entry);
    ArrayDeque<Element> list = entry.list;
    if (list == null) {
      list = new ArrayDeque<>();
      entry.list = list;
    }
    long room = pool.allocate(ELEMENT_RECORD + (bytes == null ? Double.BYTES : bytes.length));
    if (room == SlabPool.NONE) {
      if (list.isEmpty()) {
        remove(entry);
      }
      return Stored.NO_MEMORY;
    }
    Element element = new Element(bytes, number, room);
    if (left) {
      list.addFirst(element);
    } else {
      list.addLast(element);
    }
    changes++;
    result.number = list.size();
    return Stored.DONE;
  }

  /// Takes the value at one end out of a list and puts it in `result`, [Kind#NIL] if there is none.
  public synchronized Stored pop(byte[] key, boolean left, Found result) {
    DictEntry entry = list(key);
    result.type = Kind.NIL;
    if (entry == null) {
      return Stored.DONE;
    }
    ArrayDeque<Element> list = entry.list;
    Element element = list == null ? null : left ? list.pollFirst() : list.pollLast();
    if (list == null || element == null) {
      return Stored.NOT_A_LIST;
    }
    byte[] bytes = element.bytes();
    result.type = bytes == null ? Kind.NUMBER : Kind.STRING;
    result.bytes = bytes == null ? new byte[0] : bytes;
    result.number = element.number();
    pool.release(element.room());
    changes++;
    if (list.isEmpty()) {
      remove(entry);
    }
    return Stored.DONE;
  }

  /// Puts the length of a list in `result`, 0 if there is none.
  public synchronized Stored length(byte[] key, Found result) {
    DictEntry entry = list(key);
    ArrayDeque<Element> list = entry == null ? null : entry.list;
    result.number = list == null ? 0 : list.size();
    return entry != null && list == null ? Stored.NOT_A_LIST : Stored.DONE;
  }

  private @Nullable DictEntry list(byte[] key) {
    long now = clock.getAsLong();
    sweep(now);
    DictEntry entry = peek(key, 0, key.length, hash(key, 0, key.length));
    if (entry == null || entry.isOver(now)) {
      return null;
    }
    touch(entry);
    return entry;
  }

  // ---- all of it

  /// From now on nothing of it holds; its memory is given back when others need it.
  public synchronized void flushAll() {
    for (DictEntry entry = used.after; entry != used; entry = entry.after) {
      entry.deadline = 1;
    }
    changes++;
    evict(clock.getAsLong());
  }

  /// Takes out up to `most` entries that are over, 0 for all of them; returns how many those were.
  public synchronized int flushExpired(int most) {
    long now = clock.getAsLong();
    int freed = 0;
    DictEntry entry = used.before;
    while (entry != used && (most == 0 || freed < most)) {
      DictEntry earlier = entry.before;
      if (entry.isOver(now)) {
        remove(entry);
        freed++;
      }
      entry = earlier;
    }
    return freed;
  }

  /// Up to `most` keys that hold, 0 for all, those first that were used longest ago.
  public synchronized List<byte[]> keys(int most) {
    long now = clock.getAsLong();
    List<byte[]> keys = new ArrayList<>();
    for (DictEntry entry = used.before;
        entry != used && (most == 0 || keys.size() < most);
        entry = entry.before) {
      if (!entry.isOver(now)) {
        keys.add(entry.key);
      }
    }
    return keys;
  }

  /// All that holds at this moment, what was used longest ago first. A value is a `byte[]`, a
  /// `Double`, a `Boolean`, or a `List` of the first two.
  public synchronized List<Item> entries() {
    long now = clock.getAsLong();
    List<Item> entries = new ArrayList<>(count);
    for (DictEntry entry = used.before; entry != used; entry = entry.before) {
      if (!entry.isOver(now)) {
        entries.add(new Item(entry.key, value(entry), entry.flags, entry.deadline));
      }
    }
    return entries;
  }

  private static Object value(DictEntry entry) {
    return switch (entry.type) {
      case NIL, STRING -> entry.bytes;
      case NUMBER -> entry.number;
      case BOOLEAN -> entry.number != 0;
      case LIST -> {
        List<Object> values = new ArrayList<>();
        ArrayDeque<Element> list = entry.list;
        for (Element element : list == null ? new ArrayDeque<Element>() : list) {
          byte[] bytes = element.bytes();
          values.add(bytes == null ? (Object) element.number() : bytes);
        }
        yield values;
      }
    };
  }

  /// Puts back what [#entries()] has given; false if it does not fit any more.
  synchronized boolean restore(Item entry) {
    int hash = hash(entry.key(), 0, entry.key().length);
    boolean fits =
        switch (entry.value()) {
          case byte[] bytes -> isDone(set(entry.key(), bytes, 0, entry.flags(), SAFE));
          case Double number -> isDone(set(entry.key(), number, 0, entry.flags(), SAFE));
          case Boolean truth -> isDone(set(entry.key(), truth, 0, entry.flags(), SAFE));
          case List<?> values -> {
            boolean all = true;
            for (Object value : values) {
              byte[] bytes = value instanceof byte[] text ? text : null;
              double number = value instanceof Double given ? given : 0;
              all &= isDone(push(entry.key(), bytes, number, false, new Found()));
            }
            yield all;
          }
          default -> throw new IllegalArgumentException("no value: " + entry.value());
        };
    DictEntry there = peek(entry.key(), 0, entry.key().length, hash);
    if (there != null) {
      there.deadline = entry.deadline();
    }
    return fits;
  }

  private static boolean isDone(Stored stored) {
    return stored == Stored.DONE;
  }

  @Override
  public String toString() {
    return "lua_shared_dict " + name + " " + size;
  }
}

package dev.turnout.lua.dict;

import dev.turnout.lua.dict.SharedDict.Kind;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// One key of a dictionary with its value, linked into its bucket and into the order of use. Owned
/// by its dictionary, guarded by its monitor.
final class DictEntry {
  /// It holds until it is replaced or evicted.
  static final long NEVER = 0;

  final byte[] key;
  final int hash;
  long room;
  Kind type = Kind.NIL;
  byte[] bytes = new byte[0];
  double number;
  int flags;
  long deadline;
  @Nullable ArrayDeque<Element> list;
  @Nullable DictEntry inBucket;
  DictEntry before = this;
  DictEntry after = this;

  /// One value of a list.
  ///
  /// @param bytes null for a number
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody, changed by nobody
  record Element(byte @Nullable [] bytes, double number, long room) {}

  DictEntry(byte[] key, int hash, long room) {
    this.key = key;
    this.hash = hash;
    this.room = room;
  }

  boolean isOver(long nowMillis) {
    return deadline != NEVER && deadline <= nowMillis;
  }

  /// How many bytes the value takes, as nginx stores it.
  int valueSize() {
    return switch (type) {
      case NIL, LIST -> 0;
      case BOOLEAN -> 1;
      case NUMBER -> Double.BYTES;
      case STRING -> bytes.length;
    };
  }

  void unlink() {
    before.after = after;
    after.before = before;
    before = this;
    after = this;
  }

  void linkAfter(DictEntry other) {
    before = other;
    after = other.after;
    other.after.before = this;
    other.after = this;
  }
}

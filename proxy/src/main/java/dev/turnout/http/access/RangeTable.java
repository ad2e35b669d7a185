package dev.turnout.http.access;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Values of ranges of IPv4 addresses, each inside those before it or beside them. Built on one
/// thread, then only read.
///
/// A range is cut where the upper half of the address changes, as in nginx: whether it fits with
/// the others is decided for each part. Addresses are unsigned.
final class RangeTable {
  private static final int PARTS = 1 << 16;
  private static final int LAST = PARTS - 1;

  private final @Nullable List<Part>[] parts = parts();

  /// The part of a range with one upper half.
  private record Part(int start, int end, String value) {}

  /// How a range went in.
  sealed interface Added {
    /// It is new.
    record New() implements Added {}

    /// A part of it was there, and has another value now.
    record Replaced(String old) implements Added {}

    /// It begins or ends within another; what came before the overlap is in.
    record Overlaps(String other) implements Added {}
  }

  @SuppressWarnings({"unchecked", "rawtypes"}) // an array of lists cannot be made otherwise
  private static @Nullable List<Part>[] parts() {
    return new List[PARTS];
  }

  /// Sets the value of a range.
  Added add(int start, int end, String value) {
    Added added = new Added.New();
    for (int high = start >>> 16; high <= end >>> 16; high++) {
      List<Part> list = parts[high];
      if (list == null) {
        list = new ArrayList<>(1);
        parts[high] = list;
      }
      int from = high == start >>> 16 ? start & LAST : 0;
      int to = high == end >>> 16 ? end & LAST : LAST;
      Added here = add(list, high, new Part(from, to, value));
      switch (here) {
        case Added.New _ -> {}
        case Added.Replaced replaced -> added = replaced;
        case Added.Overlaps overlaps -> {
          return overlaps;
        }
      }
    }
    return added;
  }

  private static Added add(List<Part> list, int high, Part part) {
    int i = list.size() - 1; // lists are mostly sorted: the end comes first
    while (i >= 0 && part.end() < list.get(i).start()) {
      i--;
    }
    if (i < 0 || part.start() > list.get(i).end()) {
      list.add(i + 1, part);
      return new Added.New();
    }
    Part there = list.get(i);
    if (part.start() < there.start() || part.end() > there.end()) {
      return new Added.Overlaps(
          text((high << 16) | there.start()) + "-" + text((high << 16) | there.end()));
    }
    if (part.start() == there.start() && part.end() == there.end()) {
      list.set(i, part);
      return new Added.Replaced(there.value());
    }
    List<Part> instead = new ArrayList<>(3);
    if (there.start() < part.start()) {
      instead.add(new Part(there.start(), part.start() - 1, there.value()));
    }
    instead.add(part);
    if (part.end() < there.end()) {
      instead.add(new Part(part.end() + 1, there.end(), there.value()));
    }
    list.remove(i);
    list.addAll(i, instead);
    return new Added.New();
  }

  /// Takes a range away; false if a part of it is not there as such.
  boolean remove(int start, int end) {
    boolean all = true;
    for (int high = start >>> 16; high <= end >>> 16; high++) {
      int from = high == start >>> 16 ? start & LAST : 0;
      int to = high == end >>> 16 ? end & LAST : LAST;
      List<Part> list = parts[high];
      all &= list != null && list.removeIf(part -> part.start() == from && part.end() == to);
    }
    return all;
  }

  /// The value of the range that `address` lies in, or null.
  @Nullable String find(int address) {
    List<Part> list = parts[address >>> 16];
    if (list == null) {
      return null;
    }
    int wanted = address & LAST;
    int low = 0;
    int high = list.size() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Part part = list.get(middle);
      if (wanted < part.start()) {
        high = middle - 1;
      } else if (wanted > part.end()) {
        low = middle + 1;
      } else {
        return part.value();
      }
    }
    return null;
  }

  private static String text(int address) {
    return (address >>> 24)
        + "."
        + ((address >>> 16) & 0xff)
        + "."
        + ((address >>> 8) & 0xff)
        + "."
        + (address & 0xff);
  }
}

package dev.turnout.http.access;

import dev.turnout.http.LimitOutcome;
import dev.turnout.http.LimitTable;
import dev.turnout.metrics.Tally;
import java.util.List;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/// What a zone of limits holds for each key. Shared by all loops and bounded by the size of the
/// zone. It is cut into stripes by key, each guarded by its own monitor, under which a few words
/// change and nothing waits.
///
/// @param <S> its stripes
abstract class StripedTable<S extends StripedTable.Stripe> implements LimitTable {
  private static final long STRIPE_SIZE = 32 * 1024;
  private static final int MOST_STRIPES = 16;

  private final List<S> stripes;
  private final Tally<LimitOutcome> outcomes = new Tally<>(LimitOutcome.class);

  /// A part of the keys, guarded by its monitor.
  abstract static class Stripe {
    private final long capacity;
    private long used;

    /// A stripe of so many bytes, as nginx reckons.
    Stripe(long capacity) {
      this.capacity = capacity;
    }

    /// Takes the bytes of an entry; false if they are not there.
    final boolean take(long bytes) {
      if (used + bytes > capacity) {
        return false;
      }
      used += bytes;
      return true;
    }

    final void giveBack(long bytes) {
      used -= bytes;
    }

    abstract int entries();
  }

  /// A table of `size` bytes.
  StripedTable(long size, LongFunction<S> make) {
    int count = Integer.highestOneBit(Math.clamp(size / STRIPE_SIZE, 1, MOST_STRIPES));
    stripes = Stream.generate(() -> make.apply(size / count)).limit(count).toList();
  }

  final S stripe(String key) {
    int hash = key.hashCode();
    return stripes.get((hash ^ hash >>> 16) & stripes.size() - 1);
  }

  /// One of them all.
  final S stripe(int index) {
    return stripes.get(index);
  }

  /// How many there are: a power of two.
  final int stripeCount() {
    return stripes.size();
  }

  @Override
  public final Tally<LimitOutcome> outcomes() {
    return outcomes;
  }

  @Override
  public final long usedBytes() {
    long used = 0;
    for (S stripe : stripes) {
      synchronized (stripe) {
        used += ((Stripe) stripe).used;
      }
    }
    return used;
  }

  /// How many keys have an entry.
  @Override
  public final int entries() {
    int entries = 0;
    for (S stripe : stripes) {
      synchronized (stripe) {
        entries += stripe.entries();
      }
    }
    return entries;
  }
}

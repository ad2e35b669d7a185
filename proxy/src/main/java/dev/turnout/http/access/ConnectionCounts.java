package dev.turnout.http.access;

import dev.turnout.http.LimitOutcome;
import dev.turnout.http.LimitTable;
import dev.turnout.metrics.Tally;
import java.util.HashMap;
import java.util.Map;

/// The counts of a `limit_conn_zone`: for each key how many requests are under way.
///
/// Shared by all loops and bounded by the size of the zone. It is cut into stripes by key, each
/// guarded by its own monitor, under which a few words change and nothing waits.
final class ConnectionCounts implements LimitTable {
  private static final long STRIPE_SIZE = 32 * 1024;
  private static final int MOST_STRIPES = 16;

  private final Stripe[] stripes;
  private final Tally<LimitOutcome> outcomes = new Tally<>(LimitOutcome.class);

  /// Counts that take `size` bytes as nginx reckons: about sixteen thousand to the megabyte.
  ConnectionCounts(long size) {
    int count = Integer.highestOneBit(Math.clamp(size / STRIPE_SIZE, 1, MOST_STRIPES));
    stripes = new Stripe[count];
    for (int i = 0; i < count; i++) {
      stripes[i] = new Stripe(size / count);
    }
  }

  /// How it went to enter.
  enum Answer {
    /// It is counted.
    ENTERED,
    /// There are as many as may be.
    LIMITED,
    /// There is no room for another key.
    NO_ROOM
  }

  /// Counts a request with this key, unless there are `most` of them.
  Answer enter(String key, int most) {
    Stripe stripe = stripe(key);
    synchronized (stripe) {
      return stripe.enter(key, most);
    }
  }

  /// A request that was counted is over.
  void leave(String key) {
    Stripe stripe = stripe(key);
    synchronized (stripe) {
      stripe.leave(key);
    }
  }

  /// How many with this key are under way.
  int count(String key) {
    Stripe stripe = stripe(key);
    synchronized (stripe) {
      Count count = stripe.counts.get(key);
      return count == null ? 0 : count.requests;
    }
  }

  @Override
  public Tally<LimitOutcome> outcomes() {
    return outcomes;
  }

  @Override
  public long usedBytes() {
    long used = 0;
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        used += stripe.used;
      }
    }
    return used;
  }

  @Override
  public int entries() {
    int entries = 0;
    for (Stripe stripe : stripes) {
      synchronized (stripe) {
        entries += stripe.counts.size();
      }
    }
    return entries;
  }

  private Stripe stripe(String key) {
    int hash = key.hashCode();
    return stripes[(hash ^ hash >>> 16) & stripes.length - 1];
  }

  /// One key's count, confined to its stripe.
  private static final class Count {
    private int requests = 1;
  }

  /// A part of the keys, guarded by its monitor.
  private static final class Stripe {
    private final Map<String, Count> counts = new HashMap<>();
    private final long capacity;
    private long used;

    Stripe(long capacity) {
      this.capacity = capacity;
    }

    Answer enter(String key, int most) {
      Count count = counts.get(key);
      if (count == null) {
        if (used + cost(key) > capacity) {
          return Answer.NO_ROOM;
        }
        used += cost(key);
        counts.put(key, new Count());
        return Answer.ENTERED;
      }
      if (count.requests >= most) {
        return Answer.LIMITED;
      }
      count.requests++;
      return Answer.ENTERED;
    }

    void leave(String key) {
      Count count = counts.get(key);
      if (count != null && --count.requests == 0) {
        counts.remove(key);
        used -= cost(key);
      }
    }

    /// What nginx's allocator would give a node of this key.
    private static long cost(String key) {
      return Math.max(64, 36 + key.length());
    }
  }
}

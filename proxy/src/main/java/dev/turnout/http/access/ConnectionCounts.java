package dev.turnout.http.access;

import java.util.HashMap;
import java.util.Map;

/// The counts of a `limit_conn_zone`: for each key how many requests are under way.
final class ConnectionCounts extends StripedTable<ConnectionCounts.Stripe> {
  /// Counts that take `size` bytes as nginx reckons: about sixteen thousand to the megabyte.
  ConnectionCounts(long size) {
    super(size, Stripe::new);
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

  /// One key's count, confined to its stripe.
  private static final class Count {
    private int requests = 1;
  }

  /// A part of the keys, guarded by its monitor.
  static final class Stripe extends StripedTable.Stripe {
    private final Map<String, Count> counts = new HashMap<>();

    private Stripe(long capacity) {
      super(capacity);
    }

    @Override
    int entries() {
      return counts.size();
    }

    Answer enter(String key, int most) {
      Count count = counts.get(key);
      if (count == null) {
        if (!take(cost(key))) {
          return Answer.NO_ROOM;
        }
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
        giveBack(cost(key));
      }
    }

    /// What nginx's allocator would give a node of this key.
    private static long cost(String key) {
      return Math.max(64, 36 + key.length());
    }
  }
}

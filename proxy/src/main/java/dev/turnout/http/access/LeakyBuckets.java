package dev.turnout.http.access;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The leaky buckets of a `limit_req_zone`: for each key how many requests are ahead of the rate.
///
/// A stripe that is full forgets the key that was asked for longest ago. Quantities are thousandths
/// of a request, times milliseconds, as in nginx.
class LeakyBuckets extends StripedTable<LeakyBuckets.Stripe> {
  private static final long IDLE_MILLIS = 60_000;
  private static final long LONG_AGO = 3_600_000;

  /// Buckets that take `size` bytes as nginx reckons: about eight thousand to the megabyte.
  LeakyBuckets(long size) {
    this(size, Stripe::new);
  }

  /// @param make a stripe of so many bytes
  LeakyBuckets(long size, LongFunction<Stripe> make) {
    super(size, make);
  }

  /// By what a key is known here.
  String name(String key) {
    return key;
  }

  /// What a bucket says to a request.
  enum Answer {
    /// Within the burst.
    PASSES,
    /// Beyond the burst.
    REFUSED,
    /// There is no room for another bucket.
    NO_ROOM
  }

  /// One key's bucket, confined to its stripe.
  static class Bucket {
    private long excess;
    private long last;
    private int holds;

    /// The excess if a request came now.
    final long excessWith(long rate, long now) {
      return Math.max(0, level(rate, now) + 1000);
    }

    /// The excess as it is by now, less than nothing for time that was not used.
    long level(long rate, long now) {
      return excess - rate * elapsed(now) / 1000;
    }

    /// The first request, which is no excess; or, if others are asked yet, its bucket until then.
    void begin(long now, boolean counted) {
      last = counted ? now : now - LONG_AGO;
    }

    /// A request is counted.
    void count(long newExcess, long now) {
      settle(newExcess, now);
    }

    /// This is the excess now.
    final void settle(long newExcess, long now) {
      excess = newExcess;
      if (elapsed(now) != 0) {
        last = now;
      }
    }

    /// Loops read their clocks one after the other: a little back is no time at all.
    final long elapsed(long now) {
      long millis = now - last;
      return millis < -IDLE_MILLIS ? 1 : Math.max(0, millis);
    }

    /// When it was settled last.
    final long last() {
      return last;
    }

    boolean isDrained(long rate, long now) {
      long millis = Math.abs(now - last);
      return millis >= IDLE_MILLIS && excess - rate * millis / 1000 <= 0;
    }
  }

  /// One request's business with one bucket: asked first, then counted once all limits let the
  /// request pass, or given back. Confined to the loop of its request.
  static final class Visit {
    private final Stripe stripe;
    private final long rate;
    private Answer answer = Answer.NO_ROOM;
    private long excess;
    private @Nullable Bucket held;

    private Visit(Stripe stripe, long rate) {
      this.stripe = stripe;
      this.rate = rate;
    }

    Answer answer() {
      return answer;
    }

    /// The excess in thousandths of a request, this one included.
    long excess() {
      return excess;
    }

    /// Counts the request that was asked about with [#ask]; the excess is what it is by now.
    void count(long now) {
      Bucket bucket = held;
      if (bucket != null) {
        held = null;
        synchronized (stripe) {
          excess = bucket.excessWith(rate, now);
          bucket.count(excess, now);
          bucket.holds--;
        }
      }
    }

    /// Leaves the bucket as it was.
    void giveBack() {
      Bucket bucket = held;
      if (bucket != null) {
        held = null;
        synchronized (stripe) {
          bucket.holds--;
        }
      }
    }
  }

  /// Asks whether a request with this key may pass, and counts it if so.
  Visit take(String key, long rate, long burst, long now) {
    return visit(key, rate, burst, now, true);
  }

  /// Asks whether a request with this key may pass; until it is counted or given back the bucket is
  /// not forgotten.
  Visit ask(String key, long rate, long burst, long now) {
    return visit(key, rate, burst, now, false);
  }

  private Visit visit(String key, long rate, long burst, long now, boolean count) {
    String name = name(key);
    Stripe stripe = stripe(name);
    Visit visit = new Visit(stripe, rate);
    synchronized (stripe) {
      stripe.visit(visit, name, burst, now, count);
    }
    return visit;
  }

  /// A part of the keys, guarded by its monitor.
  static class Stripe extends StripedTable.Stripe {
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

    Stripe(long capacity) {
      super(capacity);
    }

    /// A new bucket for a key.
    Bucket bucket(String key) {
      return new Bucket();
    }

    /// The bucket of a key is no more.
    void forgotten(String key) {}

    final @Nullable Bucket find(String key) {
      return buckets.get(key);
    }

    @Override
    final int entries() {
      return buckets.size();
    }

    private void visit(Visit visit, String key, long burst, long now, boolean count) {
      Bucket bucket = buckets.get(key);
      if (bucket == null) {
        bucket = add(key, visit.rate, now);
        if (bucket == null) {
          return;
        }
        bucket.begin(now, count);
        visit.answer = Answer.PASSES;
      } else {
        visit.excess = bucket.excessWith(visit.rate, now);
        visit.answer = visit.excess > burst ? Answer.REFUSED : Answer.PASSES;
        if (count && visit.answer == Answer.PASSES) {
          bucket.count(visit.excess, now);
        }
      }
      if (!count && visit.answer == Answer.PASSES) {
        bucket.holds++;
        visit.held = bucket;
      }
    }

    /// A new bucket; null if there is no room for it.
    final @Nullable Bucket add(String key, long rate, long now) {
      for (int i = 0; i < 2 && forgetEldest(rate, now, false); i++) {
        // two of those that are drained go for each that comes
      }
      long cost = cost(key);
      boolean room = take(cost);
      if (!room) {
        for (int i = 0; i < 3 && forgetEldest(rate, now, i == 0); i++) {
          // the eldest goes whatever is in it
        }
        room = take(cost);
      }
      if (!room) {
        return null;
      }
      Bucket bucket = bucket(key);
      buckets.put(key, bucket);
      return bucket;
    }

    private boolean forgetEldest(long rate, long now, boolean force) {
      if (buckets.isEmpty()) {
        return false;
      }
      Map.Entry<String, Bucket> eldest = buckets.entrySet().iterator().next();
      Bucket bucket = eldest.getValue();
      if (bucket.holds != 0 || (!force && !bucket.isDrained(rate, now))) {
        return false;
      }
      giveBack(cost(eldest.getKey()));
      forgotten(eldest.getKey());
      buckets.remove(eldest.getKey());
      return true;
    }

    /// What nginx's allocator would give a node of this key.
    private static long cost(String key) {
      return Math.max(128, 80 + key.length());
    }
  }
}

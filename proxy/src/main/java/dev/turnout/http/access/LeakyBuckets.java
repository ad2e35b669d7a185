package dev.turnout.http.access;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The leaky buckets of a `limit_req_zone`: for each key how many requests are ahead of the rate.
///
/// A stripe that is full forgets the key that was asked for longest ago. Quantities are thousandths
/// of a request, times milliseconds, as in nginx.
final class LeakyBuckets extends StripedTable<LeakyBuckets.Stripe> {
  private static final long IDLE_MILLIS = 60_000;
  private static final long LONG_AGO = 3_600_000;

  /// Buckets that take `size` bytes as nginx reckons: about eight thousand to the megabyte.
  LeakyBuckets(long size) {
    super(size, Stripe::new);
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
  private static final class Bucket {
    private long excess;
    private long last;
    private int holds;

    /// The excess if a request came now.
    long excessWith(long rate, long now) {
      return Math.max(0, excess - rate * elapsed(now) / 1000 + 1000);
    }

    void count(long newExcess, long now) {
      excess = newExcess;
      if (elapsed(now) != 0) {
        last = now;
      }
    }

    /// Loops read their clocks one after the other: a little back is no time at all.
    private long elapsed(long now) {
      long millis = now - last;
      return millis < -IDLE_MILLIS ? 1 : Math.max(0, millis);
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
    Stripe stripe = stripe(key);
    Visit visit = new Visit(stripe, rate);
    synchronized (stripe) {
      stripe.visit(visit, key, burst, now, count);
    }
    return visit;
  }

  /// A part of the keys, guarded by its monitor.
  static final class Stripe extends StripedTable.Stripe {
    private final Map<String, Bucket> buckets = new LinkedHashMap<>(16, 0.75f, true);

    private Stripe(long capacity) {
      super(capacity);
    }

    @Override
    int entries() {
      return buckets.size();
    }

    void visit(Visit visit, String key, long burst, long now, boolean count) {
      Bucket bucket = buckets.get(key);
      if (bucket == null) {
        bucket = add(key, visit.rate, now);
        if (bucket == null) {
          return;
        }
        // the first request of a key is no excess; if others are asked yet, it is counted later
        bucket.last = count ? now : now - LONG_AGO;
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

    private @Nullable Bucket add(String key, long rate, long now) {
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
      Bucket bucket = new Bucket();
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
      buckets.remove(eldest.getKey());
      return true;
    }

    /// What nginx's allocator would give a node of this key.
    private static long cost(String key) {
      return Math.max(128, 80 + key.length());
    }
  }
}

package dev.turnout.http.access;

import dev.turnout.cluster.share.SyncedZone.Beat;
import dev.turnout.cluster.share.SyncedZone.Entry;
import dev.turnout.upstream.KeyDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// The leaky buckets of a `limit_req_zone … sync`: what passes at other nodes comes into them, too.
///
/// A node tells how many requests it let pass since it told last, each once, and the others pour
/// that into their buckets: additions, whose order does not matter. So a bucket has all that passed
/// anywhere, but for what others are about to tell, and in any time `t` at most
///
///     rate * t + burst + 1 + (nodes - 1) * (rate * delay + burst + 1)
///
/// requests pass at all nodes together, if what one tells is in the others' buckets after `delay`.
/// The first of a node's requests counts when it is heard of, as one that comes here would, and the
/// others flow in over an interval, as they came: at once they would leave no room for requests that
/// keep the rate.
///
/// What could not be told for long has leaked away in part; then what is told is the excess that is
/// left of it. Keys are known by their digests.
final class SyncedBuckets extends LeakyBuckets {
  private static final long ONE = 1000;
  private static final long LEAST_STALE_MILLIS = 1000;
  private static final long MOST = 1_000_000_000_000L; // of what others tell, lest it overflows

  private int next; // the stripe that is asked first; used by the thread that tells

  /// Buckets that take `size` bytes as nginx reckons.
  SyncedBuckets(long size) {
    super(size, SyncedStripe::new);
  }

  @Override
  String name(String key) {
    return KeyDigest.of(key);
  }

  /// What has passed here and was not told yet.
  ///
  /// @param rate of the zone, in thousandths of a request per second
  List<Entry> take(int most, long rate, Beat beat) {
    List<Entry> taken = new ArrayList<>();
    int count = stripeCount();
    for (int i = 0; i < count && taken.size() < most; i++) {
      SyncedStripe stripe = (SyncedStripe) stripe(next + i & count - 1);
      synchronized (stripe) {
        stripe.take(most, rate, beat, taken);
      }
    }
    next = next + 1 & count - 1;
    return taken;
  }

  /// What has passed at another node.
  void hear(List<Entry> entries, long rate, Beat beat) {
    for (Entry entry : entries) {
      Stripe stripe = stripe(entry.key());
      synchronized (stripe) {
        SyncedBucket bucket = (SyncedBucket) stripe.find(entry.key());
        if (bucket == null) {
          bucket = (SyncedBucket) stripe.add(entry.key(), rate, beat.nowMillis());
          if (bucket == null) {
            continue; // there is no room: as for a request, but that nobody waits for an answer
          }
          bucket.begin(beat.nowMillis(), false);
        }
        bucket.hear(entry.number(), rate, beat);
      }
    }
  }

  /// How many keys have requests that were not told yet.
  int untold() {
    int sum = 0;
    for (int i = 0; i < stripeCount(); i++) {
      SyncedStripe stripe = (SyncedStripe) stripe(i);
      synchronized (stripe) {
        sum += stripe.untold.size();
      }
    }
    return sum;
  }

  private static final class SyncedBucket extends Bucket {
    private final String key;
    private final SyncedStripe stripe;
    private long untold;
    private long untoldSince;
    private long coming; // of others, and yet to flow in
    private long comingUntil;

    SyncedBucket(String key, SyncedStripe stripe) {
      this.key = key;
      this.stripe = stripe;
    }

    @Override
    long level(long rate, long now) {
      return super.level(rate, now) + arrived(now);
    }

    /// What of the coming has flowed in since it was settled last.
    private long arrived(long now) {
      long elapsed = now - last();
      return coming == 0 || elapsed <= 0
          ? 0
          : now >= comingUntil ? coming : coming * elapsed / (comingUntil - last());
    }

    @Override
    void begin(long now, boolean counted) {
      super.begin(now, counted);
      if (counted) {
        tellOne(now);
      }
    }

    @Override
    void count(long newExcess, long now) {
      settleAll(newExcess, now);
      tellOne(now);
    }

    private void settleAll(long newExcess, long now) {
      coming -= arrived(now);
      settle(newExcess, now);
    }

    private void tellOne(long now) {
      if (untold == 0) {
        untoldSince = now;
        stripe.untold.put(key, this);
      }
      untold += ONE;
    }

    @Override
    boolean isDrained(long rate, long now) {
      return coming == 0 && super.isDrained(rate, now);
    }

    long tell(long rate, Beat beat) {
      long told = untold;
      untold = 0;
      long stale = Math.max(LEAST_STALE_MILLIS, 4 * beat.intervalMillis());
      return beat.nowMillis() - untoldSince <= stale
          ? told
          : Math.min(told, excessWith(rate, beat.nowMillis())); // its first is no excess there
    }

    void hear(long amount, long rate, Beat beat) {
      long now = Math.max(beat.nowMillis(), last()); // loops' clocks may be a little ahead
      long first = Math.min(amount, ONE);
      settleAll(Math.min(MOST, Math.max(0, level(rate, now) + first)), now);
      long others = Math.min(MOST, amount - first);
      long late = late(others, now, beat.intervalMillis());
      settle(Math.min(MOST, super.level(rate, now) + late), now);
      coming += others - late;
      comingUntil = now + beat.intervalMillis();
    }

    /// What of the coming has to be there now, so that none of it takes longer than it would have
    /// without the new ones: together they must flow no slower.
    private long late(long others, long now, long interval) {
      long left = comingUntil - now;
      return coming == 0 || left >= interval
          ? 0
          : Math.max(0, coming - others * left / (interval - left));
    }
  }

  private static final class SyncedStripe extends Stripe {
    private final LinkedHashMap<String, SyncedBucket> untold = new LinkedHashMap<>();

    SyncedStripe(long capacity) {
      super(capacity);
    }

    @Override
    Bucket bucket(String key) {
      return new SyncedBucket(key, this);
    }

    @Override
    void forgotten(String key) {
      untold.remove(key);
    }

    void take(int most, long rate, Beat beat, List<Entry> taken) {
      while (taken.size() < most && !untold.isEmpty()) {
        SyncedBucket bucket = untold.pollFirstEntry().getValue();
        long amount = bucket.tell(rate, beat);
        if (amount > 0) {
          taken.add(new Entry(bucket.key, amount, "", 0));
        }
      }
    }
  }
}

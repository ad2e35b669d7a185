package dev.turnout.scale;

import dev.turnout.metrics.Latencies;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerTotals;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamQueue;
import java.util.HashMap;
import java.util.Map;

/// What a group's counters say between two looks. Confined to the scaler's thread.
final class Looks {
  private static final double SLOW_SHARE = 0.05;

  private final long latencyMicros;
  private Map<Long, PeerTotals> before = Map.of();
  private double area;
  private long areaNanos;
  private long lastNanos;
  private boolean begun;

  /// @param latencyMillis what is slow; 0: nothing
  Looks(long latencyMillis) {
    this.latencyMicros = latencyMillis * 1000;
  }

  /// What happened since the look before.
  ///
  /// @param complete false: there was none before, or counters were reset since
  /// @param p95Millis what 95 of 100 answers took at most; 0 if there were none
  record Figures(
      boolean complete,
      double inSystem,
      double rate,
      double errorShare,
      double slowShare,
      double meanMillis,
      double p95Millis,
      Map<Long, Long> requests) {
    /// The same of all nodes together, as far as that is known.
    Figures of(Standing.Figures all) {
      return new Figures(
          all.complete(),
          all.inSystem(),
          all.rate(),
          all.errorShare(),
          slowShare,
          meanMillis,
          p95Millis,
          requests);
    }
  }

  /// Counts the requests in the system; to be called several times between two looks.
  void sample(Upstream upstream, long nanos) {
    long passed = begun ? nanos - lastNanos : 0;
    begun = true;
    lastNanos = nanos;
    area += (double) inSystem(upstream) * passed;
    areaNanos += passed;
  }

  /// Requests that are at servers, those that left the list included, or wait for one.
  static int inSystem(Upstream upstream) {
    int sum = 0;
    PeerSet set = upstream.current();
    for (Peer peer : set.peers()) {
      sum += peer.active();
    }
    for (Peer peer : upstream.zombies()) {
      sum += peer.active();
    }
    UpstreamQueue queue = upstream.queue();
    return queue == null ? sum : sum + queue.size();
  }

  /// Ends the time that is looked at.
  Figures look(Upstream upstream, long nowMillis) {
    double seconds = areaNanos / 1e9;
    double inSystem = areaNanos == 0 ? inSystem(upstream) : area / areaNanos;
    area = 0;
    areaNanos = 0;
    Map<Long, PeerTotals> now = new HashMap<>();
    Map<Long, Long> perPeer = new HashMap<>();
    long requests = 0;
    long answers = 0;
    long failures = 0;
    boolean reset = before.isEmpty() || seconds == 0;
    Latencies times = Latencies.NONE;
    for (Peer peer : upstream.current().peers()) {
      PeerTotals totals = peer.stats().totals(nowMillis);
      now.put(peer.id(), totals);
      PeerTotals last = before.getOrDefault(peer.id(), PeerTotals.NONE);
      long came = totals.requests() - last.requests();
      reset |= came < 0;
      requests += came;
      perPeer.put(peer.id(), came);
      long failed = totals.fails() - last.fails();
      failures += failed + totals.responses().ofClass(5) - last.responses().ofClass(5);
      answers += failed + totals.responses().total() - last.responses().total();
      times = sum(times, totals.responseTimes().since(last.responseTimes()));
    }
    before = now;
    long count = times.count();
    return new Figures(
        !reset,
        inSystem,
        reset ? 0 : requests / seconds,
        reset || answers <= 0 ? 0 : Math.clamp((double) failures / answers, 0, 1),
        reset || latencyMicros == 0 || count == 0 ? Double.NaN : slowShare(times, count),
        count == 0 ? 0 : times.sumNanos() / 1e6 / count,
        p95(times, count),
        perPeer);
  }

  private static Latencies sum(Latencies one, Latencies other) {
    java.util.List<Latencies.Bucket> buckets = new java.util.ArrayList<>();
    for (int i = 0; i < one.buckets().size(); i++) {
      Latencies.Bucket bucket = one.buckets().get(i);
      buckets.add(
          new Latencies.Bucket(
              bucket.boundMicros(), bucket.count() + other.buckets().get(i).count()));
    }
    return new Latencies(buckets, one.sumNanos() + other.sumNanos());
  }

  /// What is in a bucket that begins below the bound counts as in time.
  private double slowShare(Latencies times, long count) {
    long slow = 0;
    long from = 0;
    for (Latencies.Bucket bucket : times.buckets()) {
      slow += from >= latencyMicros ? bucket.count() : 0;
      from = bucket.boundMicros();
    }
    return (double) slow / count;
  }

  private static double p95(Latencies times, long count) {
    long left = count;
    for (Latencies.Bucket bucket : times.buckets()) {
      left -= bucket.count();
      if (count > 0 && left <= count * SLOW_SHARE) {
        return bucket.isUnbounded() ? Double.POSITIVE_INFINITY : bucket.boundMicros() / 1e3;
      }
    }
    return 0;
  }
}

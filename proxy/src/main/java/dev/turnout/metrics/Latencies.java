package dev.turnout.metrics;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// How long things took, in buckets.
///
/// @param buckets from the shortest; the last has no bound
/// @param sumNanos what all of them took together
public record Latencies(List<Bucket> buckets, long sumNanos) {
  /// None.
  public static final Latencies NONE = sum(List.of());

  /// What took at most so long, and longer than the bound of the bucket before.
  ///
  /// @param boundMicros the bound in microseconds, included; {@link Long#MAX_VALUE} for none
  /// @param count how many
  public record Bucket(long boundMicros, long count) {
    /// True for the last bucket.
    public boolean isUnbounded() {
      return boundMicros == Long.MAX_VALUE;
    }
  }

  public Latencies {
    buckets = List.copyOf(buckets);
  }

  /// The sum over the loops.
  public static Latencies sum(Iterable<LatencyHistogram> histograms) {
    long[] counts = new long[LatencyHistogram.buckets()];
    long nanos = 0;
    for (LatencyHistogram histogram : histograms) {
      nanos += histogram.addTo(counts);
    }
    List<Bucket> buckets = new ArrayList<>(counts.length);
    for (int i = 0; i < counts.length; i++) {
      buckets.add(new Bucket(LatencyHistogram.boundMicros(i), counts[i]));
    }
    return new Latencies(buckets, nanos);
  }

  /// How many there were: always the sum of the buckets.
  public long count() {
    return buckets.stream().mapToLong(Bucket::count).sum();
  }

  /// What all of them took together, in milliseconds.
  public long sumMillis() {
    return TimeUnit.NANOSECONDS.toMillis(sumNanos);
  }

  /// The same with the bounds of the NGINX Plus API, which begin at five milliseconds.
  public Latencies fromFiveMillis() {
    List<Bucket> wide = new ArrayList<>();
    long shorter = 0;
    for (Bucket bucket : buckets) {
      if (bucket.boundMicros() < 5000) {
        shorter += bucket.count();
      } else {
        wide.add(new Bucket(bucket.boundMicros(), bucket.count() + shorter));
        shorter = 0;
      }
    }
    return new Latencies(wide, sumNanos);
  }

  /// What a share of them took at most, in microseconds, as far as buckets tell: between the bounds
  /// of one it is taken to rise evenly, and what has no bound counts as the longest bound. 0 if
  /// there are none.
  ///
  /// @param share such as 0.99
  public long quantileMicros(double share) {
    long wanted = (long) Math.ceil(count() * share);
    long before = 0;
    long lower = 0;
    for (Bucket bucket : buckets) {
      if (wanted > 0 && bucket.count() > 0 && before + bucket.count() >= wanted) {
        return bucket.isUnbounded()
            ? lower
            : lower + (bucket.boundMicros() - lower) * (wanted - before) / bucket.count();
      }
      before += bucket.count();
      lower = bucket.boundMicros();
    }
    return 0;
  }

  /// Those that came after `before`.
  public Latencies since(Latencies before) {
    List<Bucket> left = new ArrayList<>(buckets.size());
    for (int i = 0; i < buckets.size(); i++) {
      Bucket now = buckets.get(i);
      left.add(
          new Bucket(now.boundMicros(), Math.max(0, now.count() - before.buckets.get(i).count())));
    }
    return new Latencies(left, Math.max(0, sumNanos - before.sumNanos));
  }
}

package dev.turnout.metrics;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;

/// How long things took: counts in fixed buckets, written by one loop, read by anyone.
///
/// The bounds are those of the NGINX Plus API and three below them, since most of what a proxy sees
/// takes less than five milliseconds. Finding the bucket is a walk from the shortest, two or three
/// steps mostly; an HdrHistogram would be exact to a percent where no exposition format has room
/// for that, at a hundred times the memory per server.
public final class LatencyHistogram {
  /// The upper bounds in microseconds, each included; what is longer is in one more bucket.
  private static final long[] BOUNDS = {
    500,
    1_000,
    2_500,
    5_000,
    10_000,
    25_000,
    50_000,
    75_000,
    100_000,
    250_000,
    500_000,
    750_000,
    1_000_000,
    2_500_000,
    5_000_000,
    7_500_000,
    10_000_000
  };

  private static final int SUM = BOUNDS.length + 1;

  private final AtomicLongArray cells = new AtomicLongArray(SUM + 1);

  /// Counts something that took so long. Only for the writer.
  public void record(long nanos) {
    long micros = Math.max(0, nanos) / 1000;
    int i = 0;
    while (i < BOUNDS.length && micros > BOUNDS[i]) {
      i++;
    }
    cells.setRelease(SUM, cells.getPlain(SUM) + micros);
    cells.setRelease(i, cells.getPlain(i) + 1);
  }

  /// How many buckets there are, the one without a bound included.
  static int buckets() {
    return SUM;
  }

  static long boundMicros(int bucket) {
    return bucket == BOUNDS.length ? Long.MAX_VALUE : BOUNDS[bucket];
  }

  /// Adds what has been counted to `counts`; returns the sum in nanoseconds.
  long addTo(long[] counts) {
    for (int i = 0; i < SUM; i++) {
      counts[i] += cells.getAcquire(i);
    }
    return TimeUnit.MICROSECONDS.toNanos(cells.getAcquire(SUM));
  }
}

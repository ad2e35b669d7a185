package dev.turnout.loadgen;

import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;

/// What was seen of the requests that were due in the measured window. Confined to the run's loop
/// until the run has ended.
final class Measurement {
  private static final long LONGEST = 3_600_000_000_000L;

  /// Answer minus due time: what a user feels, stalls included.
  final Histogram corrected = histogram();

  /// Answer minus the time of sending: what a closed-loop tool would claim.
  final Histogram uncorrected = histogram();

  /// How late the generator itself looked at its schedule.
  final Histogram lag = histogram();

  final long[] statuses = new long[600];
  final Tally answeredBy = new Tally();
  private final LongConsumer intervals;

  long due;
  long started;
  long waited;
  long completed;
  long bytes;
  long broken;
  long malformed;
  long timeouts;
  long unsent;

  /// `intervals` is given every corrected latency as well.
  Measurement(LongConsumer intervals) {
    this.intervals = intervals;
  }

  private static Histogram histogram() {
    return new Histogram(1000, LONGEST, 3);
  }

  void answered(int status, long sinceDue, long sinceSent) {
    completed++;
    statuses[status]++;
    record(sinceDue);
    uncorrected.recordValue(Math.clamp(sinceSent, 0, LONGEST));
  }

  /// A request that was given up took at least this long: leaving it out would hide the worst.
  void timedOut(long sinceDue) {
    timeouts++;
    record(sinceDue);
  }

  /// As {@link #timedOut}, of a request for which there never was a free connection.
  void neverSent(long sinceDue) {
    unsent++;
    record(sinceDue);
  }

  void late(long nanos) {
    lag.recordValue(Math.clamp(nanos, 0, LONGEST));
  }

  private void record(long sinceDue) {
    long nanos = Math.clamp(sinceDue, 0, LONGEST);
    corrected.recordValue(nanos);
    intervals.accept(nanos);
  }
}

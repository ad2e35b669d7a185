package dev.turnout.loadgen;

import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/// What happened in each second of a run: for the live view and for plots.
///
/// The run's loop records; a thread of the timeline's own reads once a second.
final class Timeline implements LongConsumer, Closeable {
  private static final long LONGEST = 3_600_000_000_000L;

  /// One second.
  ///
  /// @param second from the begin of the run
  /// @param ended requests that ended in it
  record Second(int second, long ended, double p50Millis, double p99Millis, double maxMillis) {}

  private final SingleWriterRecorder recorder = new SingleWriterRecorder(1000, LONGEST, 3);
  private final List<Second> seconds =
      new ArrayList<>(); // of the clock's thread until it has ended
  private final Consumer<Second> watcher;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("timeline").factory());
  private @Nullable Histogram spare;

  /// @param watcher is told each second, on the timeline's thread
  Timeline(Consumer<Second> watcher) {
    this.watcher = watcher;
    clock.scheduleAtFixedRate(this::tick, 1, 1, TimeUnit.SECONDS);
  }

  @Override
  public void accept(long nanos) {
    recorder.recordValue(nanos);
  }

  private synchronized void tick() {
    Histogram past = recorder.getIntervalHistogram(spare);
    spare = past;
    Second second =
        new Second(
            seconds.size() + 1,
            past.getTotalCount(),
            past.getValueAtPercentile(50) / 1e6,
            past.getValueAtPercentile(99) / 1e6,
            past.getMaxValue() / 1e6);
    seconds.add(second);
    watcher.accept(second);
  }

  synchronized List<Second> seconds() {
    return List.copyOf(seconds);
  }

  @Override
  public void close() {
    clock.shutdownNow();
  }
}

package dev.turnout.loadgen;

import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogWriter;
import org.HdrHistogram.SingleWriterRecorder;
import org.jspecify.annotations.Nullable;

/// One histogram of latencies a second, in HdrHistogram's log format, for its plotting tools.
///
/// The run's loop records; a thread of the log's own writes, so that writing delays no request.
final class IntervalLog implements LongConsumer, Closeable {
  private final SingleWriterRecorder recorder =
      new SingleWriterRecorder(1000, 3_600_000_000_000L, 3);
  private final PrintStream file;
  private final HistogramLogWriter writer;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("hlog").factory());
  private @Nullable Histogram spare;

  IntervalLog(Path path) throws IOException {
    file = new PrintStream(Files.newOutputStream(path), false, StandardCharsets.US_ASCII);
    writer = new HistogramLogWriter(file);
    long now = System.currentTimeMillis();
    writer.outputLogFormatVersion();
    writer.outputStartTime(now);
    writer.setBaseTime(now);
    writer.outputLegend();
    clock.scheduleAtFixedRate(this::writeInterval, 1, 1, TimeUnit.SECONDS);
  }

  @Override
  public void accept(long nanos) {
    recorder.recordValue(nanos);
  }

  private synchronized void writeInterval() {
    spare = recorder.getIntervalHistogram(spare);
    writer.outputIntervalHistogram(spare);
  }

  /// Writes what is left of the last second.
  @Override
  public void close() {
    clock.shutdownNow();
    writeInterval();
    file.close();
  }
}

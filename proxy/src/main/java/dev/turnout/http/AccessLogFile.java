package dev.turnout.http;

import dev.turnout.log.LogBuffer;
import dev.turnout.log.LogFile;
import java.time.Duration;

/// A file that access logs of one configuration write to, with a buffer for each loop. The buffers
/// are there from when the configuration takes effect until its last request is over.
final class AccessLogFile implements HttpRegistry.Pending {
  private final LogFile file;
  private final HttpEnvironment environment;
  private int hold;
  private Duration flush = Duration.ZERO;
  private LogBuffer[] buffers = {};

  AccessLogFile(LogFile file, HttpEnvironment environment) {
    this.file = file;
    this.environment = environment;
  }

  /// Lines are kept back as `buffer=` and `flush=` ask. False if another log asked otherwise.
  boolean hold(int bytes, Duration atMost) {
    if (hold != 0 && (hold != bytes || !flush.equals(atMost))) {
      return false;
    }
    hold = bytes;
    flush = atMost;
    return true;
  }

  /// Appends a line, on the loop of this number.
  void append(int worker, ByteSink line) {
    buffers[worker].append(line.bytes(), 0, line.length());
  }

  @Override
  public void activate() {
    LogBuffer[] made = new LogBuffer[environment.workers().size()];
    for (int i = 0; i < made.length; i++) {
      made[i] = file.buffer(hold, flush);
    }
    buffers = made;
  }

  @Override
  public void abandon() {
    file.close();
  }

  @Override
  public void retire() {
    for (LogBuffer buffer : buffers) {
      buffer.close();
    }
    file.close();
  }
}

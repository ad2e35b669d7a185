package dev.turnout.http;

import dev.turnout.log.LogBuffer;
import dev.turnout.log.LogFile;
import dev.turnout.net.Worker;

/// A file that access logs of one configuration write to, with a buffer for each loop. The buffers
/// are there from when the configuration takes effect until its last request is over.
final class AccessLogFile implements HttpRegistry.Pending {
  private final LogFile file;
  private final HttpEnvironment environment;
  private LogBuffer.Holding holding = LogBuffer.Holding.NONE;
  private LogBuffer[] buffers = {};

  AccessLogFile(LogFile file, HttpEnvironment environment) {
    this.file = file;
    this.environment = environment;
  }

  /// Lines are kept back as `buffer=`, `flush=` and `gzip` ask. False if another log asked
  /// otherwise.
  boolean hold(LogBuffer.Holding asked) {
    if (holding.bytes() != 0 && !holding.equals(asked)) {
      return false;
    }
    holding = asked;
    return true;
  }

  /// Appends a line, on the loop of this worker.
  void append(Worker worker, ByteSink line) {
    buffers[worker.index()].append(line.bytes(), 0, line.length(), worker.nowNanos());
  }

  @Override
  public void activate() {
    LogBuffer[] made = new LogBuffer[environment.workers().size()];
    for (int i = 0; i < made.length; i++) {
      made[i] = file.buffer(holding);
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

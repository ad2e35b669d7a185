package dev.turnout.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// A file of records that must not get lost: whoever appends waits until they are written, or is
/// told that they are not. Opened again by its name like a log file. Shared; guarded by its own
/// monitor, under which the disk is waited for: never taken by an event loop.
public final class RecordFile implements AutoCloseable {
  private final LogFiles files;
  private final String name;
  private FileChannel channel;
  private long reportedSecond = Long.MIN_VALUE / 2;

  RecordFile(LogFiles files, String name, FileChannel channel) {
    this.files = files;
    this.name = name;
    this.channel = channel;
  }

  /// The path as it was configured.
  public String name() {
    return name;
  }

  /// Appends whole lines, all of them or none.
  ///
  /// @param sync whether they are on disk when this returns
  /// @throws IOException with a message in nginx's words
  public synchronized void append(byte[] lines, boolean sync) throws IOException {
    long end = -1;
    try {
      end = channel.size();
      ByteBuffer buffer = ByteBuffer.wrap(lines);
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (sync) {
        channel.force(false);
      }
    } catch (IOException e) {
      cut(end);
      String message = "write() to \"%s\" failed (%s)".formatted(name, Errno.describe(e));
      report(message);
      throw new IOException(message, e);
    }
  }

  private void report(String message) {
    long second = Math.floorDiv(System.nanoTime(), 1_000_000_000L);
    if (second - reportedSecond > 59) {
      reportedSecond = second;
      files.report(Level.ALERT, message);
    }
  }

  /// Takes back half a line: the next one must begin at the beginning.
  private void cut(long end) {
    try {
      if (end >= 0 && channel.size() > end) {
        channel.truncate(end);
      }
    } catch (IOException e) {
      files.report(
          Level.ALERT, "ftruncate() \"%s\" failed (%s)".formatted(name, Errno.describe(e)));
    }
  }

  synchronized void replaceChannel(FileChannel next) {
    closeChannel();
    channel = next;
  }

  synchronized void closeChannel() {
    try {
      channel.close();
    } catch (IOException e) {
      files.report(Level.ALERT, "close() \"%s\" failed (%s)".formatted(name, Errno.describe(e)));
    }
  }

  /// Gives up one use of the file; with the last one it is closed.
  @Override
  public void close() {
    files.release(this);
  }
}

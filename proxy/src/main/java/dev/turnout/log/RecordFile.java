package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;

/// A file of records that must not get lost: whoever appends waits until they are written, or is
/// told that they are not. Each line carries the digest of the one before it, over restarts and
/// rotations, so that none can be changed or taken out unseen. Opened again by its name like a log
/// file. Shared; guarded by its own monitor, under which the disk is waited for: never taken by an
/// event loop.
public final class RecordFile implements AutoCloseable {
  private final LogFiles files;
  private final String name;
  private FileChannel channel;
  private LineChain chain;
  private long reportedSecond = Long.MIN_VALUE / 2;

  private RecordFile(LogFiles files, String name, FileChannel channel, LineChain chain) {
    this.files = files;
    this.name = name;
    this.channel = channel;
    this.chain = chain;
  }

  /// The exception's message is nginx's.
  static RecordFile open(LogFiles files, String name) throws IOException {
    FileChannel channel = LogFile.openForAppending(name, false);
    try {
      return new RecordFile(files, name, channel, LineChain.of(Path.of(name)));
    } catch (IOException e) {
      channel.close();
      throw new IOException("read() \"%s\" failed (%s)".formatted(name, Errno.describe(e)), e);
    }
  }

  /// The path as it was configured.
  public String name() {
    return name;
  }

  /// A record.
  @FunctionalInterface
  public interface Line {
    /// Its text, one char a byte, without a line feed.
    ///
    /// @param before the SHA-256 of the line before it, in hexadecimal
    String after(String before);
  }

  /// Appends lines, all of them or none.
  ///
  /// @param sync whether they are on disk when this returns
  /// @throws IOException with a message in nginx's words
  public synchronized void append(List<? extends Line> lines, boolean sync) throws IOException {
    long end = -1;
    try {
      LineChain last = chain;
      StringBuilder text = new StringBuilder();
      text.append(last.begun() ? "\n" : ""); // what a crash cut short stays a line of its own
      for (Line line : lines) {
        String next = line.after(last.digest());
        text.append(next).append('\n');
        last = last.after(next);
      }
      end = channel.size();
      ByteBuffer buffer = ByteBuffer.wrap(text.toString().getBytes(ISO_8859_1));
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
      if (sync) {
        channel.force(false);
      }
      chain = last;
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

  /// Goes on in another file, of this name: an empty one begins with the digest of the last line of
  /// the one before.
  synchronized void replaceChannel(FileChannel next) {
    closeChannel();
    channel = next;
    try {
      if (next.size() > 0) {
        chain = LineChain.of(Path.of(name));
      }
    } catch (IOException e) {
      files.report(Level.ALERT, "read() \"%s\" failed (%s)".formatted(name, Errno.describe(e)));
    }
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

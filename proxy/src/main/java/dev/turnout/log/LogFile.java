package dev.turnout.log;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/// A file that lines are appended to and that can be opened again by its name. Shared by all logs
/// that name the same path; its channel is used by whoever holds the log writer's pen.
public final class LogFile implements LogSink, AutoCloseable {
  private static final Set<StandardOpenOption> APPEND =
      Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
  private static final FileAttribute<Set<PosixFilePermission>> READABLE_BY_ALL =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r--r--"));
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-r-----"));

  private final LogFiles files;
  private final String name;
  private final boolean reopens;
  private final LongAdder failedWrites = new LongAdder();
  private FileChannel channel;
  private final WriteTimes times = new WriteTimes();
  private boolean local;
  private long fullSecond = Long.MIN_VALUE;
  private long reportedSecond = Long.MIN_VALUE / 2;

  LogFile(LogFiles files, String name, FileChannel channel, boolean reopens) {
    this.files = files;
    this.name = name;
    this.channel = channel;
    this.reopens = reopens;
  }

  /// Opens `path` for appending; a failure carries nginx's text as its message.
  static FileChannel openForAppending(String path) throws IOException {
    return openForAppending(path, true);
  }

  /// @param readable whether everybody may read a file that is made
  static FileChannel openForAppending(String path, boolean readable) throws IOException {
    try {
      return FileChannel.open(Path.of(path), APPEND, readable ? READABLE_BY_ALL : PRIVATE);
    } catch (IOException e) {
      throw new IOException("open() \"%s\" failed (%s)".formatted(path, Errno.describe(e)), e);
    }
  }

  /// The path as it was configured, or `stderr`.
  public String name() {
    return name;
  }

  /// A buffer for one event loop, written by the loop itself while lines are few, and within about
  /// ten milliseconds while they are many.
  public LogBuffer buffer() {
    return buffer(LogBuffer.Holding.NONE);
  }

  /// A buffer for one event loop that keeps lines back.
  public LogBuffer buffer(LogBuffer.Holding how) {
    return files.addBuffer(this, how);
  }

  /// Writes that failed since the file was first opened.
  public long failedWrites() {
    return failedWrites.sum();
  }

  @Override
  public boolean isPrompt() {
    return local && times.arePrompt(System.nanoTime());
  }

  /// On the writer's thread: finds out what kind of file has the name.
  void lookAtPlace() {
    local = LocalDisk.holds(Path.of(reopens ? name : "/proc/self/fd/2"));
  }

  @Override
  public boolean joinsLines() {
    return true;
  }

  @Override
  public void write(Level level, byte[] lines, int offset, int length) {
    long begin = System.nanoTime();
    long second = Math.floorDiv(begin, 1_000_000_000L);
    if (second == fullSecond) {
      // A full disk is not asked again within the second: the answer may be slow to come.
      failedWrites.increment();
      return;
    }
    ByteBuffer buffer = ByteBuffer.wrap(lines, offset, length);
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } catch (IOException e) {
      failedWrites.increment();
      if (Errno.number(e).orElse(0) == Errno.ENOSPC) {
        fullSecond = second;
      }
      report(second, e);
    }
    times.took(begin, System.nanoTime());
  }

  private void report(long second, IOException failure) {
    if (second - reportedSecond > 59) {
      reportedSecond = second;
      files.report(
          Level.ALERT, "write() to \"%s\" failed (%s)".formatted(name, Errno.describe(failure)));
    }
  }

  /// On the writer's thread: replaces the channel, which writes to the file that has the name now.
  void replaceChannel(FileChannel next) {
    closeChannel();
    channel = next;
    fullSecond = Long.MIN_VALUE;
    lookAtPlace();
  }

  boolean reopens() {
    return reopens;
  }

  void closeChannel() {
    if (!reopens) {
      return; // standard error is not ours to close
    }
    try {
      channel.close();
    } catch (IOException e) {
      files.report(Level.ALERT, "close() \"%s\" failed (%s)".formatted(name, Errno.describe(e)));
    }
  }

  /// Gives up one use of the file; with the last one everything is written and the file closed.
  @Override
  public void close() {
    files.release(this);
  }
}

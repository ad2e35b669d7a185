package dev.turnout.log;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The log files that are open, by path, and the thread that writes them.
///
/// One per process. Opening, closing and reopening belong to the control plane; they wait for the
/// writer's thread, which does the actual work in step with the lines.
public final class LogFiles implements AutoCloseable {
  private static final int QUEUED_LINES = 32 * 1024;
  private static final long PATIENCE = TimeUnit.SECONDS.toMillis(5);

  private final boolean opens;
  private final LogTime time;
  private final LogWriter writer;
  private final Map<String, Use> open = new HashMap<>();
  private final Map<String, RecordUse> records = new HashMap<>();
  private final LogFile stderr;
  private volatile @Nullable ErrorLog reports;

  /// A file and how many logs write to it.
  private record Use(LogFile file, int count) {}

  private record RecordUse(RecordFile file, int count) {}

  public LogFiles() {
    this(new LogTime());
  }

  public LogFiles(LogTime time) {
    this(time, QUEUED_LINES);
  }

  LogFiles(LogTime time, int queuedLines) {
    this(time, queuedLines, true);
  }

  /// Log files that are neither made nor written, for those who only read a configuration.
  public static LogFiles none() {
    return new LogFiles(new LogTime(), QUEUED_LINES, false);
  }

  private LogFiles(LogTime time, int queuedLines, boolean opens) {
    this.opens = opens;
    this.time = time;
    this.writer =
        new LogWriter(queuedLines, count -> report(Level.ERROR, count + " log lines dropped"));
    FileChannel channel = new FileOutputStream(FileDescriptor.err).getChannel();
    this.stderr = new LogFile(this, "stderr", channel, false);
    writer.post(stderr::lookAtPlace);
  }

  public LogTime time() {
    return time;
  }

  /// Standard error. Never reopened or closed.
  public LogFile stderr() {
    return stderr;
  }

  /// The file at `path`, opened now. If other logs write there already it is opened again, as every
  /// load of a configuration does in nginx. The exception's message is nginx's.
  public synchronized LogFile open(String path) throws IOException {
    FileChannel channel = LogFile.openForAppending(opens ? path : "/dev/null");
    Use use = open.get(path);
    if (use == null) {
      LogFile made = new LogFile(this, path, channel, true);
      writer.post(made::lookAtPlace);
      use = new Use(made, 0);
    } else {
      replace(use.file, channel);
    }
    open.put(path, new Use(use.file, use.count + 1));
    return use.file;
  }

  /// The file of records at `path`, opened now, or the one that is open. The exception's message is
  /// nginx's.
  public synchronized RecordFile records(String path) throws IOException {
    RecordUse use = records.get(path);
    if (use == null) {
      use = new RecordUse(RecordFile.open(this, path), 0);
    }
    records.put(path, new RecordUse(use.file, use.count + 1));
    return use.file;
  }

  synchronized void release(RecordFile file) {
    RecordUse use = records.get(file.name());
    if (use == null || use.file != file) {
      return;
    }
    if (use.count > 1) {
      records.put(file.name(), new RecordUse(file, use.count - 1));
    } else {
      records.remove(file.name());
      file.closeChannel();
    }
  }

  /// Finds out about the directory of this name.
  public LogDirectory directory(String path) {
    var directory = new LogDirectory();
    writer.post(() -> directory.lookAt(Path.of(path)));
    return directory;
  }

  /// Files whose names are made for each line.
  public NamedLogs named(NamedLogs.Keeping keeping) {
    return new NamedLogs(this, keeping, System::nanoTime);
  }

  /// A syslog server, from the argument `syslog:server=…` of a directive.
  public Syslog syslog(String argument) {
    return Syslog.parse(argument, this);
  }

  /// Opens every file again by its name, after what is waiting was written to the old one. A file
  /// that cannot be opened keeps its old place; the messages, in nginx's words, are returned.
  public synchronized List<String> reopen() {
    List<String> failures = new ArrayList<>();
    for (Use use : open.values()) {
      try {
        replace(use.file, LogFile.openForAppending(use.file.name()));
      } catch (IOException e) {
        failures.add(String.valueOf(e.getMessage()));
      }
    }
    for (RecordUse use : records.values()) {
      try {
        use.file.replaceChannel(LogFile.openForAppending(use.file.name(), false));
      } catch (IOException e) {
        failures.add(String.valueOf(e.getMessage()));
      }
    }
    return failures;
  }

  private void replace(LogFile file, FileChannel channel) {
    writer.call(
        () -> {
          writer.drain(file);
          file.replaceChannel(channel);
        },
        PATIENCE);
  }

  /// Where trouble with the files themselves is reported.
  public void reportTo(ErrorLog log) {
    reports = log;
  }

  void report(Level level, String message) {
    ErrorLog log = reports;
    if (log != null) {
      log.log(level, message);
    }
  }

  LogBuffer addBuffer(LogFile file, LogBuffer.Holding how) {
    LogBuffer buffer = new LogBuffer(file, writer, how);
    writer.add(buffer);
    return buffer;
  }

  LogWriter writer() {
    return writer;
  }

  synchronized void release(LogFile file) {
    Use use = open.get(file.name());
    if (use == null || use.file != file) {
      return;
    }
    if (use.count > 1) {
      open.put(file.name(), new Use(file, use.count - 1));
      return;
    }
    open.remove(file.name());
    writer.call(
        () -> {
          writer.drain(file);
          file.closeChannel();
        },
        PATIENCE);
  }

  /// Waits until everything logged so far is written.
  public void flush() {
    writer.flushAll(PATIENCE);
  }

  /// Writes everything, then closes the files and ends the thread.
  @Override
  public synchronized void close() {
    writer.close();
    open.values().forEach(use -> use.file.closeChannel());
    open.clear();
    records.values().forEach(use -> use.file.closeChannel());
    records.clear();
  }
}

package dev.turnout.log;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Log files whose names are made for each line, as `access_log` with variables in its path asks
/// for. A file is opened, appended to and closed, unless it is one of those that are kept open.
///
/// Lines are taken from any thread; the files belong to whoever has the log writer's pen.
public final class NamedLogs {
  private final LogFiles files;
  private final Keeping keeping;
  private final LongSupplier nanos;
  private final WriteTimes times = new WriteTimes();
  private final Map<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true); // oldest use first

  /// Which files are kept open: `open_log_file_cache`.
  ///
  /// @param most how many are kept in mind at most; 0 keeps none
  /// @param idle a file that was not written to for so long is closed
  /// @param uses a file is kept open only once so many lines within `idle` were for it
  /// @param valid how long a name is taken to stand for the file that was opened by it
  public record Keeping(int most, Duration idle, int uses, Duration valid) {
    /// `off`.
    public static final Keeping NONE = new Keeping(0, Duration.ZERO, 1, Duration.ZERO);
  }

  private static final class Kept {
    private @Nullable FileChannel channel;
    private @Nullable Object file;
    private int uses;
    private long usedAt;
    private long checkedAt;
  }

  /// One line and the name of its file.
  static final class Line implements LogSink {
    private final NamedLogs to;
    private final LogDirectory in;
    private final String path;
    private final String directory;

    private Line(NamedLogs to, LogDirectory in, String path, String directory) {
      this.to = to;
      this.in = in;
      this.path = path;
      this.directory = directory;
    }

    @Override
    public boolean isPrompt() {
      return in.isLocal() && to.isPrompt(path);
    }

    @Override
    public boolean joinsLines() {
      return false;
    }

    @Override
    public void write(Level level, byte[] line, int offset, int length) {
      to.write(this, ByteBuffer.wrap(line, offset, length));
    }
  }

  NamedLogs(LogFiles files, Keeping keeping, LongSupplier nanos) {
    this.files = files;
    this.keeping = keeping;
    this.nanos = nanos;
  }

  /// Queues a line, and writes it if lines are few.
  ///
  /// @param in what is known of the place of the file
  /// @param path the file; its chars are bytes
  /// @param directory nothing is logged unless this is a directory: names that clients make up do
  ///   not become files where no site is
  public void append(LogDirectory in, String path, String directory, byte[] line) {
    files.writer().enqueue(new Line(this, in, path, directory), Level.INFO, line);
  }

  /// Closes what is open, behind the lines that are queued.
  public void close() {
    files.writer().post(this::closeAll);
  }

  private void closeAll() {
    kept.values().forEach(this::close);
    kept.clear();
  }

  /// Not what waits for a reader: the name may be one of a pipe.
  private boolean isPrompt(String name) {
    if (!times.arePrompt(System.nanoTime())) {
      return false;
    }
    try {
      Path file = path(name);
      return Files.isRegularFile(file) || Files.notExists(file);
    } catch (InvalidPathException _) {
      return false;
    }
  }

  private void write(Line line, ByteBuffer bytes) {
    long begin = System.nanoTime();
    writeTo(line, bytes);
    times.took(begin, System.nanoTime());
  }

  private void writeTo(Line line, ByteBuffer bytes) {
    try {
      if (!Files.isDirectory(path(line.directory))) {
        files.report(
            Level.ERROR,
            "testing \"%s\" existence failed (2: No such file or directory) while logging request"
                .formatted(line.directory));
        return;
      }
      if (keeping.most() == 0) {
        try (FileChannel channel = open(line.path)) {
          write(channel, bytes);
        }
      } else {
        writeKept(line.path, bytes);
      }
    } catch (IOException e) {
      files.report(Level.CRIT, String.valueOf(e.getMessage()));
    } catch (InvalidPathException e) {
      files.report(Level.CRIT, "open() \"%s\" failed (%s)".formatted(line.path, e.getReason()));
    }
  }

  private void writeKept(String path, ByteBuffer bytes) throws IOException {
    Kept entry = used(path);
    write(channel(entry, path), bytes);
    if (entry.uses < keeping.uses()) {
      close(entry);
    }
    kept.put(path, entry); // now that there is such a file
    makeRoom(entry.usedAt);
  }

  private static void write(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private static FileChannel open(String path) throws IOException {
    return LogFile.openForAppending(path(path).toString());
  }

  private static Path path(String name) {
    return Path.of(new String(name.getBytes(ISO_8859_1), UTF_8));
  }

  /// Counts a use of the file.
  private Kept used(String path) {
    long now = nanos.getAsLong();
    long idle = keeping.idle().toNanos();
    Kept entry = kept.get(path);
    if (entry == null) {
      entry = new Kept();
    } else if (now - entry.usedAt > idle) {
      entry.uses = 0;
    }
    entry.uses++;
    entry.usedAt = now;
    return entry;
  }

  /// Forgets those used longest ago, while they are too many or their time is over.
  private void makeRoom(long now) {
    long idle = keeping.idle().toNanos();
    Iterator<Kept> oldest = kept.values().iterator();
    while (oldest.hasNext()) {
      Kept candidate = oldest.next();
      if (kept.size() <= keeping.most() && now - candidate.usedAt <= idle) {
        break;
      }
      close(candidate);
      oldest.remove();
    }
  }

  private FileChannel channel(Kept entry, String path) throws IOException {
    long now = nanos.getAsLong();
    FileChannel there = entry.channel;
    if (there != null && now - entry.checkedAt > keeping.valid().toNanos()) {
      entry.checkedAt = now;
      if (!isStill(entry, path)) {
        close(entry);
        there = null;
      }
    }
    if (there == null) {
      there = open(path);
      entry.channel = there;
      entry.file = fileKey(path);
      entry.checkedAt = now;
    }
    return there;
  }

  private static boolean isStill(Kept entry, String path) {
    try {
      Object file = fileKey(path);
      return file != null && file.equals(entry.file);
    } catch (IOException _) {
      return false;
    }
  }

  private static @Nullable Object fileKey(String path) throws IOException {
    return Files.readAttributes(path(path), java.nio.file.attribute.BasicFileAttributes.class)
        .fileKey();
  }

  private void close(Kept entry) {
    FileChannel channel = entry.channel;
    entry.channel = null;
    if (channel != null) {
      try {
        channel.close();
      } catch (IOException e) {
        files.report(Level.ALERT, "close() of a log file failed (" + Errno.describe(e) + ")");
      }
    }
  }
}

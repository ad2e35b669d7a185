package dev.turnout.log;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The lines of one event loop on their way to one file. Appended to by the loop that owns it,
/// emptied by the log writer's thread, or while lines are few by the loop itself: by whoever has
/// the writer's pen. The loop never waits for the other.
///
/// Lines lie in a chain of chunks. The loop writes at its end and publishes whole lines, the writer
/// takes from its beginning. A chunk that is used up goes back to the loop, so that nothing is
/// allocated unless the writer falls behind by more than a chunk.
public final class LogBuffer implements AutoCloseable {
  private static final int CHUNK_BYTES = 16 * 1024;

  /// What a loop may have waiting before lines are dropped: about what ten seconds of a busy loop
  /// write, so that only a disk that is stuck loses lines.
  private static final long LIMIT_BYTES = 16L * 1024 * 1024;

  private final LogFile file;
  private final LogWriter writer;
  private final long holdBytes;
  private final long holdNanos;
  private final @Nullable GzipMember gzip;

  // The loop's side.
  private Chunk tail = new Chunk(CHUNK_BYTES);
  private int fill;
  private volatile long appended;
  private final LightTraffic traffic = new LightTraffic(System.nanoTime());

  // The side of whoever has the pen.
  private Chunk head = tail;
  private int taken;
  private volatile long written;
  private long heldSince;
  private boolean holding;

  /// A chunk on its way back from the writer to the loop.
  private volatile @Nullable Chunk spare;

  /// A piece of the chain; `next` is set when its loop has moved on to the next piece.
  private static final class Chunk {
    private final byte[] bytes;
    private volatile int published;
    private volatile @Nullable Chunk next;

    Chunk(int size) {
      this.bytes = new byte[size];
    }
  }

  LogBuffer(LogFile file, LogWriter writer, Holding how) {
    this.file = file;
    this.writer = writer;
    this.holdBytes = how.bytes();
    this.holdNanos = how.atMost().isZero() ? Long.MAX_VALUE : how.atMost().toNanos();
    this.gzip = how.gzipLevel() == 0 ? null : new GzipMember(how.gzipLevel());
  }

  /// How lines are kept back.
  ///
  /// @param bytes they are written when they are more than this
  /// @param atMost or when the oldest of them is this old; zero keeps them for any time
  /// @param gzipLevel 1 to 9: what is written is compressed, each time a whole of its own; 0: it is
  ///   not
  public record Holding(int bytes, Duration atMost, int gzipLevel) {
    /// Nothing is kept back.
    public static final Holding NONE = new Holding(0, Duration.ZERO, 0);
  }

  LogFile file() {
    return file;
  }

  /// Appends one or more whole lines, and writes them if they are few and nobody else is writing.
  /// Never waits for others: with [#LIMIT_BYTES] waiting, the lines are dropped and counted.
  ///
  /// @param now {@link System#nanoTime}, a little old perhaps
  public void append(byte[] bytes, int offset, int length, long now) {
    long before = appended;
    long waiting = before - written;
    if (waiting + length > LIMIT_BYTES) {
      writer.countDropped();
      return;
    }
    if (fill + length > tail.bytes.length) {
      extend(length);
    }
    System.arraycopy(bytes, offset, tail.bytes, fill, length);
    fill += length;
    tail.published = fill;
    appended = before + length;
    if (holdBytes == 0
        && traffic.isLightWith(now)
        && waiting < CHUNK_BYTES
        && writer.writeIfFree(this)) {
      return;
    }
    if (holdBytes == 0 || waiting + length >= holdBytes || waiting == 0) {
      writer.wake();
    }
  }

  private void extend(int length) {
    Chunk next = spare;
    if (next != null && length <= next.bytes.length) {
      spare = null;
    } else {
      next = new Chunk(Math.max(CHUNK_BYTES, length));
    }
    next.published = 0;
    next.next = null;
    tail.next = next;
    tail = next;
    fill = 0;
  }

  /// Whether the writer must not sleep without looking at this buffer.
  boolean needsWriter() {
    long waiting = appended - written;
    return waiting > 0 && (waiting >= holdBytes || (holdNanos != Long.MAX_VALUE && !holding));
  }

  /// With the pen: writes what is due; returns whether there was anything.
  boolean drainIfDue(long now) {
    long waiting = appended - written;
    if (waiting == 0) {
      return false;
    }
    if (waiting >= holdBytes) {
      return drain();
    }
    if (!holding) {
      holding = true;
      heldSince = now;
    }
    return holdNanos != Long.MAX_VALUE && now - heldSince >= holdNanos && drain();
  }

  /// With the pen: how long what is held back may still wait.
  long nanosToDeadline(long now) {
    if (!holding || holdNanos == Long.MAX_VALUE) {
      return Long.MAX_VALUE;
    }
    return Math.max(0, heldSince + holdNanos - now);
  }

  /// With the pen: writes everything that is published.
  boolean drain() {
    holding = false;
    boolean worked = false;
    while (true) {
      // Read before `published`: once there is a next chunk, this one does not change any more.
      Chunk next = head.next;
      int published = head.published;
      long done = written;
      if (published > taken) {
        worked = true;
        write(head.bytes, taken, published - taken);
        written = done + published - taken;
        taken = published;
      }
      if (next == null) {
        if (worked && gzip != null) {
          byte[] member = gzip.finish();
          file.write(Level.INFO, member, 0, member.length);
        }
        return worked;
      }
      Chunk used = head;
      head = next;
      taken = 0;
      if (used.bytes.length == CHUNK_BYTES) {
        spare = used;
      }
    }
  }

  private void write(byte[] bytes, int offset, int length) {
    if (gzip == null) {
      file.write(Level.INFO, bytes, offset, length);
    } else {
      gzip.add(bytes, offset, length);
    }
  }

  /// With the pen: nothing more is drained.
  void released() {
    if (gzip != null) {
      gzip.close();
    }
  }

  /// Has what is left written soon and ends the buffer. The loop must not append any more.
  @Override
  public void close() {
    writer.post(() -> writer.retire(this));
  }
}

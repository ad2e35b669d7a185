package dev.turnout.http;

import dev.turnout.log.Level;
import dev.turnout.net.OffLoop;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// Where the output of subrequests joins the body of a response, each at the place where it was
/// asked for. All of them run at once; what has to wait for those before it is kept, and who has
/// more than a little waiting is not read on.
///
/// Files that wait are kept as files. Behind it only the wire takes them as such; for a filter they
/// are read piece by piece.
public final class Splice extends BodyFilter {
  private static final int KEPT = 64 * 1024;
  private static final int PIECE = 32 * 1024;

  private final ArrayDeque<Segment> queue = new ArrayDeque<>();
  private long kept;
  private boolean ended;
  private boolean over;
  private boolean draining;
  private boolean reading;

  Splice(Exchange exchange) {
    super(exchange);
  }

  /// Something at its place in the body.
  private sealed interface Segment {}

  /// Bytes.
  private record Bytes(ByteBuf buffer) implements Segment {
    int size() {
      return buffer.readableBytes();
    }
  }

  /// A part of a file, and how far it has been read.
  private static final class FileSegment implements Segment {
    private final FilePart part;
    private long position;

    FileSegment(FilePart part) {
      this.part = part;
      position = part.offset();
    }

    long left() {
      return part.offset() + part.length() - position;
    }
  }

  /// The output of a subrequest.
  private final class Insertion implements Segment, Subrequest.Receiver {
    private final ArrayDeque<Segment> parts = new ArrayDeque<>(2);
    private final @Nullable Runnable then;
    private @Nullable Exchange from;
    private long waiting;
    private boolean done;

    Insertion(@Nullable Runnable then) {
      this.then = then;
    }

    /// True if nothing is before what comes now.
    private boolean isNext() {
      return queue.peek() == this && parts.isEmpty() && !reading;
    }

    @Override
    public void head(Exchange subrequest) {
      from = subrequest;
    }

    @Override
    public void data(Exchange subrequest, ByteBuf part) {
      if (isReleased()) {
        part.release();
      } else if (isNext()) {
        next().writeBody(exchange(), part, false);
      } else {
        waiting += part.readableBytes();
        parts.add(new Bytes(part));
      }
    }

    @Override
    public void file(Exchange subrequest, FilePart part) {
      if (isReleased()) {
        part.close();
      } else if (isNext() && takesFiles()) {
        next().writeFile(exchange(), part, false);
      } else {
        parts.add(new FileSegment(part));
        drain();
      }
    }

    @Override
    public void flush() {
      if (isNext() && !isReleased()) {
        next().flush();
      }
    }

    @Override
    public boolean isWritable() {
      return isNext() ? next().isWritable() : waiting < KEPT;
    }

    @Override
    public void ended(Exchange subrequest, boolean whole) {
      from = null;
      done = true;
      Runnable after = then;
      if (after != null) {
        after.run();
      }
      drain();
      if (!isReleased()) {
        resumeBefore(); // who makes the body may have waited for there to be fewer
      }
    }

    @Override
    public void cancelled() {
      from = null;
    }

    private void resume() {
      Exchange there = from;
      if (there != null && there.isLive()) {
        there.clientWritable(true);
      }
    }
  }

  /// Puts the output of a subrequest here, behind what has been written so far; `then` runs when it
  /// has ended. False if it could not be started, which is logged.
  public boolean insert(Subrequest subrequest, @Nullable Runnable then) {
    Insertion insertion = new Insertion(then);
    queue.add(insertion);
    if (!subrequest.start(insertion)) {
      queue.removeLastOccurrence(insertion);
      return false;
    }
    return true;
  }

  private boolean takesFiles() {
    return !(next() instanceof BodyFilter);
  }

  // ---- the body of the response itself

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    if (isReleased() || ended) {
      body.release();
      return;
    }
    ended = last;
    if (queue.isEmpty()) {
      over = last;
      next().writeBody(exchange, body, last);
    } else if (body.isReadable()) {
      kept += body.readableBytes();
      queue.add(new Bytes(body));
    } else {
      body.release();
    }
  }

  @Override
  public void writeFile(Exchange exchange, FilePart part, boolean last) {
    if (isReleased() || ended) {
      part.close();
      return;
    }
    ended = last;
    if (queue.isEmpty() && takesFiles()) {
      over = last;
      next().writeFile(exchange, part, last);
    } else {
      queue.add(new FileSegment(part));
      drain();
    }
  }

  @Override
  public void writeEnd(Exchange exchange) {
    if (isReleased() || over) {
      return;
    }
    ended = true;
    if (queue.isEmpty()) {
      over = true;
      next().writeEnd(exchange);
    }
  }

  @Override
  public boolean isWritable() {
    return kept < KEPT && next().isWritable();
  }

  @Override
  protected void resumed() {
    drain();
    if (!isReleased() && queue.peek() instanceof Insertion first) {
      first.resume();
    }
    if (!isReleased() && isWritable()) {
      resumeBefore();
    }
  }

  @Override
  protected void release() {
    for (Segment segment = queue.poll(); segment != null; segment = queue.poll()) {
      free(segment);
    }
  }

  private static void free(Segment segment) {
    switch (segment) {
      case Bytes bytes -> bytes.buffer().release();
      case FileSegment file -> file.part.close();
      case Insertion insertion -> {
        for (Segment part = insertion.parts.poll(); part != null; part = insertion.parts.poll()) {
          free(part);
        }
      }
    }
  }

  // ---- passing on in order

  /// Passes on what is not behind something that has still to come.
  private void drain() {
    if (draining || reading || isReleased()) {
      return;
    }
    draining = true;
    boolean moved = false;
    try {
      while (!isReleased() && step()) {
        moved = true;
      }
    } finally {
      draining = false;
    }
    if (moved && !isReleased()) {
      next().flush();
    }
  }

  private boolean step() {
    Segment first = queue.peek();
    if (first == null) {
      if (ended && !over) {
        over = true;
        next().writeEnd(exchange());
        return true;
      }
      return false;
    }
    if (!next().isWritable()) {
      next().flush();
      if (isReleased() || !next().isWritable()) {
        return false; // resumed() goes on
      }
    }
    return switch (first) {
      case Bytes bytes -> {
        queue.poll();
        boolean wasFull = kept >= KEPT;
        kept -= bytes.size();
        next().writeBody(exchange(), bytes.buffer(), false);
        if (wasFull && !isReleased() && isWritable()) {
          resumeBefore();
        }
        yield true;
      }
      case FileSegment file -> {
        boolean passed = pass(file);
        if (passed) {
          queue.poll();
        }
        yield passed;
      }
      case Insertion insertion -> step(insertion);
    };
  }

  private boolean step(Insertion insertion) {
    return switch (insertion.parts.peek()) {
      case Bytes bytes -> {
        insertion.parts.poll();
        insertion.waiting -= bytes.size();
        next().writeBody(exchange(), bytes.buffer(), false);
        yield true;
      }
      case FileSegment file -> {
        boolean passed = pass(file);
        if (passed) {
          insertion.parts.poll();
        }
        yield passed;
      }
      case Insertion _ -> throw new IllegalStateException("an insertion in an insertion");
      case null -> {
        if (insertion.done) {
          queue.poll();
          yield true;
        }
        insertion.resume();
        yield !insertion.parts.isEmpty();
      }
    };
  }

  /// Passes a file on; false if it is being read.
  private boolean pass(FileSegment file) {
    if (takesFiles() && file.position == file.part.offset()) {
      next().writeFile(exchange(), file.part, false);
      return true;
    }
    if (file.left() == 0) {
      file.part.close();
      return true;
    }
    reading = true;
    int size = (int) Math.min(PIECE, file.left());
    exchange()
        .offLoop(
            piece(file.part, file.position, size),
            (piece, failure) -> readPiece(file, size, piece, failure),
            ByteBuf::release);
    return false;
  }

  private void readPiece(
      FileSegment file, int size, @Nullable ByteBuf piece, @Nullable IOException failure) {
    reading = false;
    if (isReleased()) {
      if (piece != null) {
        piece.release();
      }
      return;
    }
    if (piece == null || piece.readableBytes() < size) {
      if (piece != null) {
        piece.release();
      }
      exchange()
          .log(
              Level.ALERT,
              failure == null
                  ? "the file became shorter while it was sent"
                  : "pread() failed (" + failure.getMessage() + ")");
      abort(exchange());
      return;
    }
    file.position += size;
    next().writeBody(exchange(), piece, false);
    drain();
    if (!isReleased()) {
      next().flush();
    }
  }

  private static OffLoop.Work<ByteBuf> piece(FilePart part, long position, int size) {
    return () -> {
      ByteBuf piece = buffer(size);
      boolean done = false;
      try {
        while (piece.readableBytes() < size) {
          long at = position + piece.readableBytes();
          if (piece.writeBytes(part.channel(), at, size - piece.readableBytes()) <= 0) {
            break;
          }
        }
        done = true;
        return piece;
      } finally {
        if (!done) {
          piece.release();
        }
      }
    };
  }
}

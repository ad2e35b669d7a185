package dev.turnout.http.filter;

import dev.turnout.http.BodyFilter;
import dev.turnout.http.Exchange;
import dev.turnout.http.FilePart;
import io.netty.buffer.ByteBuf;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Lets a body through no faster than so many bytes in a second, reckoned from the beginning of the
/// request. The first second's bytes go at once, as in nginx.
final class LimitedBody extends BodyFilter {
  private static final int HELD = 64 * 1024;
  private static final long SECOND = 1_000_000_000L;

  private final long rate;
  private final long after;
  private final ArrayDeque<Held> waiting = new ArrayDeque<>(4);
  private long sent;
  private long buffered;
  private boolean ended;
  private boolean broken;
  private boolean over;
  private boolean sending;
  private @Nullable Future<?> timer;

  /// Something that waits for its turn.
  private sealed interface Held {
    long length();

    /// What is left of it when `n` bytes have gone.
    Held after(long n);

    record Buffer(ByteBuf bytes) implements Held {
      @Override
      public long length() {
        return bytes.readableBytes();
      }

      @Override
      public Held after(long n) {
        return this; // the buffer is read on
      }
    }

    record File(FilePart part) implements Held {
      @Override
      public long length() {
        return part.length();
      }

      @Override
      public Held after(long n) {
        return new File(
            new FilePart(part.channel(), part.offset() + n, part.length() - n, part.closes()));
      }
    }
  }

  LimitedBody(Exchange exchange, long rate, long after) {
    super(exchange);
    this.rate = rate;
    this.after = after;
  }

  @Override
  public void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    if (body.isReadable() && !isReleased()) {
      buffered += body.readableBytes();
      waiting.add(new Held.Buffer(body));
    } else {
      body.release();
    }
    ended |= last;
    send();
  }

  @Override
  public void writeFile(Exchange exchange, FilePart part, boolean last) {
    if (part.length() > 0 && !isReleased()) {
      waiting.add(new Held.File(part));
    } else {
      part.close();
    }
    ended |= last;
    send();
  }

  @Override
  public void writeEnd(Exchange exchange) {
    ended = true;
    send();
  }

  @Override
  public void breakOff(Exchange exchange) {
    broken = true;
    send();
  }

  @Override
  public boolean isWritable() {
    return buffered < HELD && next().isWritable();
  }

  @Override
  protected void resumed() {
    if (!over) {
      send();
      if (!isReleased()) {
        next().flush();
      }
    }
    if (!isReleased() && isWritable()) {
      resumeBefore();
    }
  }

  private void send() {
    if (sending || over || isReleased()) {
      return;
    }
    sending = true;
    try {
      long allowed = allowed();
      while (allowed > 0 && !waiting.isEmpty() && next().isWritable()) {
        allowed -= sendOne(allowed);
      }
      if (waiting.isEmpty()) {
        if (broken && !over) {
          over = true;
          next().breakOff(exchange());
        } else if (ended && !over) {
          over = true;
          next().writeEnd(exchange());
        }
      } else if (allowed <= 0) {
        await(-allowed);
      }
    } finally {
      sending = false;
    }
  }

  private long allowed() {
    long nanos = exchange().worker().nowNanos() - exchange().startNanos();
    long seconds = nanos / SECOND + 1;
    long part = (long) ((double) rate * (nanos % SECOND) / SECOND);
    return after + rate * seconds + part - sent;
  }

  private long sendOne(long allowed) {
    Held first = waiting.removeFirst();
    long n = Math.min(allowed, first.length());
    boolean whole = n == first.length();
    if (!whole) {
      waiting.addFirst(first.after(n));
    }
    sent += n;
    over = ended && waiting.isEmpty();
    if (first instanceof Held.File(FilePart part)) {
      FilePart now = new FilePart(part.channel(), part.offset(), n, whole && part.closes());
      next().writeFile(exchange(), now, over);
    } else if (first instanceof Held.Buffer(ByteBuf bytes)) {
      buffered -= n;
      ByteBuf now = whole ? bytes : bytes.retainedSlice(bytes.readerIndex(), (int) n);
      if (!whole) {
        bytes.skipBytes((int) n);
      }
      next().writeBody(exchange(), now, over);
    }
    return n;
  }

  /// Waits until some more is allowed: a quarter of a second's, or all there is.
  private void await(long debt) {
    if (timer != null) {
      return;
    }
    long wanted = debt + Math.max(1, rate / 4);
    long nanos = (long) ((double) wanted * SECOND / rate) + 1_000_000;
    timer = exchange().worker().loop().schedule(this::timeIsUp, nanos, TimeUnit.NANOSECONDS);
  }

  private void timeIsUp() {
    timer = null;
    if (isReleased()) {
      return;
    }
    exchange().worker().refreshClock();
    resumed();
  }

  @Override
  protected void release() {
    Future<?> pending = timer;
    if (pending != null) {
      timer = null;
      pending.cancel(false);
    }
    for (Held held = waiting.poll(); held != null; held = waiting.poll()) {
      switch (held) {
        case Held.Buffer(ByteBuf bytes) -> bytes.release();
        case Held.File(FilePart part) -> part.close();
      }
    }
  }
}

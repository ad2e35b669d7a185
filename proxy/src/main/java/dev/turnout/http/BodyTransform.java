package dev.turnout.http;

import io.netty.buffer.ByteBuf;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// A {@link BodyFilter} that makes another body of the one it gets, a bounded piece at a time: it
/// keeps the loop for a few pieces, then lets other exchanges have their turn, and it does not make
/// what the client does not take.
public abstract class BodyTransform extends BodyFilter {
  /// How much of its input, or output, a step should deal with.
  protected static final int STEP = 16 * 1024;

  private static final int STEPS = 4;

  private final ArrayDeque<ByteBuf> waiting = new ArrayDeque<>(4);
  private boolean ended;
  private boolean broken;
  private boolean over;
  private boolean working;
  private boolean scheduled;

  protected BodyTransform(Exchange exchange) {
    super(exchange);
  }

  /// Deals with some of `in`, about [#STEP] bytes; false if it is to be called with it again.
  protected abstract boolean transform(ByteBuf in);

  /// All of the body is in: passes the rest on, with the last part marked as such.
  protected abstract void finish();

  /// What was given so far is to reach the client now.
  protected void sync() {}

  /// Called once, when the exchange is over.
  protected abstract void free();

  @Override
  protected final void release() {
    for (ByteBuf in = waiting.poll(); in != null; in = waiting.poll()) {
      in.release();
    }
    free();
  }

  @Override
  public final void writeBody(Exchange exchange, ByteBuf body, boolean last) {
    if (body.isReadable() && !over && !ended && !isReleased()) {
      waiting.add(body);
    } else {
      body.release();
    }
    ended |= last;
    work();
  }

  @Override
  public final void writeEnd(Exchange exchange) {
    ended = true;
    work();
  }

  @Override
  public final void breakOff(Exchange exchange) {
    ended = true;
    broken = true;
    work();
  }

  @Override
  public final void flush() {
    if (exchange().response().isImmediate() && waiting.isEmpty() && !over && !working) {
      sync();
    }
    next().flush();
  }

  @Override
  public final boolean isWritable() {
    return waiting.isEmpty() && next().isWritable();
  }

  @Override
  protected final void resumed() {
    if (!over && (!waiting.isEmpty() || ended)) {
      work();
      if (!isReleased()) {
        next().flush();
      }
    }
    if (!isReleased()) {
      super.resumed();
    }
  }

  private void work() {
    if (working || scheduled || over || isReleased()) {
      return;
    }
    working = true;
    try {
      steps();
    } finally {
      working = false;
    }
  }

  private void steps() {
    for (int step = 0; !isReleased(); step++) {
      @Nullable ByteBuf in = waiting.peek();
      if (in == null) {
        if (ended) {
          over = true;
          if (broken) {
            next().breakOff(exchange());
          } else {
            finish();
          }
        }
        return;
      }
      if (!next().isWritable()) {
        next().flush();
        if (isReleased() || !next().isWritable()) {
          return; // resumed() goes on
        }
      }
      if (step == STEPS) {
        scheduled = true;
        exchange().worker().loop().execute(this::goOn);
        return;
      }
      if (transform(in)) {
        ByteBuf done = waiting.poll();
        if (done != null) { // else everything has been let go of meanwhile
          done.release();
        }
      }
    }
  }

  private void goOn() {
    scheduled = false;
    if (isReleased()) {
      return;
    }
    exchange().worker().refreshClock();
    exchange()
        .engine()
        .guarded(
            exchange(),
            () -> {
              work();
              if (!isReleased()) {
                flush();
              }
              if (!isReleased() && isWritable()) {
                super.resumed();
              }
            });
  }
}

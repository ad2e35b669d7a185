package dev.turnout.net;

import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The one moment at which something has taken too long. Confined to its event loop.
///
/// Setting it costs a field write: a timer of the loop is armed only when none runs or when the new
/// moment lies before the armed one; a timer that fires too early arms itself again for the rest.
/// So a busy keep-alive connection, which moves its deadline several times a request, touches the
/// loop's timer queue about once a minute.
public final class Deadline implements Runnable {
  private static final long NONE = Long.MAX_VALUE;

  private final EventExecutor loop;
  private final Runnable expired;
  private long at = NONE;
  private long armedAt = NONE;
  private @Nullable Future<?> timer;

  /// @param expired runs on the loop, once for each deadline that passes
  public Deadline(EventExecutor loop, Runnable expired) {
    this.loop = loop;
    this.expired = expired;
  }

  /// Moves the deadline to `millis` from `nowNanos` ({@link System#nanoTime}).
  public void set(long nowNanos, long millis) {
    at = nowNanos + TimeUnit.MILLISECONDS.toNanos(millis);
    if (armedAt == NONE || at - armedAt < 0) {
      arm(nowNanos);
    }
  }

  /// Takes the deadline back; an armed timer may still run, and does nothing.
  public void clear() {
    at = NONE;
  }

  /// Takes the deadline back for good and gives the timer up.
  public void cancel() {
    at = NONE;
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
    armedAt = NONE;
  }

  /// True while a deadline is set.
  public boolean isSet() {
    return at != NONE;
  }

  @Override
  public void run() {
    armedAt = NONE;
    timer = null;
    if (at == NONE) {
      return;
    }
    long now = System.nanoTime();
    if (at - now > 0) {
      arm(now);
      return;
    }
    at = NONE;
    expired.run();
  }

  private void arm(long now) {
    if (timer != null) {
      timer.cancel(false);
    }
    armedAt = at;
    timer = loop.schedule(this, Math.max(0, at - now), TimeUnit.NANOSECONDS);
  }
}

package dev.turnout.log;

import java.util.concurrent.TimeUnit;

/// Whether lines come so slowly that each may be written by itself: up to a thousand a second, and
/// a few hundred at once. Threads may share one; a line that is lost in a race is not missed.
final class LightTraffic {
  private static final long LINE = TimeUnit.MILLISECONDS.toNanos(1);
  private static final long AT_ONCE = 256 * LINE;

  private volatile long paidUntil;

  LightTraffic(long now) {
    this.paidUntil = now;
  }

  /// Counts a line at `now`, a {@link System#nanoTime}; returns whether there are few.
  boolean isLightWith(long now) {
    long owed = Math.max(0, paidUntil - now);
    paidUntil = now + Math.min(owed, AT_ONCE) + LINE;
    return owed < AT_ONCE;
  }
}

package dev.turnout.log;

import java.util.concurrent.TimeUnit;

/// How long writing takes: after a write that took long, event loops stay away for a while, so that
/// a disk that hangs holds one of them once in that time at most. Belongs to whoever has the pen.
final class WriteTimes {
  private static final long LONG = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long AWAY = TimeUnit.SECONDS.toNanos(10);

  private boolean slow;
  private long slowSeen;

  /// A write lasted from `begin` to `end`, both {@link System#nanoTime}.
  void took(long begin, long end) {
    if (end - begin > LONG) {
      slow = true;
      slowSeen = end;
    }
  }

  boolean arePrompt(long now) {
    if (slow && now - slowSeen > AWAY) {
      slow = false;
    }
    return !slow;
  }
}

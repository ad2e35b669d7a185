package dev.turnout.testkit;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/// Waits for what announces itself to nobody: a file of another process, its memory, its ports.
/// Everything inside this process has something better to wait on.
public final class Eventually {
  private static final long PAUSE_NANOS = 2_000_000;

  private Eventually() {}

  /// Returns as soon as the condition holds.
  ///
  /// @throws AssertionError with the explanation if it does not hold in time
  public static void until(Duration bound, Callable<Boolean> condition, Supplier<String> otherwise)
      throws Exception {
    long end = System.nanoTime() + bound.toNanos();
    while (!condition.call()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within " + bound.toSeconds() + " s: " + otherwise.get());
      }
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      LockSupport.parkNanos(PAUSE_NANOS);
    }
  }
}

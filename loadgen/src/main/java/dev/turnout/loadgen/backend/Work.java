package dev.turnout.loadgen.backend;

import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/// What a backend does for each request, and what goes wrong with it.
///
/// @param cpuMillis of a processor's time
/// @param sleepMillis of waiting, as for a database
/// @param spread the times are exponential around these means instead of always the same
/// @param failShare requests that are answered with `failStatus`, 0 to 1
/// @param dropShare requests whose connection is closed without an answer
/// @param stallMillis how long everything stands still, every `stallEveryMillis`; 0: never
public record Work(
    double cpuMillis,
    double sleepMillis,
    boolean spread,
    double failShare,
    int failStatus,
    double dropShare,
    long stallMillis,
    long stallEveryMillis) {
  /// Nothing but an answer.
  public static final Work NONE = new Work(0, 0, false, 0, 500, 0, 0, 0);

  /// Nothing but so much waiting.
  public static Work sleeping(double millis) {
    return new Work(0, millis, false, 0, 500, 0, 0, 0);
  }

  /// How a request ends.
  enum End {
    WELL,
    FAILED,
    DROPPED
  }

  /// Works for one request, as one of at most so many at a time.
  End run(Semaphore slots, long startedNanos) throws InterruptedException {
    stall(startedNanos);
    slots.acquire();
    try {
      double factor = spread ? -Math.log1p(-ThreadLocalRandom.current().nextDouble()) : 1;
      burn(cpuMillis * factor);
      long nanos = Math.round(sleepMillis * factor * 1e6);
      if (nanos > 0) {
        TimeUnit.NANOSECONDS.sleep(nanos);
      }
    } finally {
      slots.release();
    }
    double chance = ThreadLocalRandom.current().nextDouble();
    return chance < dropShare
        ? End.DROPPED
        : chance < dropShare + failShare ? End.FAILED : End.WELL;
  }

  /// Waits for the end of a standstill, if there is one now.
  private void stall(long startedNanos) throws InterruptedException {
    if (stallMillis == 0) {
      return;
    }
    long every = TimeUnit.MILLISECONDS.toNanos(stallEveryMillis);
    long into = (System.nanoTime() - startedNanos) % every;
    long from = every - TimeUnit.MILLISECONDS.toNanos(stallMillis);
    if (into >= from) {
      TimeUnit.NANOSECONDS.sleep(every - into);
    }
  }

  private static void burn(double millis) {
    long end = System.nanoTime() + Math.round(millis * 1e6);
    long spun = 0;
    while (System.nanoTime() - end < 0) {
      spun++;
      if ((spun & 63) == 0) {
        Thread.onSpinWait();
      }
    }
  }
}

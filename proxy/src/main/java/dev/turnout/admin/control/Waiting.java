package dev.turnout.admin.control;

import dev.turnout.control.Events;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Waits on a virtual thread for something that an event tells of.
final class Waiting implements Events.Watcher {
  private final Semaphore news = new Semaphore(0);
  private volatile boolean dismissed;

  private Waiting() {}

  /// Returns when the condition holds, the time is over, or the node sends those that wait away.
  static void until(Events events, BooleanSupplier condition, long millis) {
    Waiting waiting = new Waiting();
    events.watch(waiting);
    try {
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
      while (!condition.getAsBoolean() && !waiting.dismissed) {
        long left = end - System.nanoTime();
        if (left <= 0 || !waiting.news.tryAcquire(left, TimeUnit.NANOSECONDS)) {
          return;
        }
        waiting.news.drainPermits();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } finally {
      events.forget(waiting);
    }
  }

  @Override
  public void published() {
    news.release();
  }

  @Override
  public void dismissed() {
    dismissed = true;
    news.release();
  }
}

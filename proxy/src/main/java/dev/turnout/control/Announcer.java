package dev.turnout.control;

import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// The thread, virtual, by which a node that shares its state says that it lives: each second, and
/// as soon as there is news. Once a second it also tries what the store did not take, or, if that
/// is asked for, to read all of it again; that at most every tenth of one.
///
/// Others wait on its monitor for what the news is about.
final class Announcer {
  private static final long HEARTBEAT_MILLIS = 1000;
  private static final long AGAIN_MILLIS = 100;

  private final Runnable announce;
  private final Runnable retry;
  private final Runnable readAgain;
  private boolean news; // guarded by this
  private boolean closed; // guarded by this
  private @Nullable Thread thread; // guarded by this
  private volatile boolean againDue;

  /// @param announce says what there is to say of the node
  /// @param retry tries again what the store did not take
  /// @param readAgain asks for all that the store has
  Announcer(Runnable announce, Runnable retry, Runnable readAgain) {
    this.announce = announce;
    this.retry = retry;
    this.readAgain = readAgain;
  }

  /// Begins, if it has not begun.
  synchronized void start() {
    if (thread == null) {
      thread = Thread.ofVirtual().name("announcer").start(this::run);
    }
  }

  /// There is news.
  synchronized void wake() {
    news = true;
    notifyAll();
  }

  /// All of the store is to be read again, soon.
  void askAgain() {
    againDue = true;
    wake();
  }

  /// Waits for something that there is news of; false if it has not come to be in time, or this
  /// ends.
  synchronized boolean await(BooleanSupplier condition, long millis) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (!condition.getAsBoolean()) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0 || closed) {
        return false;
      }
      wait(left);
    }
    return true;
  }

  private synchronized boolean rest() throws InterruptedException {
    long patience = againDue ? AGAIN_MILLIS : HEARTBEAT_MILLIS;
    boolean _ = await(() -> news, patience);
    news = false;
    return !closed;
  }

  private void run() {
    long lastBeat = 0;
    long lastAgain = 0;
    try {
      while (rest()) {
        long nowMillis = System.nanoTime() / 1_000_000;
        if (againDue && nowMillis - lastAgain >= AGAIN_MILLIS) {
          lastAgain = nowMillis;
          againDue = false;
          readAgain.run();
        } else if (nowMillis - lastBeat >= HEARTBEAT_MILLIS) {
          lastBeat = nowMillis;
          retry.run();
        }
        announce.run();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Ends, at once: nobody waits any more. [#join] waits until it has.
  synchronized void end() {
    closed = true;
    notifyAll();
  }

  /// Waits until its thread is over.
  void join() throws InterruptedException {
    Thread there;
    synchronized (this) {
      there = thread;
    }
    if (there != null) {
      there.join();
    }
  }
}

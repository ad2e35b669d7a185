package dev.turnout.control;

import java.util.concurrent.Semaphore;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.TimeUnit;

/// A pause that ends when the test says so: it tells how long the thread wanted to wait.
final class Steps implements Lookout.Pause {
  private final SynchronousQueue<Long> wanted = new SynchronousQueue<>();
  private final Semaphore goOn = new Semaphore(0);

  @Override
  public void millis(long time) throws InterruptedException {
    wanted.put(time);
    goOn.acquire();
  }

  /// Waits until the thread pauses; returns for how long it wants to.
  long awaitPause() throws InterruptedException {
    Long time = wanted.poll(20, TimeUnit.SECONDS);
    if (time == null) {
      throw new AssertionError("nobody pauses");
    }
    return time;
  }

  /// The pause is over.
  void end() {
    goOn.release();
  }
}

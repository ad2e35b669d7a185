package dev.turnout.cluster.web;

import dev.turnout.cluster.share.SharedStore.Follower;
import dev.turnout.cluster.share.SharedStore.Following;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The life of one who follows a store over HTTP: a virtual thread that connects, tells all that
/// there is and then what changes, until that fails; tells so once, waits, and begins again.
/// Guarded by its own monitor.
public abstract class WebFollowing implements Following {
  private static final long LONGEST_PAUSE = 500;
  private static final long SLICE_MILLIS = 100;

  private final WebStore store;
  private final List<String> prefixes;
  private final Follower follower;
  private final Random chance = new Random();
  private final String name;
  private @Nullable Thread thread; // guarded by this

  private boolean anew; // everything is to be told
  private boolean closed;
  private boolean told; // the thread's: that the store is lost
  private int failures; // the thread's: since something was heard

  /// @param name of the thread
  protected WebFollowing(
      String name, WebStore store, Collection<String> prefixes, Follower follower) {
    this.name = name;
    this.store = store;
    this.prefixes = List.copyOf(prefixes);
    this.follower = follower;
  }

  /// Begins.
  final synchronized void start() {
    thread = Thread.ofVirtual().name(name).start(this::run);
  }

  private void run() {
    while (!isClosed()) {
      try {
        takeAnew();
        follow();
        if (!wantsAnew()) {
          pause(); // it forgot what is asked for, perhaps again and again: not without a breath
        }
      } catch (StoreTrouble e) {
        lost(e.text());
      } catch (RuntimeException e) {
        lost("unexpected " + e); // a bug of ours, and no reason not to try again
      } catch (InterruptedException _) {
        end();
        return; // nobody interrupts it but to end it
      }
    }
    end();
  }

  private void lost(String reason) {
    end();
    if (isClosed()) {
      return;
    }
    if (!told) {
      told = true;
      follower.lost(reason);
    }
    failures++;
    pause();
  }

  /// Tells all that there is, and then what changes, until [#wantsAnew] or [#isClosed].
  protected abstract void follow() throws StoreTrouble, InterruptedException;

  /// Lets go of connections.
  protected abstract void end();

  /// What is followed.
  protected final List<String> prefixes() {
    return prefixes;
  }

  protected final boolean follows(String key) {
    for (String prefix : prefixes) {
      if (key.startsWith(prefix)) {
        return true;
      }
    }
    return false;
  }

  protected final Follower follower() {
    return follower;
  }

  /// The store is heard.
  protected final void heard() {
    told = false;
    failures = 0;
  }

  /// Longer each time, and never all at once.
  private synchronized void pause() {
    long most = Math.min(LONGEST_PAUSE, 20L << Math.min(failures, 10));
    long pause = most / 2 + chance.nextLong(most / 2);
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(pause);
    try {
      while (!closed && end - System.nanoTime() > 1_000_000) {
        wait(Math.max(1, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())));
      }
    } catch (InterruptedException _) {
      closed = true;
    }
  }

  /// Waits a moment, at most until `endNanos`; false when that has come.
  protected final boolean slice(long endNanos, Waiting waiting) throws InterruptedException {
    long left = TimeUnit.NANOSECONDS.toMillis(endNanos - System.nanoTime());
    if (left <= 0) {
      return false;
    }
    waiting.await(Math.min(left, SLICE_MILLIS));
    return true;
  }

  /// Something that is waited for in slices, between which it is seen whether to go on.
  @FunctionalInterface
  protected interface Waiting {
    void await(long millis) throws InterruptedException;
  }

  protected final synchronized boolean wantsAnew() {
    return anew;
  }

  private synchronized void takeAnew() {
    anew = false;
  }

  protected final synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public final synchronized void again() {
    anew = true;
    notifyAll();
  }

  @Override
  public final void close() {
    store.forget(this);
    Thread there;
    synchronized (this) {
      closed = true;
      there = thread;
      notifyAll();
    }
    if (there == null || Thread.currentThread() == there) {
      return;
    }
    try {
      there.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}

package dev.turnout.http.proxy;

import dev.turnout.net.Deadline;
import dev.turnout.net.Worker;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamQueue;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// The time that one request waits for a server, in its upstream's queue. Confined to the request's
/// loop but for [#turn]; ends once.
final class Waiting implements UpstreamQueue.Waiter {
  private final Proxying proxying;
  private final Upstream upstream;
  private final Worker worker;
  private final long sinceNanos;
  private final Deadline timeout;
  private @Nullable Deadline recovery;
  private UpstreamQueue.@Nullable Place place;
  private boolean over;

  Waiting(Proxying proxying, Upstream upstream) {
    this.proxying = proxying;
    this.upstream = upstream;
    this.worker = proxying.worker();
    this.sinceNanos = worker.nowNanos();
    this.timeout = new Deadline(worker.loop(), this::timedOut);
  }

  /// Takes a place at the end of the queue; false if there is none left.
  boolean begin(UpstreamQueue queue, int limit, long timeoutMillis) {
    UpstreamQueue.Place mine = queue.join(this, limit);
    if (mine == null) {
      return false;
    }
    place = mine;
    timeout.set(worker.nowNanos(), timeoutMillis);
    return true;
  }

  /// Always a task of its own, since whoever made room is in the midst of another request.
  @Override
  public void turn() {
    try {
      worker.loop().execute(this::look);
    } catch (RejectedExecutionException _) {
      // the loop has ended with the process, and its requests with it
    }
  }

  private void look() {
    UpstreamQueue.Place mine = place;
    if (over || mine == null) {
      return;
    }
    worker.refreshClock();
    if (!proxying.goesOn()) {
      mine.unserved();
      awaitRecovery();
    }
  }

  /// A server that is out for its failures comes back without anybody saying so.
  private void awaitRecovery() {
    long millis = upstream.recoversInMillis(worker.monotonicMillis());
    if (millis >= 0) {
      if (recovery == null) {
        recovery = new Deadline(worker.loop(), upstream::wakeWaiting);
      }
      recovery.set(worker.nowNanos(), millis);
    }
  }

  private void timedOut() {
    if (!over) {
      worker.refreshClock();
      proxying.waitedTooLong();
    }
  }

  /// The request goes on, or is over: its place is free.
  void end() {
    if (over) {
      return;
    }
    over = true;
    timeout.cancel();
    if (recovery != null) {
      recovery.cancel();
    }
    if (place != null) {
      place.leave();
    }
  }

  long millis() {
    return (worker.nowNanos() - sinceNanos) / 1_000_000;
  }
}

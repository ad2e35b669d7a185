package dev.turnout.upstream;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// What happened at one server since it joined its upstream. Written by all event loops, read by
/// balancers and the API; survives every change to the upstream that keeps the server.
///
/// `active` is exact at every moment, since `max_conns` and `least_conn` decide by it. The totals
/// are exact once their writers are done.
public final class PeerStats {
  private static final int CLASSES = 5;

  private final AtomicInteger active = new AtomicInteger();
  private final LongAdder requests = new LongAdder();
  private final LongAdder[] responses = new LongAdder[CLASSES];
  private final LongAdder sent = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder fails = new LongAdder();
  private final LongAdder unavail = new LongAdder();

  PeerStats() {
    for (int i = 0; i < CLASSES; i++) {
      responses[i] = new LongAdder();
    }
  }

  /// Counts a response that the peer gave, by the first digit of its status.
  public void responded(int status) {
    int digit = status / 100;
    if (digit >= 1 && digit <= CLASSES) {
      responses[digit - 1].increment();
    }
  }

  public void sent(long bytes) {
    sent.add(bytes);
  }

  public void received(long bytes) {
    received.add(bytes);
  }

  /// Requests that are at the peer now.
  public int active() {
    return active.get();
  }

  /// Requests that were given to the peer.
  public long requests() {
    return requests.sum();
  }

  /// Responses whose status begins with `digit`, 1 to 5.
  public long responses(int digit) {
    return responses[digit - 1].sum();
  }

  /// Responses of all classes.
  public long responses() {
    long total = 0;
    for (LongAdder ofClass : responses) {
      total += ofClass.sum();
    }
    return total;
  }

  public long sentBytes() {
    return sent.sum();
  }

  public long receivedBytes() {
    return received.sum();
  }

  /// Attempts that counted against the peer.
  public long fails() {
    return fails.sum();
  }

  /// How often the peer's failures reached `max_fails`.
  public long unavail() {
    return unavail.sum();
  }

  void began() {
    active.incrementAndGet();
    requests.increment();
  }

  void ended() {
    active.decrementAndGet();
  }

  /// Takes back [#began()]: the request went elsewhere before anything was sent.
  void withdrawn() {
    active.decrementAndGet();
    requests.decrement();
  }

  void failed() {
    fails.increment();
  }

  void becameUnavailable() {
    unavail.increment();
  }
}

package dev.turnout.upstream;

import dev.turnout.metrics.Counter;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.LatencyHistogram;
import dev.turnout.metrics.MovingAverage;
import dev.turnout.metrics.PerLoop;
import dev.turnout.metrics.Responses;
import dev.turnout.metrics.StatusCounter;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/// What happened at one server since it joined its upstream. Written by all event loops, read by
/// balancers and the API; survives every change to the upstream that keeps the server.
///
/// `active` is exact at every moment, since `max_conns` and `least_conn` decide by it. What
/// attempts report at their end each loop counts for itself. The totals are exact once their
/// writers are done.
public final class PeerStats {
  private final AtomicInteger active = new AtomicInteger();
  private final LongAdder requests = new LongAdder();
  private final LongAdder fails = new LongAdder();
  private final LongAdder unavail = new LongAdder();
  private final PerLoop<Loop> loops = new PerLoop<>(Loop::new);
  private final MovingAverage headerNanos = new MovingAverage();
  private final MovingAverage responseNanos = new MovingAverage();
  private final Downtime downtime = new Downtime();
  private volatile PeerTotals forgotten = PeerTotals.NONE;

  /// When the peer was chosen last; 0 before that. Said by any loop: only the latest matters.
  private final Counter selected = new Counter();

  PeerStats() {}

  /// What the attempts of one loop report; only it writes.
  public final class Loop {
    private final Counter sent = new Counter();
    private final Counter received = new Counter();
    private final StatusCounter responses = new StatusCounter();
    private final LatencyHistogram responseTimes = new LatencyHistogram();

    private Loop() {}

    /// The head of a response has come.
    public void responded(int status) {
      responses.count(status);
    }

    /// So much went to the peer and came from it in an attempt.
    public void moved(long sentBytes, long receivedBytes) {
      sent.add(sentBytes);
      received.add(receivedBytes);
    }

    /// A response has come whole: its head after so long, its last byte after so long.
    public void took(long headNanos, long allNanos) {
      headerNanos.add(Math.max(1, headNanos));
      responseNanos.add(Math.max(1, allNanos));
      responseTimes.record(allNanos);
    }
  }

  /// Where attempts of loop `index` report.
  public Loop on(int index) {
    return loops.on(index);
  }

  /// Requests that are at the peer now.
  public int active() {
    return active.get();
  }

  /// Requests that were given to the peer.
  public long requests() {
    return requests.sum();
  }

  /// Attempts that counted against the peer.
  public long fails() {
    return fails.sum();
  }

  /// The responses that the peer gave.
  public Responses responses() {
    return Responses.sum(loops.all().stream().map(loop -> loop.responses).toList());
  }

  /// How often the peer's failures reached `max_fails`.
  public long unavail() {
    return unavail.sum();
  }

  /// The moving average of the time to the head of a response, in nanoseconds; 0 if there was none.
  public long headerNanos() {
    return headerNanos.get();
  }

  /// The moving average of the time to the end of a response, in nanoseconds; 0 if there was none.
  public long responseNanos() {
    return responseNanos.get();
  }

  /// When the peer was chosen last, by the clock that never jumps.
  public OptionalLong selectedMillis() {
    long at = selected.get();
    return at == 0 ? OptionalLong.empty() : OptionalLong.of(at);
  }

  /// Since when the peer has been out for its failures, by the clock that never jumps.
  public OptionalLong downSinceMillis(long nowMillis) {
    return downtime.since(nowMillis);
  }

  /// What has been counted since the peer joined, or since [#forget].
  public PeerTotals totals(long nowMillis) {
    return all(nowMillis).since(forgotten);
  }

  /// Counts from here.
  public void forget(long nowMillis) {
    forgotten = all(nowMillis);
    headerNanos.forget();
    responseNanos.forget();
  }

  /// Responses are read before requests, so that there are never more of them.
  private PeerTotals all(long nowMillis) {
    List<Loop> all = loops.all();
    Latencies times = Latencies.sum(all.stream().map(loop -> loop.responseTimes).toList());
    Responses responses = responses();
    long sent = all.stream().mapToLong(loop -> loop.sent.get()).sum();
    long received = all.stream().mapToLong(loop -> loop.received.get()).sum();
    return new PeerTotals(
        requests.sum(),
        responses,
        sent,
        received,
        fails.sum(),
        unavail.sum(),
        downtime.millis(nowMillis),
        times);
  }

  void began(long nowMillis) {
    active.incrementAndGet();
    requests.increment();
    selected.set(nowMillis);
  }

  void ended() {
    active.decrementAndGet();
  }

  /// Takes back [#began]: the request went elsewhere before anything was sent.
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

  /// The peer is out from now until then, unless it answers before that.
  void out(long nowMillis, long untilMillis) {
    downtime.out(nowMillis, untilMillis);
  }

  /// The peer has answered after it was out.
  void back(long nowMillis) {
    downtime.back(nowMillis);
  }
}

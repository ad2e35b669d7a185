package dev.turnout.metrics;

import java.util.List;
import java.util.function.ToLongFunction;

/// The counters behind one name of `status_zone`. Each loop counts for itself; whoever asks adds
/// up.
public final class TrafficZone {
  private final String name;
  private final PerLoop<Loop> loops = new PerLoop<>(Loop::new);
  private volatile Traffic forgotten = Traffic.NONE;

  public TrafficZone(String name) {
    this.name = name;
  }

  /// What one loop has counted; only it writes.
  public static final class Loop {
    private final Counter begun = new Counter();
    private final Counter ended = new Counter();
    private final Counter discarded = new Counter();
    private final Counter received = new Counter();
    private final Counter sent = new Counter();
    private final StatusCounter responses = new StatusCounter();
    private final LatencyHistogram durations = new LatencyHistogram();

    private Loop() {}

    /// A request has come.
    public void began() {
      begun.increment();
    }

    /// A request that came is over, with a response that was begun at least.
    public void responded(int status, long received, long sent, long nanos) {
      durations.record(nanos);
      responded(status, received, sent);
    }

    /// A request that came is over, and how long that took means nothing: it was a tunnel.
    public void responded(int status, long received, long sent) {
      this.received.add(received);
      this.sent.add(sent);
      responses.count(status);
      ended.increment();
    }

    /// A request that came is over without a response.
    public void discarded(long received) {
      this.received.add(received);
      discarded.increment();
      ended.increment();
    }
  }

  public String name() {
    return name;
  }

  /// The counters of loop `index`.
  public Loop on(int index) {
    return loops.on(index);
  }

  /// What has been counted since the start, or since [#forget].
  public Traffic traffic() {
    return total().since(forgotten);
  }

  /// Counts from here.
  public void forget() {
    forgotten = total();
  }

  /// Ends are read before responses and those before beginnings, the other way round than they are
  /// written: so what is under way is never less than nothing, nor responses more than requests.
  private Traffic total() {
    List<Loop> all = loops.all();
    long ended = sum(all, loop -> loop.ended.get());
    long discarded = sum(all, loop -> loop.discarded.get());
    Responses responses = Responses.sum(all.stream().map(loop -> loop.responses).toList());
    long sent = sum(all, loop -> loop.sent.get());
    long received = sum(all, loop -> loop.received.get());
    Latencies durations = Latencies.sum(all.stream().map(loop -> loop.durations).toList());
    long begun = sum(all, loop -> loop.begun.get());
    return new Traffic(begun - ended, begun, responses, discarded, received, sent, durations);
  }

  private static long sum(List<Loop> loops, ToLongFunction<Loop> counter) {
    return loops.stream().mapToLong(counter).sum();
  }
}

package dev.turnout.http;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToLongFunction;

/// Connections and requests of the whole process, as `stub_status` shows them. Each loop counts for
/// itself; whoever asks adds up.
public final class ConnectionCounters {
  private final AtomicLong numbers = new AtomicLong();
  private final List<Loop> loops = new CopyOnWriteArrayList<>();

  /// The counters of one loop: written by it alone, without a locked instruction, read by anyone.
  public static final class Loop {
    private final AtomicLong numbers;
    private final AtomicLong accepted = new AtomicLong();
    private final AtomicLong active = new AtomicLong();
    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong reading = new AtomicLong();
    private final AtomicLong writing = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private volatile long acceptedBefore;
    private volatile long droppedBefore;
    private volatile long requestsBefore;

    private Loop(AtomicLong numbers) {
      this.numbers = numbers;
    }

    private static void add(AtomicLong counter, long n) {
      counter.setOpaque(counter.getPlain() + n);
    }

    /// A connection was accepted; returns its number.
    public long accepted() {
      add(accepted, 1);
      add(active, 1);
      return numbers.incrementAndGet();
    }

    /// A connection that was accepted is not served: there are too many.
    public void dropped() {
      add(dropped, 1);
    }

    /// A connection is gone.
    public void closed() {
      add(active, -1);
    }

    /// A request's head begins to be read.
    public void readingBegan() {
      add(reading, 1);
    }

    /// A request's head is no longer being read.
    public void readingEnded() {
      add(reading, -1);
    }

    /// A request is under way.
    public void requestBegan() {
      add(requests, 1);
      add(writing, 1);
    }

    /// A request is over.
    public void requestEnded() {
      add(writing, -1);
    }

    /// What it has counted since the start, or since it was told to forget.
    public Figures figures() {
      long busy = Math.max(0, reading.getOpaque() + writing.getOpaque());
      long open = Math.max(busy, active.getOpaque());
      return new Figures(
          accepted.getOpaque() - acceptedBefore,
          dropped.getOpaque() - droppedBefore,
          busy,
          open - busy,
          requests.getOpaque() - requestsBefore,
          busy);
    }

    /// Counts connections from here; `stub_status` goes on.
    public void forgetConnections() {
      acceptedBefore = accepted.getOpaque();
      droppedBefore = dropped.getOpaque();
    }

    /// Counts requests from here; `stub_status` goes on.
    public void forgetRequests() {
      requestsBefore = requests.getOpaque();
    }
  }

  /// Connections and requests of one loop.
  ///
  /// @param accepted connections that were accepted
  /// @param dropped those of them that were not served
  /// @param active connections that carry a request now
  /// @param idle connections that wait for one
  /// @param requests requests that have come
  /// @param current requests that are under way, those included whose head is being read
  public record Figures(
      long accepted, long dropped, long active, long idle, long requests, long current) {}

  /// The loops, by index.
  public List<Loop> loops() {
    return List.copyOf(loops);
  }

  /// The counters of one more loop.
  public Loop newLoop() {
    Loop loop = new Loop(numbers);
    loops.add(loop);
    return loop;
  }

  private long sum(ToLongFunction<Loop> counter) {
    return Math.max(0, loops.stream().mapToLong(counter).sum());
  }

  /// Connections accepted since the start.
  public long acceptedTotal() {
    return sum(loop -> loop.accepted.getOpaque());
  }

  /// Connections that were accepted and not served, since the start.
  public long droppedTotal() {
    return sum(loop -> loop.dropped.getOpaque());
  }

  /// Connections that are open.
  public long activeNow() {
    return sum(loop -> loop.active.getOpaque());
  }

  /// Requests begun since the start.
  public long requestsTotal() {
    return sum(loop -> loop.requests.getOpaque());
  }

  /// Connections whose request head is being read.
  public long readingNow() {
    return sum(loop -> loop.reading.getOpaque());
  }

  /// Requests under way.
  public long writingNow() {
    return sum(loop -> loop.writing.getOpaque());
  }

  /// Connections that are open and idle.
  public long waitingNow() {
    return Math.max(0, activeNow() - readingNow() - writingNow());
  }
}

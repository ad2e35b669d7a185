package dev.turnout.systemtest;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/// A number of kept-alive connections, each of which asks again as soon as it has its answer.
final class ClosedLoop implements AutoCloseable {
  private static final int KEPT_FAILURES = 20;

  /// One request and the judgement of its answer; what it throws is a failed request.
  @FunctionalInterface
  interface Turn {
    void take(RawClient client) throws Exception;
  }

  private final int port;
  private final Turn turn;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicLong done = new AtomicLong();
  private final List<String> failures = new ArrayList<>(); // guarded by itself
  private long failed; // guarded by failures
  private volatile boolean stopping;

  private ClosedLoop(int port, Turn turn) {
    this.port = port;
    this.turn = turn;
  }

  static ClosedLoop start(int port, int connections, Turn turn) {
    ClosedLoop loop = new ClosedLoop(port, turn);
    for (int i = 0; i < connections; i++) {
      loop.threads.add(Thread.ofVirtual().name("connection-" + i).start(loop::run));
    }
    return loop;
  }

  private void run() {
    while (!stopping) {
      try (RawClient client = RawClient.connect(port)) {
        while (!stopping) {
          turn.take(client);
          done.incrementAndGet();
        }
      } catch (Exception | AssertionError e) {
        fail(e);
      }
    }
  }

  private void fail(Throwable e) {
    synchronized (failures) {
      failed++;
      if (failures.size() < KEPT_FAILURES) {
        failures.add(e.toString());
      }
    }
  }

  /// How many requests were answered well.
  long done() {
    return done.get();
  }

  /// Waits until so many more requests were answered well.
  void awaitMore(int count) throws Exception {
    long goal = done.get() + count;
    Eventually.until(
        Duration.ofSeconds(30),
        () -> done.get() >= goal,
        () -> "the load stands still: " + failures());
  }

  /// The first failures; empty if there was none.
  List<String> failures() {
    synchronized (failures) {
      return failed <= KEPT_FAILURES
          ? List.copyOf(failures)
          : List.of(failed + " failures, the first: " + failures);
    }
  }

  /// Ends each connection after its request.
  @Override
  public void close() throws IOException {
    stopping = true;
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException _) {
          interrupted = true; // a request is bounded: wait for it, then pass it on
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}

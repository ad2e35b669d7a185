package dev.turnout.systemtest;

import dev.turnout.testkit.RawClient;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/// Requests at a fixed rate over kept-alive connections, whatever the answers do; each is timed
/// from the moment at which it was due, so that one that had to wait for others counts in full.
final class OpenLoop {
  private final int port;
  private final int connections;
  private final double rate;
  private final ClosedLoop.Turn turn;

  /// @param rate requests a second, over all connections
  OpenLoop(int port, int connections, double rate, ClosedLoop.Turn turn) {
    this.port = port;
    this.connections = connections;
    this.rate = rate;
    this.turn = turn;
  }

  /// What a run came to.
  static final class Run {
    private final int[] micros; // latencies from the due time, ascending
    private final List<String> failures;

    private Run(int[] micros, List<String> failures) {
      this.micros = micros;
      this.failures = List.copyOf(failures);
    }

    int percentile(double p) {
      return micros.length == 0 ? 0 : micros[(int) Math.min(micros.length - 1, micros.length * p)];
    }

    List<String> failures() {
      return failures;
    }
  }

  /// Keeps the rate for so long; blocks.
  Run run(double seconds) throws InterruptedException {
    int each = (int) Math.ceil(rate * seconds / connections);
    int[][] micros = new int[connections][];
    List<String> failures = new ArrayList<>();
    long start = System.nanoTime() + 20_000_000;
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      int connection = i;
      threads.add(
          Thread.ofVirtual()
              .name("open-" + i)
              .start(() -> micros[connection] = ask(connection, start, each, failures)));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    int[] all = Arrays.stream(micros).flatMapToInt(IntStream::of).sorted().toArray();
    synchronized (failures) {
      return new Run(all, failures);
    }
  }

  private int[] ask(int connection, long start, int count, List<String> failures) {
    int[] micros = new int[count];
    int done = 0;
    try (RawClient client = RawClient.connect(port)) {
      for (int n = 0; n < count; n++) {
        long due = start + (long) ((connection + (double) n * connections) / rate * 1e9);
        for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
          LockSupport.parkNanos(left);
        }
        turn.take(client);
        micros[done++] = (int) ((System.nanoTime() - due) / 1000);
      }
    } catch (Exception | AssertionError e) {
      synchronized (failures) {
        failures.add(e.toString());
      }
    }
    return Arrays.copyOf(micros, done);
  }
}

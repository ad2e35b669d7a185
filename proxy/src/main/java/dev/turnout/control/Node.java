package dev.turnout.control;

import dev.turnout.http.Generation;
import dev.turnout.http.h1.Http1Loop;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.net.Worker;
import dev.turnout.net.Workers;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The running node: which generation serves, and how one follows another. All methods are called
/// by the control thread.
public final class Node {
  private static final long POLL_MILLIS = 20;

  private final Workers workers;
  private final Listeners listeners;
  private @Nullable Candidate current;

  public Node(Workers workers, Listeners listeners) {
    this.workers = workers;
    this.listeners = listeners;
  }

  /// Serves the first configuration.
  ///
  /// @throws IOException in nginx's words if an address cannot be bound; the candidate is given up
  public void start(Candidate first) throws IOException {
    change(first);
  }

  /// Builds the next configuration beside the present one and changes over; what does not work out
  /// changes nothing and is told in the present error log.
  ///
  /// @param load reads and builds it; throws with the message for the log
  /// @param timeoutMillis when what is left of the present configuration is cut; 0: never
  /// @return true if the new configuration serves
  public boolean reload(Supplier<Candidate> load, long timeoutMillis) {
    Candidate before = present();
    Candidate next;
    try {
      next = load.get();
    } catch (RuntimeException e) {
      before.log().log(Level.EMERG, String.valueOf(e.getMessage()));
      return false;
    }
    try {
      change(next);
    } catch (IOException e) {
      before.log().log(Level.EMERG, String.valueOf(e.getMessage()));
      return false;
    }
    watch(before, next.log(), timeoutMillis);
    return true;
  }

  private void change(Candidate next) throws IOException {
    Listeners.Prepared prepared;
    try {
      prepared = listeners.prepare(next.generation());
    } catch (IOException e) {
      next.abandon();
      throw e;
    }
    next.activate();
    prepared.serve();
    current = next;
    for (String warning : next.warnings()) {
      next.log().log(Level.WARN, warning);
    }
  }

  /// Tells, as nginx does of its old workers, when the last request of a generation is over.
  private void watch(Candidate before, ErrorLog log, long timeoutMillis) {
    Generation old = before.generation();
    long replaced = System.nanoTime();
    Thread.ofVirtual()
        .name("generation-" + old.number())
        .start(() -> {
          try {
            if (timeoutMillis > 0) {
              TimeUnit.MILLISECONDS.sleep(timeoutMillis);
              cut(old, replaced);
            }
            while (active(old) > 0) {
              TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
            }
            before.retire();
            log.log(
                Level.NOTICE,
                "generation "
                    + old.number()
                    + " is drained: worker process "
                    + ProcessHandle.current().pid()
                    + " exited with code 0");
          } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
          }
        });
  }

  private void cut(Generation old, long replacedNanos) {
    for (Http1Loop loop : listeners.loops()) {
      try {
        loop.worker().loop().execute(() -> loop.cut(old, replacedNanos));
      } catch (RejectedExecutionException _) {
        // the loop has ended, and all that it served
      }
    }
  }

  private int active(Generation generation) throws InterruptedException {
    int sum = 0;
    for (Worker worker : workers.all()) {
      CompletableFuture<Integer> count = new CompletableFuture<>();
      try {
        worker.loop().execute(() -> count.complete(generation.activeOn(worker.index())));
      } catch (RejectedExecutionException _) {
        continue; // the loop has ended, and all that it served
      }
      sum += await(count, 0);
    }
    return sum;
  }

  private static int await(CompletableFuture<Integer> count, int otherwise)
      throws InterruptedException {
    try {
      return count.get(5, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException | TimeoutException _) {
      return otherwise;
    }
  }

  /// Takes no more connections: idle ones end now, busy ones after their answer.
  public void stopListening() {
    listeners.close();
  }

  /// Whether connections are open, or exchanges go on without theirs.
  public boolean isBusy() throws InterruptedException {
    return open() > 0;
  }

  /// Cuts everything.
  public void abort() throws InterruptedException {
    listeners.close();
    listeners.abort();
    fence();
  }

  private void fence() throws InterruptedException {
    try {
      workers.fence().toCompletableFuture().get(2, TimeUnit.SECONDS);
    } catch (java.util.concurrent.ExecutionException | TimeoutException _) {
      // a loop that is stuck does not keep the process
    }
  }

  private int open() throws InterruptedException {
    int sum = 0;
    for (Http1Loop loop : listeners.loops()) {
      CompletableFuture<Integer> count = new CompletableFuture<>();
      loop.worker().loop().execute(() -> count.complete(loop.open()));
      sum += await(count, 0);
    }
    return sum;
  }

  /// The configuration that serves.
  public Candidate present() {
    Candidate there = current;
    if (there == null) {
      throw new IllegalStateException("the node has not started");
    }
    return there;
  }
}

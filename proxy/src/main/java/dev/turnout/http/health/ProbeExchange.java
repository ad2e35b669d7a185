package dev.turnout.http.health;

import dev.turnout.http.Exchange;
import dev.turnout.http.Generation;
import dev.turnout.http.HttpRegistry.Place;
import dev.turnout.http.PhaseEngine;
import dev.turnout.http.ResponseHead;
import dev.turnout.http.Variable;
import dev.turnout.http.proxy.ProbeTarget;
import dev.turnout.net.Worker;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// An exchange without a client, in which variables have their values for one probed server.
///
/// Variables belong to loops, so they are evaluated on one; the prober's thread waits meanwhile,
/// the loop does not.
final class ProbeExchange {
  private static final PhaseEngine NO_PHASES = new PhaseEngine();

  private final Worker worker;
  private final Generation generation;
  private final Place place;
  private final ProbeTarget target;
  private final String address;
  private final Exchange exchange;

  ProbeExchange(
      Worker worker, Generation generation, Place place, ProbeTarget target, String address) {
    this.worker = worker;
    this.generation = generation;
    this.place = place;
    this.target = target;
    this.address = address;
    this.exchange = new Exchange(worker, NO_PHASES);
  }

  /// The head of the request that asks for `uri`.
  byte[] requestHead(String uri, boolean keepAlive) throws InterruptedException {
    return onLoop(null, on -> target.requestHead(on, uri, keepAlive));
  }

  /// True if no variable is empty or `0` after this answer.
  boolean areSet(List<Variable> variables, ResponseHead answer) throws InterruptedException {
    return onLoop(answer, on -> variables.stream().allMatch(variable -> isSet(variable, on)));
  }

  private static boolean isSet(Variable variable, Exchange exchange) {
    String value = variable.value(exchange);
    return value != null && !value.isEmpty() && !value.equals("0");
  }

  private <T> T onLoop(@Nullable ResponseHead answer, Function<Exchange, T> work)
      throws InterruptedException {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      worker
          .loop()
          .execute(() -> {
            try {
              result.complete(evaluate(answer, work));
            } catch (RuntimeException bug) {
              result.completeExceptionally(bug);
            }
          });
    } catch (RejectedExecutionException _) {
      throw new InterruptedException("the node is ending");
    }
    try {
      return result.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a variable failed in a probe", e.getCause());
    }
  }

  private <T> T evaluate(@Nullable ResponseHead answer, Function<Exchange, T> work) {
    worker.refreshClock();
    exchange.begin(new NoClient(worker), generation, place.server());
    try {
      exchange.location(place.location());
      exchange.started();
      exchange.upstreaming(target.view(address, answer));
      return work.apply(exchange);
    } finally {
      exchange.release();
    }
  }
}

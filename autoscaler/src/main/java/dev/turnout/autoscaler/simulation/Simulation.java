package dev.turnout.autoscaler.simulation;

import dev.turnout.autoscaler.Action;
import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Decision;
import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.ServerSeen;
import dev.turnout.autoscaler.ServerState;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import org.HdrHistogram.Histogram;

/// A group of servers under a trace, with a controller that looks at it once a second: requests
/// come at random, independent of each other, and every one of them is followed from its coming to
/// its end. The same seed, the same run.
public final class Simulation {
  private static final double LOOK_SECONDS = 1;
  private static final long LONGEST_MICROS = 3_600_000_000L;

  private final Trace trace;
  private final Model model;
  private final Controller controller;
  private final Dispatch dispatch;
  private final SplittableRandom random;
  private final Sizes sizes;
  private final SimulatedServer[] servers;
  private final Histogram times = new Histogram(LONGEST_MICROS, 3);
  private final ArrayDeque<double[]> homeless = new ArrayDeque<>(); // came, size
  private final List<Outcome.Point> history = new ArrayList<>();
  private final BiConsumer<Observation, Decision> watcher;

  private double now;
  private int inSystem;
  private double area; // of requests in the system over time, since the last look
  private double areaFrom;
  private int arrivals;
  private int answered;
  private int slow;
  private double timeSum;
  private long timeCount;
  private int starts;
  private int stops;

  /// @param count how many servers there are
  /// @param on how many of them are on at the beginning
  public Simulation(
      Trace trace,
      Model model,
      Controller controller,
      Dispatch dispatch,
      int count,
      int on,
      long seed) {
    this(trace, model, controller, dispatch, count, on, seed, (_, _) -> {});
  }

  /// @param watcher is told of each look and what was decided
  public Simulation(
      Trace trace,
      Model model,
      Controller controller,
      Dispatch dispatch,
      int count,
      int on,
      long seed,
      BiConsumer<Observation, Decision> watcher) {
    this.trace = trace;
    this.model = model;
    this.controller = controller;
    this.dispatch = dispatch;
    this.random = new SplittableRandom(seed);
    this.sizes =
        new Sizes(
            model.meanMillis() / 1000, model.smallestMillis() / 1000, model.largestMillis() / 1000);
    this.servers = new SimulatedServer[count];
    this.watcher = watcher;
    for (int i = 0; i < count; i++) {
      servers[i] = new SimulatedServer(i, model);
      if (i < on) {
        servers[i].become(ServerState.ON, 0);
      }
    }
  }

  /// Runs the trace to its end, and what is in the system then to its own.
  public Outcome run() {
    double end = trace.seconds();
    double look = LOOK_SECONDS;
    double arrival = nextArrival(0, end);
    int nextPoint = 0;
    while (true) {
      SimulatedServer first = firstToEnd();
      double ends = first.nextEnd;
      double ready = firstReady();
      double next = Math.min(Math.min(arrival, ends), Math.min(look, ready));
      if (next >= end) {
        break;
      }
      area += inSystem * (next - now);
      now = next;
      if (next == ready) {
        makeReady();
      } else if (next == ends) {
        end(first);
      } else if (next == arrival) {
        arrive();
        arrival = nextArrival(now, end);
      } else {
        look();
        look += LOOK_SECONDS;
        if (now >= nextPoint) {
          point();
          nextPoint += Outcome.STEP;
        }
      }
    }
    return finish(end);
  }

  private Outcome finish(double end) {
    double joules = 0;
    double powered = 0;
    for (SimulatedServer server : servers) {
      server.advance(end);
      joules += server.joules;
      powered += server.poweredSeconds;
    }
    // what is left took at least until now: leaving it out would hide the worst
    for (SimulatedServer server : servers) {
      while (server.active > 0 && server.nextEnd < Double.POSITIVE_INFINITY) {
        double at = server.nextEnd;
        record(at - server.end(at));
      }
    }
    homeless.forEach(one -> record(end - one[0]));
    return new Outcome(
        controller.policy().name(),
        trace.name(),
        end,
        powered / end,
        joules / end,
        starts,
        stops,
        times.getTotalCount(),
        times.getMean() / 1000,
        times.getValueAtPercentile(50) / 1000.0,
        times.getValueAtPercentile(95) / 1000.0,
        times.getValueAtPercentile(99) / 1000.0,
        history);
  }

  /// Exponential gaps at the rate of the second they begin in; a second that ends begins anew.
  private double nextArrival(double from, double end) {
    double at = from;
    while (at < end) {
      int second = (int) at;
      double rate = trace.rate(second);
      double gap = rate > 0 ? -Math.log1p(-random.nextDouble()) / rate : Double.POSITIVE_INFINITY;
      if (at + gap < second + 1) {
        return at + gap;
      }
      at = second + 1;
    }
    return Double.POSITIVE_INFINITY;
  }

  private SimulatedServer firstToEnd() {
    SimulatedServer first = servers[0];
    for (SimulatedServer server : servers) {
      if (server.nextEnd < first.nextEnd) {
        first = server;
      }
    }
    return first;
  }

  private double firstReady() {
    double first = Double.POSITIVE_INFINITY;
    for (SimulatedServer server : servers) {
      first = Math.min(first, server.readyAt);
    }
    return first;
  }

  private void makeReady() {
    for (SimulatedServer server : servers) {
      if (server.readyAt <= now) {
        server.become(ServerState.ON, now);
      }
    }
    while (!homeless.isEmpty()) {
      double[] one = homeless.remove();
      give(one[0], one[1]);
    }
  }

  private void arrive() {
    arrivals++;
    inSystem++;
    give(now, sizes.next(random));
  }

  private void give(double came, double size) {
    SimulatedServer chosen = choose();
    if (chosen == null) {
      homeless.add(new double[] {came, size});
    } else {
      chosen.arrive(now, size, came);
    }
  }

  private @org.jspecify.annotations.Nullable SimulatedServer choose() {
    double packing = dispatch instanceof Dispatch.Pack(var p) ? p.getAsDouble() : 0;
    SimulatedServer shortest = null;
    for (SimulatedServer server : servers) {
      if (server.state != ServerState.ON) {
        continue;
      }
      if (server.active < packing) {
        return server;
      }
      if (shortest == null || server.active < shortest.active) {
        shortest = server;
      }
    }
    return shortest;
  }

  private void end(SimulatedServer server) {
    record(now - server.end(now));
    inSystem--;
    if (server.state == ServerState.DRAINING && server.active == 0) {
      server.become(ServerState.OFF, now);
    }
  }

  private void record(double seconds) {
    times.recordValue(Math.clamp(Math.round(seconds * 1e6), 0, LONGEST_MICROS));
    answered++;
    slow += seconds > model.slowMillis() / 1000 ? 1 : 0;
    timeSum += seconds;
    timeCount++;
  }

  private void look() {
    double passed = now - areaFrom;
    List<ServerSeen> seen = new ArrayList<>(servers.length);
    for (SimulatedServer server : servers) {
      boolean idle = !server.usedSinceLook && server.active == 0;
      server.usedSinceLook = false;
      seen.add(new ServerSeen("b" + (server.index + 1), server.state, true, idle));
    }
    Observation observation =
        new Observation(
            now,
            area / passed,
            arrivals / passed,
            0,
            answered == 0 ? Double.NaN : (double) slow / answered,
            true,
            model.setupSeconds(),
            seen);
    area = 0;
    areaFrom = now;
    arrivals = 0;
    answered = 0;
    slow = 0;
    Decision decision = controller.decide(observation);
    for (Action action : decision.actions()) {
      act(action);
    }
    watcher.accept(observation, decision);
  }

  private void act(Action action) {
    SimulatedServer server = servers[action.server()];
    switch (action) {
      case Action.Start _ -> {
        starts++;
        server.become(model.setupSeconds() > 0 ? ServerState.STARTING : ServerState.ON, now);
      }
      case Action.TakeBack _ -> server.become(ServerState.ON, now);
      case Action.Drain _ -> {
        stops++;
        server.become(server.active > 0 ? ServerState.DRAINING : ServerState.OFF, now);
      }
      case Action.GiveUp _ -> {
        stops++;
        server.become(ServerState.OFF, now);
      }
    }
  }

  private void point() {
    int on = 0;
    int starting = 0;
    for (SimulatedServer server : servers) {
      on += server.state == ServerState.ON ? 1 : 0;
      starting += server.state == ServerState.STARTING ? 1 : 0;
    }
    history.add(
        new Outcome.Point(
            now,
            trace.at(now),
            on,
            starting,
            inSystem,
            timeCount == 0 ? 0 : timeSum / timeCount * 1000));
    timeSum = 0;
    timeCount = 0;
  }
}

package dev.turnout.loadgen.demo;

import dev.turnout.autoscaler.Controller;
import dev.turnout.autoscaler.Limits;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.autoscaler.simulation.Dispatch;
import dev.turnout.autoscaler.simulation.Model;
import dev.turnout.autoscaler.simulation.Outcome;
import dev.turnout.autoscaler.simulation.Simulation;
import dev.turnout.autoscaler.simulation.Trace;

/// The day of the demo, simulated: the controller of the node with the same settings, before a
/// model of the same machines.
///
/// @param requests how many come each second
/// @param servers how many there are, of which one is on at the beginning
/// @param packing requests at a server that are enough for it
/// @param waitSeconds how long a server is surplus before it goes
/// @param bootSeconds how long one takes to start
/// @param serviceMillis what a request takes on average
/// @param threads requests that a server works for at a time
record SimulatedDay(
    Trace requests,
    int servers,
    double packing,
    double waitSeconds,
    double bootSeconds,
    double serviceMillis,
    int threads) {
  /// Requests of a machine wait for something else, so they do not slow each other down.
  private static final double NO_SLOWING = 1e9;

  /// Sizes are exponential, cut off where one of 20,000 would be.
  private static final double LARGEST = 10;

  /// Runs it, the more days the less is chance; returns the mean of the server-seconds and of T95.
  Figures run(int days) {
    double serverSeconds = 0;
    double p95 = 0;
    for (int day = 1; day <= days; day++) {
      Outcome outcome = once(day);
      serverSeconds += outcome.serverSeconds() / days;
      p95 += outcome.p95Millis() / days;
    }
    return new Figures(serverSeconds, p95);
  }

  /// What came of it.
  record Figures(double serverSeconds, double p95Millis) {}

  private Outcome once(long seed) {
    Model machines =
        new Model(
            serviceMillis,
            0,
            serviceMillis * LARGEST,
            NO_SLOWING,
            threads,
            threads,
            bootSeconds,
            0,
            0,
            0,
            Double.MAX_VALUE);
    Controller controller =
        new Controller(
            JustEnough.of(Packing.fixed(packing)),
            new Limits(1, servers, 0, 0, waitSeconds, 0, 0, Limits.USUAL_ERROR_SHARE));
    return new Simulation(
            requests, machines, controller, new Dispatch.Pack(() -> packing), servers, 1, seed)
        .run();
  }
}

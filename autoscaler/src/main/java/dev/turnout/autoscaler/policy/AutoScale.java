package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.ServerState;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// The paper's AutoScale as published: the load is read off the requests in the system, every 20 s;
/// what has been idle for `t_wait` goes.
public final class AutoScale implements Policy {
  private final LoadCurve curve;
  private final double everySeconds;
  private final Average inSystem;
  private double next = Double.NEGATIVE_INFINITY;
  private int least;
  private String why = "";

  public AutoScale(LoadCurve curve, double everySeconds) {
    this.curve = curve;
    this.everySeconds = everySeconds;
    this.inSystem = new Average(everySeconds / 2);
  }

  @Override
  public String name() {
    return "autoscale";
  }

  @Override
  public Wish wish(Observation seen) {
    double present = inSystem.add(seen.seconds(), seen.inSystem());
    int carrying = Math.max(1, seen.carrying());
    if (seen.seconds() >= next) {
      next = seen.seconds() + everySeconds;
      least = (int) Math.ceil(carrying * curve.load(present / carrying) - 1e-9);
      why =
          String.format(Locale.ROOT, "%d servers carry %.0f", carrying, carrying * curve.packing());
    }
    int used = seen.carrying() + seen.count(ServerState.STARTING) - seen.idle();
    return new Wish(least, Math.max(least, used), why);
  }
}

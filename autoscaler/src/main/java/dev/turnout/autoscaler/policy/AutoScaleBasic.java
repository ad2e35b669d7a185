package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;

/// The paper's AutoScale--: up as [Reactive], down only what has been idle for `t_wait`, which
/// index packing makes possible. Blind to what requests cost.
public final class AutoScaleBasic implements Policy {
  private final Reactive up;

  public AutoScaleBasic(double perServer, double everySeconds) {
    up = new Reactive(perServer, everySeconds);
  }

  @Override
  public String name() {
    return "autoscale--";
  }

  @Override
  public Wish wish(Observation seen) {
    Wish wanted = up.wish(seen);
    int used =
        seen.carrying() + seen.count(dev.turnout.autoscaler.ServerState.STARTING) - seen.idle();
    return new Wish(wanted.least(), Math.max(wanted.least(), used), wanted.why());
  }
}

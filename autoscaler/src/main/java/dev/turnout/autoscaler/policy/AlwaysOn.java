package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;

/// As many as the peak needs, always: what the others are compared with.
public record AlwaysOn(int servers) implements Policy {
  @Override
  public String name() {
    return "always_on";
  }

  @Override
  public Wish wish(Observation seen) {
    return Wish.exactly(servers, servers + " always on");
  }
}

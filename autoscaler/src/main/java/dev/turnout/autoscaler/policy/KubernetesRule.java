package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.ServerState;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// The rule of Kubernetes' HorizontalPodAutoscaler with its defaults: every 15 s `ceil(present *
/// metric / target)`, nothing within 10 % of the target; up by at most four or as many again in 15
/// s; down to the largest of the recommendations of the last 300 s. The metric is the requests in
/// the system for each server that is ready.
public final class KubernetesRule implements Policy {
  private static final double LOOP_SECONDS = 15;
  private static final double TOLERANCE = 0.1;
  private static final double STABLE_SECONDS = 300;
  private static final int UP_AT_LEAST = 4;

  private final double target;
  private final Average metric = new Average(LOOP_SECONDS);
  private final Window recommended = new Window(STABLE_SECONDS);
  private double next = Double.NEGATIVE_INFINITY;
  private int servers = -1;
  private String why = "";

  /// @param target requests in the system for each server
  public KubernetesRule(double target) {
    this.target = target;
  }

  @Override
  public String name() {
    return "hpa";
  }

  @Override
  public Wish wish(Observation seen) {
    double total = metric.add(seen.seconds(), seen.inSystem());
    int ready = Math.max(1, seen.carrying());
    int present = ready + seen.count(ServerState.STARTING);
    if (servers < 0) {
      servers = present;
    }
    if (seen.seconds() >= next) {
      next = seen.seconds() + LOOP_SECONDS;
      double ratio = total / ready / target;
      int wanted = recommend(ratio, ready, present, total);
      int capped = Math.min(wanted, present + Math.max(UP_AT_LEAST, present));
      servers = (int) recommended.max(seen.seconds(), capped);
      why = String.format(Locale.ROOT, "%.2f times the target of %.1f a server", ratio, target);
    }
    return Wish.exactly(servers, why);
  }

  /// Servers that are not ready yet count as idle when it goes up, and do not turn the direction.
  private int recommend(double ratio, int ready, int present, double total) {
    if (Math.abs(ratio - 1) <= TOLERANCE) {
      return present;
    }
    if (ratio > 1 && present > ready) {
      double spread = total / present / target;
      return spread > 1 + TOLERANCE ? (int) Math.ceil(total / target - 1e-9) : present;
    }
    return Math.max(1, (int) Math.ceil(ready * ratio - 1e-9));
  }
}

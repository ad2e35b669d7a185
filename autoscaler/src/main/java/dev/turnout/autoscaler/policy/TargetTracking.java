package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// As AWS tracks a target: so many requests in the system a server. Out in proportion when the
/// average of a minute has been above the target for three minutes; in by one when it has been
/// below 90 % of it for fifteen, and no sooner than five minutes after the last time.
public final class TargetTracking implements Policy {
  private static final double OUT_SECONDS = 180;
  private static final double IN_SECONDS = 900;
  private static final double COOL_SECONDS = 300;
  private static final double IN_SHARE = 0.9;

  private final double target;
  private final Average average = new Average(60);
  private double aboveSince = Double.NaN;
  private double belowSince = Double.NaN;
  private double cooledAt = Double.NEGATIVE_INFINITY;
  private int servers = -1;

  /// @param target requests in the system for each server
  public TargetTracking(double target) {
    this.target = target;
  }

  @Override
  public String name() {
    return "target_tracking";
  }

  @Override
  public Wish wish(Observation seen) {
    double now = seen.seconds();
    int carrying = Math.max(1, seen.carrying());
    if (servers < 0) {
      servers = carrying;
    }
    double each = average.add(now, seen.inSystem()) / carrying;
    aboveSince = each > target ? (Double.isNaN(aboveSince) ? now : aboveSince) : Double.NaN;
    belowSince =
        each < target * IN_SHARE ? (Double.isNaN(belowSince) ? now : belowSince) : Double.NaN;
    if (now - aboveSince >= OUT_SECONDS) {
      servers = Math.max(servers, (int) Math.ceil(carrying * each / target - 1e-9));
      cooledAt = now + COOL_SECONDS;
    } else if (now - belowSince >= IN_SECONDS && now >= cooledAt) {
      servers = Math.max(1, servers - 1);
      cooledAt = now + COOL_SECONDS;
    }
    return Wish.exactly(
        servers, String.format(Locale.ROOT, "%.1f a server, target %.1f", each, target));
  }
}

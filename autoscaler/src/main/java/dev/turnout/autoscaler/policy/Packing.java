package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.ServerState;

/// How many requests one server may have at once: the packing factor `p`. It is given, or learned:
/// it sinks while more than 5 of 100 answers are slow, and rises while fewer are and the servers
/// are well filled. A group that has too few servers teaches nothing, since then everything is
/// slow.
public final class Packing {
  private static final double SHARE = 0.05;
  private static final double STEP = 0.1; // a second, for each share of slow answers beyond
  private static final double MOST_EXCESS = 0.25;
  private static final double FILLED = 0.5;

  private final double least;
  private final double most;
  private double value;
  private double at = Double.NaN;

  private Packing(double value, double least, double most) {
    this.value = value;
    this.least = least;
    this.most = most;
  }

  /// A factor that never changes.
  public static Packing fixed(double value) {
    return new Packing(value, value, value);
  }

  /// A factor that is learned between bounds, from `value` on.
  public static Packing learned(double value, double least, double most) {
    return new Packing(value, least, most);
  }

  public double value() {
    return value;
  }

  public boolean isLearned() {
    return least < most;
  }

  /// Learns from a look.
  void learn(Observation seen, int needed) {
    double passed = Double.isNaN(at) ? 0 : seen.seconds() - at;
    at = seen.seconds();
    int carrying = seen.carrying();
    boolean starved = carrying == 0 || carrying < needed || seen.count(ServerState.STARTING) > 0;
    if (!isLearned() || Double.isNaN(seen.slowShare()) || starved) {
      return;
    }
    double excess = Math.min(seen.slowShare() - SHARE, MOST_EXCESS);
    if (excess > 0 || seen.inSystem() / carrying >= FILLED * value) {
      value = Math.clamp(value * Math.exp(-STEP * Math.min(passed, 10) * excess), least, most);
    }
  }
}

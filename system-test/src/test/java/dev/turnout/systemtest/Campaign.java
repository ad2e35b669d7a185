package dev.turnout.systemtest;

import java.util.Random;

/// How large the campaigns are: bounded in the ordinary build, in full with `-Dturnout.full=true`,
/// and each by a property of its own, `-Dturnout.kills=500`.
final class Campaign {
  private Campaign() {}

  static int size(String name, int ordinary, int full) {
    return Integer.getInteger(
        "turnout." + name, Boolean.getBoolean("turnout.full") ? full : ordinary);
  }

  /// A generator whose seed is printed; `-Dturnout.seed=N` repeats a run.
  static Random random(String campaign) {
    long seed = Long.getLong("turnout.seed", System.nanoTime());
    report(campaign, "seed " + seed);
    return new Random(seed);
  }

  /// A line for who reads the build's output.
  static void report(String campaign, String text) {
    System.out.println(campaign + ": " + text);
  }
}

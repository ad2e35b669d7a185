package dev.turnout.autoscaler.simulation;

import java.util.SplittableRandom;

/// Draws sizes of requests: exponential between two bounds, with a given mean.
final class Sizes {
  private final double least;
  private final double span;
  private final double decay;
  private final double cut;

  /// Times in seconds.
  Sizes(double mean, double least, double most) {
    this.least = least;
    this.span = most - least;
    this.decay = decay((mean - least) / span);
    this.cut = -Math.expm1(-decay);
  }

  /// The rate on [0, 1] whose truncated exponential has this mean.
  private static double decay(double mean) {
    if (!(mean > 0 && mean < 0.5)) {
      throw new IllegalArgumentException("the mean size must be in the lower half of its bounds");
    }
    double low = 1e-9;
    double high = 1e3;
    for (int i = 0; i < 200; i++) {
      double middle = (low + high) / 2;
      double at = 1 / middle - 1 / Math.expm1(middle);
      if (at > mean) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  double next(SplittableRandom random) {
    return least + span * -Math.log1p(-random.nextDouble() * cut) / decay;
  }
}

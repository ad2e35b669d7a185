package dev.turnout.loadgen;

import java.util.SplittableRandom;

/// When requests are due.
sealed interface Pacing {
  /// Each connection sends its next request when the last one was answered.
  record Closed() implements Pacing {}

  /// Requests are due at even distances, answered or not.
  record Constant(double rate) implements Pacing {}

  /// Requests are due at random, independent of each other, as from many users.
  record Poisson(double rate, long seed) implements Pacing {}

  /// The wanted requests per second; none for the closed loop, which takes what it gets.
  default double rate() {
    return switch (this) {
      case Closed() -> Double.POSITIVE_INFINITY;
      case Constant(double rate) -> rate;
      case Poisson(double rate, _) -> rate;
    };
  }

  default boolean open() {
    return !(this instanceof Closed);
  }

  /// The due times, from the first on.
  default Schedule schedule() {
    return switch (this) {
      case Closed() -> () -> Long.MAX_VALUE;
      case Constant(double rate) -> new EvenSchedule(rate);
      case Poisson(double rate, long seed) -> new PoissonSchedule(rate, new SplittableRandom(seed));
    };
  }

  /// Due times in nanoseconds from the start, ascending.
  interface Schedule {
    long next();
  }

  /// Multiplies instead of adding up, so that rounding never adds up either.
  final class EvenSchedule implements Schedule {
    private final double gap;
    private long number;

    EvenSchedule(double rate) {
      gap = 1e9 / rate;
    }

    @Override
    public long next() {
      return (long) (number++ * gap);
    }
  }

  /// Exponential gaps.
  final class PoissonSchedule implements Schedule {
    private final double meanGap;
    private final SplittableRandom random;
    private double at;

    PoissonSchedule(double rate, SplittableRandom random) {
      meanGap = 1e9 / rate;
      this.random = random;
    }

    @Override
    public long next() {
      at -= Math.log(1 - random.nextDouble()) * meanGap;
      return (long) at;
    }
  }
}

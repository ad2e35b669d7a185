package dev.turnout.loadgen;

import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// When requests are due.
sealed interface Pacing {
  /// Each connection sends its next request when the last one was answered.
  record Closed() implements Pacing {}

  /// Requests are due at even distances, answered or not.
  record Constant(double rate) implements Pacing {}

  /// Requests are due at random, independent of each other, as from many users.
  record Poisson(double rate, long seed) implements Pacing {}

  /// Requests are due at a rate that changes.
  ///
  /// @param seconds how long it is asked for
  /// @param random due at random, independent of each other, instead of evenly
  record Varying(RateShape shape, double seconds, boolean random, long seed) implements Pacing {}

  /// The wanted requests per second; none for the closed loop, which takes what it gets.
  default double rate() {
    return switch (this) {
      case Closed() -> Double.POSITIVE_INFINITY;
      case Constant(double rate) -> rate;
      case Poisson(double rate, _) -> rate;
      case Varying(RateShape shape, double seconds, _, _) -> shape.mean(seconds);
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
      case Varying(RateShape shape, _, boolean random, long seed) ->
          new VaryingSchedule(shape, random ? new SplittableRandom(seed) : null);
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

  /// A request is due whenever the area under the rate has grown by one, or, at random, by an
  /// exponential amount: a Poisson process whose rate changes. The rate is taken as constant for
  /// steps of 10 ms.
  final class VaryingSchedule implements Schedule {
    private static final double STEP = 0.01;
    private static final double LONGEST = 1e6; // seconds; a rate of 0 to the end must not loop on

    private final RateShape shape;
    private final @Nullable SplittableRandom random;
    private long step;
    private double from; // seconds, within the step
    private double rate;

    VaryingSchedule(RateShape shape, @Nullable SplittableRandom random) {
      this.shape = shape;
      this.random = random;
      rate = shape.at(STEP / 2);
    }

    @Override
    public long next() {
      double wanted = random == null ? 1 : -Math.log(1 - random.nextDouble());
      while (true) {
        double end = (step + 1) * STEP;
        double area = rate * (end - from);
        if (area >= wanted) {
          from += wanted / rate;
          return (long) (from * 1e9);
        }
        wanted -= area;
        step++;
        from = step * STEP;
        if (from > LONGEST) {
          return Long.MAX_VALUE;
        }
        rate = shape.at(from + STEP / 2);
      }
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

package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// `ceil(rate / what one carries)`, up and down, every so often: what most home-made scalers do.
public final class Reactive implements Policy {
  private final double perServer;
  private final double everySeconds;
  private final Average rate;
  private double next = Double.NEGATIVE_INFINITY;
  private Wish wish = Wish.exactly(0, "");

  /// @param perServer requests per second that one server carries
  /// @param everySeconds how often it looks
  public Reactive(double perServer, double everySeconds) {
    this.perServer = perServer;
    this.everySeconds = everySeconds;
    this.rate = new Average(everySeconds / 2);
  }

  @Override
  public String name() {
    return "reactive";
  }

  @Override
  public Wish wish(Observation seen) {
    double present = rate.add(seen.seconds(), seen.rate());
    if (seen.seconds() >= next) {
      next = seen.seconds() + everySeconds;
      wish =
          Wish.exactly(
              (int) Math.ceil(present / perServer - 1e-9),
              String.format(Locale.ROOT, "%.0f/s at %.0f/s a server", present, perServer));
    }
    return wish;
  }
}

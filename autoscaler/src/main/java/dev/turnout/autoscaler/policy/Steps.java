package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.List;
import java.util.Locale;

/// The rule of the article that Turnout began with: requests per second choose how many servers
/// serve a host. It is blind to what a request costs.
public final class Steps implements Policy {
  private static final double SPAN_SECONDS = 10;

  private final List<Double> bounds;
  private final Average rate;

  /// @param bounds ascending: below the first one server, below the second two, …
  public Steps(List<Double> bounds) {
    this(bounds, SPAN_SECONDS);
  }

  /// @param spanSeconds over which the rate is averaged; 10 s at most
  public Steps(List<Double> bounds, double spanSeconds) {
    this.bounds = List.copyOf(bounds);
    this.rate = new Average(Math.min(SPAN_SECONDS, spanSeconds));
    for (int i = 1; i < bounds.size(); i++) {
      if (bounds.get(i) <= bounds.get(i - 1)) {
        throw new IllegalArgumentException("the steps must rise");
      }
    }
  }

  @Override
  public String name() {
    return "steps";
  }

  @Override
  public Wish wish(Observation seen) {
    double present = rate.add(seen.seconds(), seen.rate());
    int servers = 1;
    for (double bound : bounds) {
      servers += present >= bound ? 1 : 0;
    }
    return Wish.exactly(servers, String.format(Locale.ROOT, "%.1f/s is step %d", present, servers));
  }
}

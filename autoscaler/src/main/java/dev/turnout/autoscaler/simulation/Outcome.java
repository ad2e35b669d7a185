package dev.turnout.autoscaler.simulation;

import java.util.List;

/// What came of a policy on a trace.
///
/// @param meanServers powered servers on average, those that start included
/// @param watts power of all of them on average
/// @param starts how many servers were started
/// @param stops how many were drained
/// @param p95Millis what 95 of 100 requests took at most, whatever was waited for
/// @param history one line a [#STEP] seconds, for plots
public record Outcome(
    String policy,
    String trace,
    double seconds,
    double meanServers,
    double watts,
    int starts,
    int stops,
    long requests,
    double meanMillis,
    double p50Millis,
    double p95Millis,
    double p99Millis,
    List<Point> history) {
  /// Seconds between two points of the history.
  public static final int STEP = 20;

  public Outcome {
    history = List.copyOf(history);
  }

  /// The group at a moment.
  public record Point(
      double seconds, double rate, int on, int starting, double inSystem, double meanMillis) {}

  public double serverSeconds() {
    return meanServers * seconds;
  }

  public double wattHours() {
    return watts * seconds / 3600;
  }

  Outcome named(String name) {
    return new Outcome(
        name,
        trace,
        seconds,
        meanServers,
        watts,
        starts,
        stops,
        requests,
        meanMillis,
        p50Millis,
        p95Millis,
        p99Millis,
        history);
  }

  /// The power saved against another, 0 to 1.
  public double savingAgainst(Outcome always) {
    return 1 - watts / always.watts;
  }
}

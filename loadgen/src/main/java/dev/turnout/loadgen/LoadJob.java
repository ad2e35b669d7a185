package dev.turnout.loadgen;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongConsumer;

/// A run of load that another program of ours makes, and what it wants to know of it.
public final class LoadJob {
  private final Plan plan;

  private LoadJob(Plan plan) {
    this.plan = plan;
  }

  /// Requests of one URL, at random, at a rate as `--rate` has it.
  ///
  /// @param countBy the field of the answers that says who answered
  /// @throws IOException if the rate is that of a file which cannot be read
  public static LoadJob of(
      String url, String rate, Duration duration, int connections, String countBy)
      throws IOException {
    double seconds = duration.toNanos() / 1e9;
    RateShape shape = RateShape.parse(rate, seconds);
    Pacing pacing = new Pacing.Varying(shape, seconds, true, 1);
    return new LoadJob(Plan.of(Target.of(url), pacing, connections, duration).withCountBy(countBy));
  }

  /// The rate that it asks for at the begin of each second.
  public double[] rates() {
    int seconds = (int) plan.duration().toSeconds();
    double[] rates = new double[seconds];
    for (int i = 0; i < seconds; i++) {
      rates[i] =
          plan.pacing() instanceof Pacing.Varying varying
              ? varying.shape().at(i)
              : plan.pacing().rate();
    }
    return rates;
  }

  /// What came of it.
  ///
  /// @param errors requests without a proper answer
  /// @param failures answers with a status of 500 and more
  public record Came(
      long answers,
      long errors,
      long failures,
      double rate,
      double p50Millis,
      double p95Millis,
      double p99Millis,
      Map<String, Long> answeredBy,
      String summary) {}

  /// Runs it on the calling thread, to its end.
  ///
  /// @param latencies is given the latency of each request from its due time, in nanoseconds
  public Came run(LongConsumer latencies) throws IOException {
    Report report = new LoadRun(plan, latencies).run();
    return new Came(
        report.seen().completed,
        report.errors(),
        report.statusClass(5),
        report.rate(),
        report.corrected().getValueAtPercentile(50) / 1e6,
        report.corrected().getValueAtPercentile(95) / 1e6,
        report.corrected().getValueAtPercentile(99) / 1e6,
        report.seen().answeredBy.counts(),
        Summary.of(report));
  }
}

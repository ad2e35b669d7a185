package dev.turnout.loadgen;

import java.util.Formatter;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/// A report as text for people.
final class Summary {
  private static final double[] PERCENTILES = {50, 75, 90, 99, 99.9, 99.99};

  private final Report report;
  private final Formatter out = new Formatter(Locale.ROOT);

  private Summary(Report report) {
    this.report = report;
  }

  static String of(Report report) {
    return new Summary(report).write();
  }

  private String write() {
    Plan plan = report.plan();
    Measurement seen = report.seen();
    String pacing =
        switch (plan.pacing()) {
          case Pacing.Closed() -> "closed loop";
          case Pacing.Constant(double rate) -> number(rate) + " requests/s, evenly";
          case Pacing.Poisson(double rate, long seed) ->
              number(rate) + " requests/s, Poisson, seed " + seed;
          case Pacing.Varying(RateShape shape, _, boolean random, long seed) ->
              shape + (random ? ", Poisson, seed " + seed : ", evenly");
        };
    out.format(
        "%s http://%s%s: %s, %d connections, %s s after %s s warm-up%n",
        plan.method(),
        plan.target().authority(),
        plan.target().path(),
        pacing,
        plan.connections(),
        number(report.seconds()),
        number(plan.warmup().toNanos() / 1e9));
    out.format(
        "answers     %d  (%.1f/s, %.2f MB/s)%n",
        seen.completed, report.rate(), seen.bytes / 1e6 / report.seconds());
    report.statuses().forEach((status, count) -> out.format("  status    %d  %d%n", status, count));
    seen.answeredBy
        .counts()
        .forEach((value, count) ->
            out.format(
                "  %s  %s  %d%n", plan.countBy(), value.isEmpty() ? "(none)" : value, count));
    out.format(
        "errors      %d  (connect %d, broken %d, malformed %d, timeout %d, never sent %d)%n",
        report.errors(),
        report.connectErrors(),
        seen.broken,
        seen.malformed,
        seen.timeouts,
        seen.unsent);
    latencies();
    out.format(
        "generator   %.2f us CPU per answer (%.2f with its JVM), %d reconnects%n",
        report.generatorMicros(), report.processMicros(), report.reconnects());
    schedule();
    return out.toString();
  }

  private void latencies() {
    if (!report.plan().pacing().open()) {
      out.format("latency ms  %s%n", heading());
      out.format("  from send %s%n", row(report.uncorrected()));
      out.format("  (a closed loop waits with the server: use --rate to see what users see)%n");
      return;
    }
    out.format("latency ms  %s%n", heading());
    out.format("  from due  %s%n", row(report.corrected()));
    out.format("  from send %s  (uncorrected)%n", row(report.uncorrected()));
  }

  private void schedule() {
    if (!report.plan().pacing().open()) {
      return;
    }
    Measurement seen = report.seen();
    out.format(
        "schedule    %d due, %d waited for a free connection; generator lag p99 %.3f ms, max %.3f ms%n",
        seen.due,
        seen.waited,
        seen.lag.getValueAtPercentile(99) / 1e6,
        seen.lag.getMaxValue() / 1e6);
    report.scheduleProblems().forEach(problem -> out.format("NOT HELD    %s%n", problem));
  }

  private static String heading() {
    StringBuilder heading = new StringBuilder();
    for (double percentile : PERCENTILES) {
      heading.append(String.format(Locale.ROOT, "%10s", "p" + number(percentile)));
    }
    return heading + String.format(Locale.ROOT, "%10s%10s", "max", "mean");
  }

  private static String row(Histogram histogram) {
    StringBuilder row = new StringBuilder();
    for (double percentile : PERCENTILES) {
      row.append(millis((double) histogram.getValueAtPercentile(percentile)));
    }
    return row + millis((double) histogram.getMaxValue()) + millis(histogram.getMean());
  }

  private static String millis(double nanos) {
    return String.format(Locale.ROOT, "%10.3f", nanos / 1e6);
  }

  private static String number(double value) {
    return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
  }
}

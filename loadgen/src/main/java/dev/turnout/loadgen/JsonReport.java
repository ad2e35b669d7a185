package dev.turnout.loadgen;

import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.HdrHistogram.Histogram;

/// A report as JSON for scripts. Times are in milliseconds, CPU in microseconds.
final class JsonReport {
  private static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.9, 99.99};

  private final StringBuilder out = new StringBuilder();
  private boolean first = true;

  private JsonReport() {}

  static String of(Report report) {
    JsonReport json = new JsonReport();
    json.object(() -> json.write(report));
    return json.out.append('\n').toString();
  }

  private void write(Report report) {
    Plan plan = report.plan();
    Measurement seen = report.seen();
    text("url", "http://" + plan.target().authority() + plan.target().path());
    if (plan.pacing().open()) {
      number("wanted_rate", plan.pacing().rate());
    }
    number("connections", plan.connections());
    number("seconds", report.seconds());
    number("requests", seen.completed);
    number("rate", report.rate());
    number("bytes", seen.bytes);
    key("statuses").object(() -> report.statuses().forEach((s, n) -> number(s.toString(), n)));
    if (!plan.countBy().isEmpty()) {
      Map<String, Long> counts = seen.answeredBy.counts();
      key("answered_by").object(() -> counts.forEach(this::number));
    }
    number("errors", report.errors());
    key("errors_by_kind").object(() -> errors(report, this::number));
    key("latency_ms").object(() -> latencies(report.corrected()));
    key("uncorrected_latency_ms").object(() -> latencies(report.uncorrected()));
    number("reconnects", report.reconnects());
    number("generator_cpu_us", report.generatorMicros());
    number("process_cpu_us", report.processMicros());
    if (plan.pacing().open()) {
      key("schedule").object(() -> schedule(report));
    }
  }

  private static void errors(Report report, BiConsumer<String, Long> out) {
    Measurement seen = report.seen();
    out.accept("connect", report.connectErrors());
    out.accept("broken", seen.broken);
    out.accept("malformed", seen.malformed);
    out.accept("timeout", seen.timeouts);
    out.accept("never_sent", seen.unsent);
  }

  private void latencies(Histogram histogram) {
    for (double percentile : PERCENTILES) {
      String name = percentile == Math.rint(percentile) ? "p%.0f" : "p%s";
      number(
          String.format(Locale.ROOT, name, percentile),
          histogram.getValueAtPercentile(percentile) / 1e6);
    }
    number("max", histogram.getMaxValue() / 1e6);
    number("mean", histogram.getMean() / 1e6);
  }

  private void schedule(Report report) {
    Measurement seen = report.seen();
    number("due", seen.due);
    number("started", seen.started);
    number("waited", seen.waited);
    number("lag_p99_ms", seen.lag.getValueAtPercentile(99) / 1e6);
    number("lag_max_ms", seen.lag.getMaxValue() / 1e6);
    key("held").raw(String.valueOf(report.scheduleProblems().isEmpty()));
  }

  private void object(Runnable members) {
    out.append('{');
    first = true;
    members.run();
    out.append('}');
    first = false;
  }

  private void number(String name, double value) {
    key(name).raw(String.format(Locale.ROOT, "%.4f", value));
  }

  private void number(String name, long value) {
    key(name).raw(String.valueOf(value));
  }

  private void text(String name, String value) {
    key(name).raw(quoted(value));
  }

  private JsonReport key(String name) {
    if (!first) {
      out.append(',');
    }
    first = false;
    out.append(quoted(name)).append(':');
    return this;
  }

  private void raw(String json) {
    out.append(json);
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < ' ') {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}

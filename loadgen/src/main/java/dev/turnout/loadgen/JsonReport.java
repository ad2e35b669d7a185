package dev.turnout.loadgen;

import dev.turnout.json.JsonText;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import org.HdrHistogram.Histogram;
import tools.jackson.core.JsonGenerator;

/// A report as JSON for scripts. Times are in milliseconds, CPU in microseconds.
final class JsonReport {
  private static final double[] PERCENTILES = {50, 75, 90, 95, 99, 99.9, 99.99};

  private final JsonGenerator out;

  private JsonReport(JsonGenerator out) {
    this.out = out;
  }

  static String of(Report report) {
    return JsonText.of(out -> new JsonReport(out).write(report)) + "\n";
  }

  private void write(Report report) {
    Plan plan = report.plan();
    Measurement seen = report.seen();
    out.writeStartObject();
    out.writeStringProperty("url", "http://" + plan.target().authority() + plan.target().path());
    if (plan.pacing().open()) {
      number("wanted_rate", plan.pacing().rate());
    }
    number("connections", plan.connections());
    number("seconds", report.seconds());
    number("requests", seen.completed);
    number("rate", report.rate());
    number("bytes", seen.bytes);
    object("statuses", () -> report.statuses().forEach((s, n) -> number(s.toString(), n)));
    if (!plan.countBy().isEmpty()) {
      Map<String, Long> counts = seen.answeredBy.counts();
      object("answered_by", () -> counts.forEach(this::number));
    }
    number("errors", report.errors());
    object("errors_by_kind", () -> errors(report, this::number));
    object("latency_ms", () -> latencies(report.corrected()));
    object("uncorrected_latency_ms", () -> latencies(report.uncorrected()));
    number("reconnects", report.reconnects());
    number("generator_cpu_us", report.generatorMicros());
    number("process_cpu_us", report.processMicros());
    if (plan.pacing().open()) {
      object("schedule", () -> schedule(report));
    }
    out.writeEndObject();
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
    out.writeBooleanProperty("held", report.scheduleProblems().isEmpty());
  }

  private void object(String name, Runnable members) {
    out.writeObjectPropertyStart(name);
    members.run();
    out.writeEndObject();
  }

  private void number(String name, double value) {
    out.writeName(name);
    out.writeNumber(String.format(Locale.ROOT, "%.4f", value));
  }

  private void number(String name, long value) {
    out.writeNumberProperty(name, value);
  }
}

package dev.turnout.loadgen;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;

/// A report as one HTML page that needs nothing else: rate and latency over time, latency by
/// percentile, and the figures.
final class HtmlReport {
  private static final int WIDTH = 860;
  private static final int HEIGHT = 200;
  private static final double[] PERCENTILES = {
    0, 10, 25, 50, 75, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.999
  };

  private final StringBuilder text = new StringBuilder();
  private final Formatter out = new Formatter(text, Locale.ROOT);

  private HtmlReport() {}

  static String of(Report report, List<Timeline.Second> seconds) {
    HtmlReport page = new HtmlReport();
    page.write(report, seconds);
    return page.text.toString();
  }

  private void write(Report report, List<Timeline.Second> seconds) {
    String title =
        report.plan().target().authority() + report.plan().target().path() + ": turnout load";
    out.format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>%s</title><style>"
            + "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:60em;color:#222;background:#fff}"
            + "svg{width:100%%;height:auto;overflow:visible}pre{overflow:auto}text{font-size:11px;fill:#777}"
            + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}}</style><h1>%s</h1>",
        escaped(title), escaped(title));
    out.format("<pre>%s</pre>", escaped(Summary.of(report)));
    overTime("Answers per second", seconds, second -> second.ended(), "#3366cc");
    overTime("p99 of each second, ms", seconds, Timeline.Second::p99Millis, "#dc3912");
    byPercentile(report);
    out.format("</html>%n");
  }

  private void overTime(
      String title,
      List<Timeline.Second> seconds,
      ToDoubleFunction<Timeline.Second> value,
      String colour) {
    double most = Math.max(1e-3, seconds.stream().mapToDouble(value).max().orElse(1));
    open(title);
    out.format("<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"", colour);
    for (int i = 0; i < seconds.size(); i++) {
      out.format(
          "%s%.1f %.1f",
          i == 0 ? "M" : " L",
          (i + 1.0) / seconds.size() * WIDTH,
          HEIGHT - value.applyAsDouble(seconds.get(i)) / most * HEIGHT);
    }
    out.format("\"/><text x=\"2\" y=\"-4\">%.1f</text>", most);
    out.format(
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d s</text></svg>",
        WIDTH, HEIGHT + 14, seconds.size());
  }

  private void byPercentile(Report report) {
    Histogram corrected = report.corrected();
    Histogram uncorrected = report.uncorrected();
    boolean open = report.plan().pacing().open();
    double most =
        Math.max(1, Math.max(open ? corrected.getMaxValue() : 0, uncorrected.getMaxValue())) / 1e6;
    open("Latency by percentile, ms: from the due time (solid), from sending (dashed)");
    if (open) {
      curve(corrected, most, "");
    }
    curve(uncorrected, most, " stroke-dasharray=\"5 4\"");
    for (int i = 0; i < PERCENTILES.length; i += 2) {
      out.format(
          "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
          x(i), HEIGHT + 14, PERCENTILES[i]);
    }
    out.format("<text x=\"2\" y=\"-4\">%.1f</text></svg>", most);
  }

  private static double x(int i) {
    return (double) i / (PERCENTILES.length - 1) * WIDTH;
  }

  private void curve(Histogram histogram, double most, String dashes) {
    out.format("<path fill=\"none\" stroke=\"#109618\" stroke-width=\"1.5\"%s d=\"", dashes);
    for (int i = 0; i < PERCENTILES.length; i++) {
      double value = histogram.getValueAtPercentile(PERCENTILES[i]) / 1e6;
      out.format("%s%.1f %.1f", i == 0 ? "M" : " L", x(i), HEIGHT - value / most * HEIGHT);
    }
    out.format("\"/>");
  }

  private void open(String title) {
    out.format(
        "<h2>%s</h2><svg viewBox=\"0 -16 %d %d\" role=\"img\" aria-label=\"%s\">",
        escaped(title), WIDTH, HEIGHT + 36, escaped(title));
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }
}

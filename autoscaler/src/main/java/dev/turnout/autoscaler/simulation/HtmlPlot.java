package dev.turnout.autoscaler.simulation;

import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Outcomes as one HTML page that needs nothing else: for each trace the load, and the servers that
/// each policy had powered.
final class HtmlPlot {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 260;
  private static final String[] COLOURS = {
    "#3366cc", "#dc3912", "#109618", "#990099", "#ff9900", "#0099c6", "#dd4477", "#66aa00",
    "#b82e2e", "#316395", "#994499"
  };

  private final StringBuilder text = new StringBuilder();
  private final Formatter out = new Formatter(text, Locale.ROOT);

  private HtmlPlot() {}

  static String of(List<Outcome> outcomes) {
    HtmlPlot plot = new HtmlPlot();
    plot.write(Tables.byTrace(outcomes), Tables.of(outcomes));
    return plot.text.toString();
  }

  private void write(Map<String, List<Outcome>> traces, String tables) {
    out.format(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>turnout simulate</title><style>"
            + "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:60em;color:#222;background:#fff}"
            + "svg{width:100%%;height:auto}pre{overflow:auto}text{font-size:11px;fill:#555}"
            + "@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}text{fill:#aaa}}"
            + "</style><h1>Servers that each policy had powered</h1>");
    traces.forEach(this::plot);
    out.format("<h2>Figures</h2><pre>%s</pre></html>%n", escaped(tables));
  }

  private void plot(String trace, List<Outcome> all) {
    List<Outcome.Point> load = all.getFirst().history();
    double end = all.getFirst().seconds();
    double mostRate = load.stream().mapToDouble(Outcome.Point::rate).max().orElse(1);
    double mostServers =
        all.stream()
            .flatMap(one -> one.history().stream())
            .mapToDouble(point -> point.on() + point.starting())
            .max()
            .orElse(1);
    out.format(
        "<h2>%s</h2><svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"servers over time: %s\">",
        escaped(trace), WIDTH, HEIGHT + 40, escaped(trace));
    out.format("<path fill=\"#8884\" d=\"M0 %d", HEIGHT);
    for (Outcome.Point point : load) {
      out.format(
          " L%.1f %.1f", point.seconds() / end * WIDTH, HEIGHT - point.rate() / mostRate * HEIGHT);
    }
    out.format(" L%d %d Z\"/>", WIDTH, HEIGHT);
    for (int i = 0; i < all.size(); i++) {
      Outcome one = all.get(i);
      String colour = COLOURS[i % COLOURS.length];
      out.format("<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"", colour);
      String command = "M";
      double before = Double.NaN;
      for (Outcome.Point point : one.history()) {
        double x = point.seconds() / end * WIDTH;
        double y = HEIGHT - (point.on() + point.starting()) / mostServers * HEIGHT;
        if (!Double.isNaN(before)) {
          out.format(" L%.1f %.1f", x, before);
        }
        out.format("%s%.1f %.1f", command, x, y);
        command = " L";
        before = y;
      }
      out.format("\"><title>%s</title></path>", escaped(one.policy()));
      out.format(
          "<text x=\"%d\" y=\"%d\" style=\"fill:%s\">%s</text>",
          i % 6 * 150, HEIGHT + 16 + i / 6 * 16, colour, escaped(one.policy()));
    }
    out.format(
        "<text x=\"2\" y=\"12\">%.0f requests/s, %.0f servers</text></svg>", mostRate, mostServers);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}

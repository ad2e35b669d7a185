package dev.turnout.loadgen;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A rate that changes over the time of a run: straight between points, from the first to the last,
/// which then stays.
final class RateShape {
  private static final int SINE_POINTS = 200;
  private static final double SHORTEST_DAY = 0.1; // seconds

  private final String text;
  private final double[] seconds;
  private final double[] rates;

  private RateShape(String text, List<double[]> points) {
    this.text = text;
    this.seconds = points.stream().mapToDouble(point -> point[0]).toArray();
    this.rates = points.stream().mapToDouble(point -> point[1]).toArray();
  }

  /// Reads what `--rate` says:
  ///
  /// - `ramp:10-200` from one rate to the other,
  /// - `steps:10,50,100` equally long,
  /// - `sine:10-200` a day, from the night to the peak and back; `sine:10-200/60s` several,
  /// - `spike:50-500@30s/10s` one rate, but for so long from then on,
  /// - `trace:FILE` lines of second,rate; `trace:FILE*2` twice as much, `trace:FILE/60s` in a
  ///   minute.
  ///
  /// @param length of the run, in seconds
  /// @throws IllegalArgumentException if it says something else
  /// @throws IOException if a file cannot be read
  static RateShape parse(String text, double length) throws IOException {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? "" : text.substring(0, colon);
    String rest = text.substring(colon + 1);
    return switch (kind) {
      case "constant" -> {
        double rate = rate(rest, text);
        yield new RateShape(text, List.of(point(0, rate), point(length, rate)));
      }
      case "ramp" -> {
        double[] ends = pair(rest, text);
        yield new RateShape(text, List.of(point(0, ends[0]), point(length, ends[1])));
      }
      case "steps" -> steps(rest, text, length);
      case "sine" -> sine(rest, text, length);
      case "spike" -> spike(rest, text, length);
      case "trace" -> trace(rest, text);
      default ->
          throw new IllegalArgumentException(
              "not a rate: "
                  + text
                  + " (a number, or constant:N, ramp:A-B, steps:A,B,…, sine:A-B[/TIME], spike:A-B@TIME/TIME, trace:FILE)");
    };
  }

  private static RateShape steps(String rest, String text, double length) {
    String[] parts = rest.split(",", -1);
    List<double[]> points = new ArrayList<>();
    for (int i = 0; i < parts.length; i++) {
      double rate = rate(parts[i], text);
      points.add(point(i * length / parts.length, rate));
      points.add(point((i + 1) * length / parts.length, rate));
    }
    return new RateShape(text, points);
  }

  private static RateShape sine(String rest, String text, double length) {
    int slash = rest.indexOf('/');
    double period = slash < 0 ? length : seconds(rest.substring(slash + 1), text);
    if (period < SHORTEST_DAY) {
      throw new IllegalArgumentException("a day has at least 100 ms, not as in " + text);
    }
    double[] ends = pair(slash < 0 ? rest : rest.substring(0, slash), text);
    List<double[]> points = new ArrayList<>();
    int count = (int) Math.ceil(length / period * SINE_POINTS);
    for (int i = 0; i <= count; i++) {
      double at = i * period / SINE_POINTS;
      double part = (1 - Math.cos(2 * Math.PI * i / SINE_POINTS)) / 2;
      points.add(point(at, ends[0] + (ends[1] - ends[0]) * part));
    }
    return new RateShape(text, points);
  }

  private static RateShape spike(String rest, String text, double length) {
    int at = rest.indexOf('@');
    int slash = rest.indexOf('/', at);
    if (at < 0 || slash < 0) {
      throw new IllegalArgumentException("not a spike like spike:50-500@30s/10s: " + text);
    }
    double[] rates = pair(rest.substring(0, at), text);
    double begin = seconds(rest.substring(at + 1, slash), text);
    double end = begin + seconds(rest.substring(slash + 1), text);
    return new RateShape(
        text,
        List.of(
            point(0, rates[0]),
            point(begin, rates[0]),
            point(begin, rates[1]),
            point(end, rates[1]),
            point(end, rates[0]),
            point(Math.max(end, length), rates[0])));
  }

  private static RateShape trace(String rest, String text) throws IOException {
    String file = rest;
    double factor = 1;
    double within = 0;
    int slash = file.lastIndexOf('/');
    if (slash > 0 && file.substring(slash + 1).matches("[0-9.]+(ms|s|m)")) {
      within = seconds(file.substring(slash + 1), text);
      file = file.substring(0, slash);
    }
    int times = file.lastIndexOf('*');
    if (times > 0) {
      factor = rate(file.substring(times + 1), text);
      file = file.substring(0, times);
    }
    List<double[]> points = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(Path.of(file))) {
      number++;
      String bare = line.strip();
      boolean heading = number == 1 && !bare.isEmpty() && Character.isLetter(bare.charAt(0));
      if (bare.isEmpty() || bare.startsWith("#") || heading) {
        continue;
      }
      String[] parts = bare.split("[,;\\s]+", -1);
      boolean fits = parts.length >= 2 && isNumber(parts[0]) && isNumber(parts[1]);
      double at = fits ? Double.parseDouble(parts[0]) : 0;
      if (!fits || (!points.isEmpty() && at < points.getLast()[0])) {
        throw new IllegalArgumentException(
            "%s:%d: wanted are lines such as 60,250 (second, requests per second), with rising seconds: %s"
                .formatted(file, number, line));
      }
      points.add(point(at, Double.parseDouble(parts[1]) * factor));
    }
    if (points.size() < 2) {
      throw new IllegalArgumentException(file + ": a trace has at least two lines of second,rate");
    }
    double begin = points.getFirst()[0];
    double span = points.getLast()[0] - begin;
    if (span <= 0) {
      throw new IllegalArgumentException(file + ": all of the trace is at one moment");
    }
    double scale = within > 0 ? within / span : 1;
    points.forEach(point -> point[0] = (point[0] - begin) * scale);
    return new RateShape(text, points);
  }

  private static double[] point(double at, double rate) {
    return new double[] {at, rate};
  }

  private static boolean isNumber(String text) {
    return text.matches("[0-9]+(\\.[0-9]+)?");
  }

  private static double rate(String text, String whole) {
    if (!isNumber(text)) {
      throw new IllegalArgumentException("\"" + text + "\" is no rate in " + whole);
    }
    return Double.parseDouble(text);
  }

  private static double[] pair(String text, String whole) {
    int dash = text.indexOf('-');
    if (dash < 0) {
      throw new IllegalArgumentException("two rates are wanted, as 10-200, in " + whole);
    }
    return point(rate(text.substring(0, dash), whole), rate(text.substring(dash + 1), whole));
  }

  private static double seconds(String text, String whole) {
    try {
      return new Main.Time().convert(text).toNanos() / 1e9;
    } catch (RuntimeException e) {
      throw new IllegalArgumentException("\"" + text + "\" is no time in " + whole, e);
    }
  }

  /// The rate at a moment, in seconds from the begin.
  double at(double second) {
    int last = seconds.length - 1;
    if (second >= seconds[last]) {
      return rates[last];
    }
    int i = before(second);
    double span = seconds[i + 1] - seconds[i];
    double part = span <= 0 ? 1 : Math.clamp((second - seconds[i]) / span, 0, 1);
    return rates[i] + (rates[i + 1] - rates[i]) * part;
  }

  /// The place of the last point that is not after a moment; where it jumps, two are at one moment.
  private int before(double second) {
    int low = 0;
    int high = seconds.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (seconds[middle] <= second) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  double peak() {
    double peak = 0;
    for (double rate : rates) {
      peak = Math.max(peak, rate);
    }
    return peak;
  }

  /// The mean from the begin to a moment.
  double mean(double until) {
    double sum = 0;
    int steps = 10_000;
    for (int i = 0; i < steps; i++) {
      sum += at((i + 0.5) * until / steps);
    }
    return sum / steps;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RateShape shape
        && shape.text.equals(text)
        && java.util.Arrays.equals(shape.seconds, seconds)
        && java.util.Arrays.equals(shape.rates, rates);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%s (up to %.0f/s)", text, peak());
  }
}

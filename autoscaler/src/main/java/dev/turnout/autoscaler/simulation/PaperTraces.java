package dev.turnout.autoscaler.simulation;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/// The six traces of AutoScale (table I), rebuilt from what is published of them: their names, that
/// they last two hours and peak at 800 requests/s, and, from table III, what the best possible
/// policy and one that is always on need for them, which says how much there is to do on average
/// and how soon it changes. They are not the authors' data.
public final class PaperTraces {
  private static final int SECONDS = 7200;
  private static final double PEAK = 800;

  private PaperTraces() {}

  public static List<Trace> all() {
    return List.of(slow(), quick(), spike(), dual(), large(), tri());
  }

  /// The same by the short names of the command line.
  static Map<String, Trace> byName() {
    return Map.of(
        "slowly", slow(),
        "quickly", quick(),
        "spike", spike(),
        "dual", dual(),
        "large", large(),
        "tri", tri());
  }

  /// One long swell (a day of a web site in 1998).
  private static Trace slow() {
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      shape[i] = 0.17 + 0.83 * bell(i, 4200, 560);
    }
    return noisy("slowly varying", shape, 0.1, 40, 1);
  }

  /// Up and down every few minutes (synthetic).
  private static Trace quick() {
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      shape[i] =
          0.6 + 0.35 * Math.sin(2 * Math.PI * i / 400) + 0.08 * Math.sin(2 * Math.PI * i / 97);
    }
    return noisy("quickly varying", shape, 0.05, 20, 2);
  }

  /// Little to do, but for ten minutes.
  private static Trace spike() {
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      shape[i] =
          0.27
              + 0.05 * Math.sin(2 * Math.PI * i / 2900)
              + 0.73 * bell(i, 3700, i < 3700 ? 100 : 230);
    }
    return noisy("big spike", shape, 0.12, 40, 3);
  }

  /// A night and a day.
  private static Trace dual() {
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      shape[i] =
          0.2
              + 0.3 * rise(i, 4100, 180) * (1 - 0.5 * rise(i, 6300, 250))
              + 0.24 * bell(i, 5300, 150);
    }
    return noisy("dual phase", shape, 0.15, 45, 4);
  }

  /// Up and down by more than half.
  private static Trace large() {
    double[] points = {0.35, 0.9, 0.35, 0.7, 0.3, 1, 0.4, 0.8, 0.3, 0.65};
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      double at = (double) i / SECONDS * (points.length - 1);
      int k = (int) at;
      double part = (1 - Math.cos(Math.PI * (at - k))) / 2;
      shape[i] = points[k] + (points[k + 1] - points[k]) * part;
    }
    return noisy("large variations", shape, 0.12, 40, 5);
  }

  /// Three levels, the middle one with a steep burst every few minutes.
  private static Trace tri() {
    double[] shape = new double[SECONDS];
    for (int i = 0; i < SECONDS; i++) {
      double level = 0.26 + 0.12 * rise(i, 2200, 80) - 0.14 * rise(i, 5000, 80);
      boolean bursts = i > 2200 && i < 5000 && (i - 2200) % 180 < 55;
      shape[i] = level + (bursts ? 0.5 : 0);
    }
    return noisy("steep tri phase", shape, 0.06, 40, 6);
  }

  private static double bell(double at, double middle, double width) {
    double x = (at - middle) / width;
    return Math.exp(-x * x / 2);
  }

  /// From 0 to 1 around a moment.
  private static double rise(double at, double middle, double width) {
    return 1 / (1 + Math.exp(-(at - middle) / (width / 4)));
  }

  /// Adds noise that is like itself for `span` seconds, and brings the peak to where it belongs.
  private static Trace noisy(String name, double[] shape, double noise, double span, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double keep = Math.exp(-1 / span);
    double value = 0;
    double[] rates = new double[shape.length];
    for (int i = 0; i < rates.length; i++) {
      value = value * keep + random.nextGaussian() * Math.sqrt(1 - keep * keep);
      rates[i] = Math.max(0.02, shape[i] * (1 + noise * value));
    }
    return new Trace(name, rates).withPeak(PEAK);
  }
}

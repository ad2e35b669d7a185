package dev.turnout.autoscaler.simulation;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Requests per second over time: a value for each second. It never changes.
public final class Trace {
  private final String name;
  private final double[] rates;

  /// @param name how it is called in tables
  /// @param rates the rate in each second, which nobody changes any more
  Trace(String name, double[] rates) {
    this.name = name;
    this.rates = rates;
  }

  /// A trace with a rate for each second, from the first on.
  public static Trace ofSeconds(String name, double... rates) {
    return new Trace(name, rates.clone());
  }

  public String name() {
    return name;
  }

  /// The rate in a second.
  public double rate(int second) {
    return rates[second];
  }

  public int seconds() {
    return rates.length;
  }

  public double peak() {
    double peak = 0;
    for (double rate : rates) {
      peak = Math.max(peak, rate);
    }
    return peak;
  }

  public double mean() {
    double sum = 0;
    for (double rate : rates) {
      sum += rate;
    }
    return sum / rates.length;
  }

  /// The rate at a moment, straight between the seconds.
  double at(double seconds) {
    int second = (int) seconds;
    if (second >= rates.length - 1) {
      return rates[rates.length - 1];
    }
    double part = seconds - second;
    return rates[second] * (1 - part) + rates[second + 1] * part;
  }

  /// The same with another peak.
  public Trace withPeak(double peak) {
    double factor = peak / peak();
    double[] scaled = rates.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return new Trace(name, scaled);
  }

  /// The same in another time.
  public Trace within(int seconds) {
    double[] next = new double[seconds];
    for (int i = 0; i < seconds; i++) {
      next[i] = at((double) i * rates.length / seconds);
    }
    return new Trace(name, next);
  }

  /// Reads lines of `seconds,rate`, ascending; between them the rate goes straight. Lines that
  /// begin with `#` are passed over, and so is a heading.
  ///
  /// @throws IOException if it cannot be read, or a line says something else
  public static Trace read(Path file) throws IOException {
    List<double[]> points = new ArrayList<>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      String text = line.strip();
      if (text.isEmpty()
          || text.startsWith("#")
          || (points.isEmpty() && number == 1 && Character.isLetter(text.charAt(0)))) {
        continue;
      }
      String[] parts = text.split("[,;\\s]+", -1);
      try {
        double at = Double.parseDouble(parts[0]);
        double rate = Double.parseDouble(parts[1]);
        if (!(rate >= 0) || (!points.isEmpty() && at <= points.getLast()[0])) {
          throw new IllegalArgumentException();
        }
        points.add(new double[] {at, rate});
      } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
        throw new IOException(
            "%s:%d: wanted are lines such as 60,250 (second, requests per second), with rising seconds: %s"
                .formatted(file, number, line),
            e);
      }
    }
    if (points.size() < 2) {
      throw new IOException(file + ": a trace has at least two lines of seconds,rate");
    }
    return of(String.valueOf(file.getFileName()), points);
  }

  /// A trace through points of (second, rate).
  static Trace of(String name, List<double[]> points) {
    double begin = points.getFirst()[0];
    int length = (int) Math.ceil(points.getLast()[0] - begin);
    double[] rates = new double[Math.max(1, length)];
    int segment = 0;
    for (int i = 0; i < rates.length; i++) {
      double at = begin + i;
      while (segment + 2 < points.size() && points.get(segment + 1)[0] <= at) {
        segment++;
      }
      double[] from = points.get(segment);
      double[] to = points.get(segment + 1);
      double part = Math.clamp((at - from[0]) / (to[0] - from[0]), 0, 1);
      rates[i] = from[1] + (to[1] - from[1]) * part;
    }
    return new Trace(name, rates);
  }
}

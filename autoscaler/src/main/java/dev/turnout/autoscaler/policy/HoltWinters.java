package dev.turnout.autoscaler.policy;

import java.util.Arrays;

/// Level, trend and season of a series of values at even distances, additive (Holt 1957, Winters
/// 1960). The first season is learned, not forecast.
public final class HoltWinters {
  private static final double LEVEL = 0.3;
  private static final double TREND = 0.02;
  private static final double SEASON = 0.3;

  private final double[] season;
  private final double[] first;
  private long seen;
  private double level;
  private double trend;
  private double error;

  /// @param length values in a season
  public HoltWinters(int length) {
    if (length < 2) {
      throw new IllegalArgumentException("a season has at least two values");
    }
    season = new double[length];
    first = new double[length];
  }

  /// The next value.
  public void add(double value) {
    int place = (int) (seen % season.length);
    if (seen < season.length) {
      first[place] = value;
      seen++;
      if (seen == season.length) {
        level = Arrays.stream(first).average().orElse(0);
        for (int i = 0; i < season.length; i++) {
          season[i] = first[i] - level;
        }
      }
      return;
    }
    double foreseen = level + trend + season[place];
    error += (Math.abs(value - foreseen) - error) * SEASON;
    double before = level;
    level = LEVEL * (value - season[place]) + (1 - LEVEL) * (level + trend);
    trend = TREND * (level - before) + (1 - TREND) * trend;
    season[place] = SEASON * (value - level) + (1 - SEASON) * season[place];
    seen++;
  }

  /// Whether a whole season has been seen.
  public boolean isReady() {
    return seen >= season.length;
  }

  /// The value `ahead` places after the last one, from 1 on.
  public double forecast(int ahead) {
    return level + trend * ahead + season[(int) ((seen + ahead - 1) % season.length)];
  }

  /// By how much the forecasts were wrong of late, on average.
  public double error() {
    return error;
  }
}

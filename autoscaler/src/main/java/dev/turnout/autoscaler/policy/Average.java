package dev.turnout.autoscaler.policy;

/// A mean that forgets: what is `span` seconds old counts 1/e of what is new.
final class Average {
  private final double span;
  private double value = Double.NaN;
  private double at;

  Average(double span) {
    this.span = span;
  }

  double add(double seconds, double next) {
    if (Double.isNaN(value) || span <= 0) {
      value = next;
    } else {
      value += (next - value) * -Math.expm1(-(seconds - at) / span);
    }
    at = seconds;
    return value;
  }
}

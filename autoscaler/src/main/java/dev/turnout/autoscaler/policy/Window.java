package dev.turnout.autoscaler.policy;

import java.util.ArrayDeque;

/// The largest of the values of the last so many seconds.
final class Window {
  private record Value(double seconds, double value) {}

  private final double length;
  private final ArrayDeque<Value> falling = new ArrayDeque<>();

  Window(double length) {
    this.length = length;
  }

  /// Adds a value and returns the largest that is not too old.
  double max(double seconds, double value) {
    while (!falling.isEmpty() && falling.getLast().value <= value) {
      falling.removeLast();
    }
    falling.addLast(new Value(seconds, value));
    while (falling.getFirst().seconds < seconds - length) {
      falling.removeFirst();
    }
    return falling.getFirst().value;
  }
}

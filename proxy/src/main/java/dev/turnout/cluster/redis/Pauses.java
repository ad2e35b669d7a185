package dev.turnout.cluster.redis;

import java.util.Random;

/// How long to wait before something is tried again: longer each time, and never all at once.
/// Confined to whoever tries.
final class Pauses {
  private static final long LONGEST = 500;
  private static final long SHORTEST = 20;
  private static final int DOUBLINGS = 10;

  private final Random chance = new Random();
  private int failures;

  /// It went well.
  void reset() {
    failures = 0;
  }

  /// It failed once more: so many milliseconds.
  long next() {
    failures = Math.min(failures + 1, DOUBLINGS);
    long most = Math.min(LONGEST, SHORTEST << failures);
    return most / 2 + chance.nextLong(most / 2);
  }
}

package dev.turnout.upstream;

/// The ramp of one server that is new or has just recovered: its share grows from nothing to all of
/// it. Every field is guarded by the upstream's [SpinLock].
///
/// The share is taken of the choices the server takes part in, not of its weight, since a weight of
/// 1 has no fractions: halfway up the ramp it takes part in every second choice, with its full
/// weight.
final class SlowStart {
  private static final long FULL = 1 << 20;

  private boolean armed;
  private boolean running;
  private long startedAt;
  private long credit;
  private boolean admitted;

  /// The ramp begins with the next choice.
  void arm() {
    armed = true;
    running = false;
  }

  /// Decides whether the server takes part in the choice that is made now.
  boolean admits(long slowStartMillis, long nowMillis) {
    admitted = decide(slowStartMillis, nowMillis);
    return admitted;
  }

  /// What was decided for the present choice.
  boolean hasAdmitted() {
    return admitted;
  }

  /// How long the share still grows; 0: the server has all of it.
  long leftMillis(long slowStartMillis, long nowMillis) {
    if (armed) {
      return slowStartMillis;
    }
    return running ? Math.max(0, slowStartMillis - (nowMillis - startedAt)) : 0;
  }

  private boolean decide(long slowStartMillis, long nowMillis) {
    if (armed) {
      armed = false;
      running = true;
      startedAt = nowMillis;
      credit = 0;
    }
    if (!running) {
      return true;
    }
    long elapsed = nowMillis - startedAt;
    if (elapsed >= slowStartMillis) {
      running = false;
      return true;
    }
    credit += Math.max(0, elapsed) * FULL / slowStartMillis;
    if (credit < FULL) {
      return false;
    }
    credit -= FULL;
    return true;
  }
}

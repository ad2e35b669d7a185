package dev.turnout.control;

import dev.turnout.cluster.Trial;

/// On what terms a change is to be made that may be taken back by itself.
///
/// @param millis how long the trial lasts
/// @param confirm whether somebody has to confirm the change by then, or else it is taken back
/// @param maxErrors how many failures of a thousand answers are too many; [Trial#ANY]: nobody
///   counts
public record TrialTerms(long millis, boolean confirm, int maxErrors) {
  /// No trial is longer: what is remembered of changes is bounded.
  public static final long LONGEST_MILLIS = 86_400_000;

  public TrialTerms {
    if (millis < 1 || millis > LONGEST_MILLIS) {
      throw new IllegalArgumentException("a trial lasts up to a day, not " + millis + " ms");
    }
  }

  /// The trial of a change that is made at `nowMillis`.
  Trial from(long nowMillis) {
    return new Trial(nowMillis + millis, confirm, maxErrors);
  }
}

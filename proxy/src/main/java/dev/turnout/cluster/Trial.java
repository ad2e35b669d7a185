package dev.turnout.cluster;

/// On what terms a change is in force that may be taken back by itself: a change on trial.
///
/// @param untilMillis when the trial is over, in milliseconds since the epoch
/// @param confirm true: when it is over the change is taken back, unless somebody has confirmed it;
///   false: then it stays
/// @param maxErrors if more than so many of a thousand answers of the groups that it is about are
///   failures, it is taken back at once; [#ANY]: nobody counts
public record Trial(long untilMillis, boolean confirm, int maxErrors) {
  /// Errors are not looked at.
  public static final int ANY = -1;

  public Trial {
    if (maxErrors < ANY || maxErrors > 1000) {
      throw new IllegalArgumentException("errors are counted in a thousand: " + maxErrors);
    }
  }
}

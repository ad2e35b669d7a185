package dev.turnout.upstream;

/// How a server that is new has to show that it does well, before it is one like the others: it
/// gets a small share of the requests, and what it answers is counted.
///
/// @param percent how many of a hundred requests of the upstream it gets; other canaries of the
///   upstream have shares of their own
/// @param good so many good answers, and it is trusted; an answer is good below 500
/// @param bad so many that are not, or attempts that fail, and it is taken out again
public record Canary(int percent, int good, int bad) {
  /// The share that is usual.
  public static final int PERCENT = 5;

  /// The largest share there is.
  public static final int MOST_PERCENT = 50;

  /// How many good answers are asked for usually.
  public static final int GOOD = 100;

  /// How many bad ones are usually one too many.
  public static final int BAD = 1;

  public Canary {
    if (percent < 1 || percent > MOST_PERCENT) {
      throw new IllegalArgumentException("a canary gets from 1 to " + MOST_PERCENT + " percent");
    }
    if (good < 1 || bad < 1) {
      throw new IllegalArgumentException("a canary without an end");
    }
  }
}

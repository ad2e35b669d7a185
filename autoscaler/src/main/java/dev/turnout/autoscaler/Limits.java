package dev.turnout.autoscaler;

/// What the controller keeps to, whatever the policy wants.
///
/// @param min servers that are always on
/// @param max servers that are never exceeded; those that fail do not count
/// @param spares servers beyond what the load needs, for what comes without notice
/// @param spareShare the same as a share of what the load needs, rounded up; the larger of both
///   counts
/// @param waitSeconds how long a server must be surplus before it is drained
/// @param upSeconds the least time between two times that servers are started
/// @param downSeconds the least time between two times that one is drained
/// @param errorShare from this share of failures on nothing is drained
public record Limits(
    int min,
    int max,
    int spares,
    double spareShare,
    double waitSeconds,
    double upSeconds,
    double downSeconds,
    double errorShare) {
  /// The share of failures from which on a low load is not believed.
  public static final double USUAL_ERROR_SHARE = 0.05;

  public Limits {
    if (min < 0 || max < 1 || min > max) {
      throw new IllegalArgumentException("min is " + min + ", max is " + max);
    }
    if (spares < 0
        || spareShare < 0
        || waitSeconds < 0
        || upSeconds < 0
        || downSeconds < 0
        || errorShare <= 0) {
      throw new IllegalArgumentException("a limit is below 0");
    }
  }

  /// Between `min` and `max` servers, without spares and pauses.
  public static Limits between(int min, int max, double waitSeconds) {
    return new Limits(min, max, 0, 0, waitSeconds, 0, 0, USUAL_ERROR_SHARE);
  }

  /// What is wanted when the load needs `needed`.
  public int target(int needed) {
    long spare = Math.max(spares, (long) Math.ceil(needed * spareShare - 1e-9));
    return Math.clamp(needed + spare, min, max);
  }
}

package dev.turnout.autoscaler.simulation;

/// The servers of a simulation: how fast they are, how long they take to start, and what they draw.
///
/// A server shares itself among its requests. With `n` of them it does `min(most, slowing * n / (n
/// + slowing))` seconds of work a second, `n = 1` being (almost) 1. Sizes of requests are spread
///   exponentially between a smallest and a largest one.
///
/// @param meanMillis what a request takes alone, on average
/// @param smallestMillis the smallest
/// @param largestMillis the largest
/// @param slowing requests at which a server is half as fast for each as for one alone
/// @param most what a server can do at most, in seconds of work a second: its threads
/// @param cores requests at which it draws all the power it ever does
/// @param setupSeconds from being asked to start to the first request
/// @param idleWatts on, with nothing to do
/// @param busyWatts with all cores at work
/// @param setupWatts while it starts
/// @param slowMillis what 95 of 100 requests shall not exceed
public record Model(
    double meanMillis,
    double smallestMillis,
    double largestMillis,
    double slowing,
    double most,
    double cores,
    double setupSeconds,
    double idleWatts,
    double busyWatts,
    double setupWatts,
    double slowMillis) {

  /// The machines of the paper (section 2): two quad-core processors with two threads a core, 260 s
  /// of setup, 140 W idle, 200 W busy or starting; requests of 120 ms on average, the largest about
  /// 20 times the smallest. `slowing` and `most` are fitted to the two points that it gives for one
  /// server: on average 10 requests at a load of 7, and 32 at 14 (figure 15).
  public static Model paper() {
    return new Model(120, 15, 300, 25.7, 16, 8, 260, 140, 200, 200, 500);
  }

  public Model withSetup(double seconds) {
    return new Model(
        meanMillis,
        smallestMillis,
        largestMillis,
        slowing,
        most,
        cores,
        seconds,
        idleWatts,
        busyWatts,
        setupWatts,
        slowMillis);
  }

  /// The same with requests that are `factor` times the work.
  public Model withSize(double factor) {
    return new Model(
        meanMillis * factor,
        smallestMillis * factor,
        largestMillis * factor,
        slowing,
        most,
        cores,
        setupSeconds,
        idleWatts,
        busyWatts,
        setupWatts,
        slowMillis);
  }

  /// Seconds of work a second with `n` requests.
  double speed(int n) {
    return Math.min(most, slowing * n / (n + slowing));
  }

  double watts(int n) {
    return idleWatts + (busyWatts - idleWatts) * Math.min(1, n / cores);
  }
}

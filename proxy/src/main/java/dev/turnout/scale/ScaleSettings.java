package dev.turnout.scale;

import dev.turnout.autoscaler.Limits;
import java.util.List;
import java.util.NavigableMap;
import org.jspecify.annotations.Nullable;

/// What `autoscale` and the directives beside it say of one group.
///
/// @param policy the name of the policy
/// @param packing requests a server carries at once; where it is learned, to begin with
/// @param learns whether `packing` is learned from how long answers take
/// @param latencyMillis what 95 of 100 answers shall not exceed; 0: nobody said
/// @param target of the policies that track one: requests in the system a server
/// @param perServer of `reactive`: requests per second a server
/// @param steps of `steps`: the requests per second from which there is one server more
/// @param schedule servers by the second of the day; empty: none
/// @param seasonSeconds of `forecast`
/// @param intervalMillis between two looks
/// @param drainMillis after which a server goes whatever runs; null: never
/// @param setupMillis how long a server takes to start, until that has been measured
/// @param dryRun decide and tell, but do nothing
/// @param power of a server, for the figures: idle, busy and starting, in watts
record ScaleSettings(
    String policy,
    Limits limits,
    double packing,
    boolean learns,
    long latencyMillis,
    double target,
    double perServer,
    List<Double> steps,
    NavigableMap<Integer, Integer> schedule,
    long seasonSeconds,
    long intervalMillis,
    @Nullable Long drainMillis,
    long setupMillis,
    boolean dryRun,
    Power power,
    @Nullable Hook onStart,
    @Nullable Hook onStop,
    Readiness readiness) {
  ScaleSettings {
    steps = List.copyOf(steps);
  }

  /// What a server draws, in watts.
  record Power(double idle, double busy, double starting) {
    /// The machines of the AutoScale paper.
    static final Power USUAL = new Power(140, 200, 200);
  }
}

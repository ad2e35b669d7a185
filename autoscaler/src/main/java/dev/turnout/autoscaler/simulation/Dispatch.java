package dev.turnout.autoscaler.simulation;

import java.util.function.DoubleSupplier;

/// How requests are spread over the servers that are on.
public sealed interface Dispatch {
  /// To the one with the fewest requests.
  record ShortestQueue() implements Dispatch {}

  /// To the first that has fewer than `packing`, else to the one with the fewest.
  record Pack(DoubleSupplier packing) implements Dispatch {}
}

package dev.turnout.autoscaler;

/// Says how many servers a load needs. Bounds, spares, waiting and which servers those are is the
/// [Controller]'s business. A policy may remember what it saw; one object belongs to one group.
public interface Policy {
  /// The name that it is configured by, such as `just_enough`.
  String name();

  /// What is wanted, given this look and those before. Called once for each look that is complete,
  /// in the order of time.
  Wish wish(Observation seen);
}

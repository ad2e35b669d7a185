package dev.turnout.autoscaler;

/// What a server is doing, as far as the controller is concerned.
public enum ServerState {
  /// Takes no requests and costs nothing.
  OFF,
  /// Was asked to start, and does not answer yet.
  STARTING,
  /// Takes requests.
  ON,
  /// Takes no new requests and ends those it has.
  DRAINING,
  /// Is left alone for now: no capacity, and nothing is done with it.
  ASIDE
}

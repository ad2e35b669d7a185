package dev.turnout.upstream;

/// What a peer is doing, in the API's words.
public enum PeerState {
  UP,
  DRAINING,
  DOWN,
  /// Its failures reached `max_fails`, and `fail_timeout` has not passed.
  UNAVAIL,
  /// A check that is mandatory has not passed yet.
  CHECKING,
  /// An active check fails.
  UNHEALTHY
}

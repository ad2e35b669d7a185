package dev.turnout.upstream;

/// How an attempt at a peer ended, as far as the peer's health is concerned.
public enum Outcome {
  SUCCESS,
  /// It counts against the peer: no connection, no answer, or an answer that `proxy_next_upstream`
  /// lists.
  FAILURE,
  /// The next peer is asked, but it is not this one's fault: 403 and 404. A peer that answers so is
  /// alive.
  NEUTRAL
}

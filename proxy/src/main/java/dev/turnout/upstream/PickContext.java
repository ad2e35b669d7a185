package dev.turnout.upstream;

import java.util.random.RandomGenerator;

/// What choosing a peer may know about the request it chooses for; the exchange is one.
public interface PickContext {
  /// Milliseconds of a monotonic clock, the same one for every request.
  long nowMillis();

  /// The client's address: 4 or 16 bytes, or none if it came over a Unix socket.
  byte[] clientAddress();

  /// The value of the key of `hash`; empty if there is none.
  String hashKey();

  RandomGenerator random();

  /// What the request says of the server or session that it is bound to, for `sticky`; empty if it
  /// says nothing.
  default String stickyKey() {
    return "";
  }

  /// The session that the present attempt has begun, for `sticky learn`; empty if it has not.
  default String stickySession() {
    return "";
  }

  /// How long the head of the present attempt's response took; -1 if there is none.
  default long headerMillis() {
    return -1;
  }

  /// How long the present attempt took.
  default long responseMillis() {
    return -1;
  }

  /// The peers this request has been at. One for the life of the request's attempts.
  Tries tries();

  /// The failure of this request's attempt has taken `peer` out: a warning is due.
  void temporarilyDisabled(Peer peer);
}

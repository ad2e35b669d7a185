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

  /// The peers this request has been at. One for the life of the request's attempts.
  Tries tries();

  /// The failure of this request's attempt has taken `peer` out: a warning is due.
  void temporarilyDisabled(Peer peer);
}

package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// Chooses among the peers of one tier; built for exactly these. Called by all event loops at once.
public interface Balancer {
  /// The chosen peer, claimed and marked as tried, or null if none can take the request.
  @Nullable Peer pick(PickContext context, Tries tries);

  /// A request is about to be given to the peer that it is bound to, past the balancer. Holding the
  /// tier's lock.
  default void bound(int index, Tries tries, long nowMillis) {}

  /// Makes the balancer of a method for the peers of one tier.
  @FunctionalInterface
  interface Factory {
    Balancer create(BalancingMethod method, PeerTier tier);
  }
}

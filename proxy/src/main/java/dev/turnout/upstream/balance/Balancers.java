package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.PeerTier;

/// How a balancing method becomes a balancer: the one list of them.
public final class Balancers {
  private Balancers() {}

  public static Balancer create(BalancingMethod method, PeerTier tier) {
    return switch (method) {
      case BalancingMethod.RoundRobin() -> new RoundRobin(tier);
      case BalancingMethod.LeastConnections() -> new LeastConnections(tier);
      case BalancingMethod.Pack pack -> new IndexPacking(tier, pack.requests());
      case BalancingMethod.LeastTime time -> new LeastTime(tier, time);
      case BalancingMethod.IpHash() -> new IpHash(tier);
      case BalancingMethod.Hash(_, boolean consistent) ->
          consistent ? new ConsistentHash(tier) : new KeyHash(tier);
      case BalancingMethod.Random random -> new RandomChoice(tier, random);
    };
  }
}

package dev.turnout.upstream.balance;

import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.Tries;

/// `least_conn`: the peer with the fewest active requests for its weight; round robin among equals.
final class LeastConnections extends Scan {
  LeastConnections(PeerTier tier) {
    super(tier);
  }

  @Override
  int choose(Tries tries, long now, boolean gently) {
    int best = -1;
    boolean many = false;
    for (int i = 0; i < tier.size(); i++) {
      if (isOut(i, tries, now, gently)) {
        continue;
      }
      int order = best < 0 ? -1 : compareLoad(i, best);
      if (order < 0) {
        best = i;
        many = false;
      } else if (order == 0) {
        many = true;
      }
    }
    return many ? amongEquals(best, tries, now, gently) : best;
  }

  /// Round robin among the peers that are as busy as `first`, none of which comes before it.
  private int amongEquals(int first, Tries tries, long now, boolean gently) {
    int best = first;
    long total = 0;
    for (int i = first; i < tier.size(); i++) {
      if (!tier.isSelectable(i, tries, now)
          || compareLoad(i, first) != 0
          || (gently && !tier.wasAdmitted(i))) {
        continue;
      }
      total += tier.charge(i);
      if (tier.currentWeight(i) > tier.currentWeight(best)) {
        best = i;
      }
    }
    tier.pay(best, total);
    return best;
  }

  /// a.active / a.weight against b.active / b.weight, without the division.
  private int compareLoad(int a, int b) {
    Peer one = tier.peer(a);
    Peer two = tier.peer(b);
    return Long.compare((long) one.active() * two.weight(), (long) two.active() * one.weight());
  }
}

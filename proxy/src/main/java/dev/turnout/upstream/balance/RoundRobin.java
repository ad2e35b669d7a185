package dev.turnout.upstream.balance;

import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.Tries;

/// Weighted smooth round robin: each usable peer gains its weight, and the richest pays for all.
///
/// Over any stretch as long as the sum of the weights each peer is chosen as often as its weight
/// says, and as evenly spread as can be: 5, 1, 1 gives `aabacaa`. All loops share one position, so
/// this holds for the proxy as a whole.
final class RoundRobin extends Scan {
  RoundRobin(PeerTier tier) {
    super(tier);
  }

  /// A bound request counts as the peer's turn, so that the others get the next ones; but a peer
  /// that many are bound to does not pay for more than one round, or it would get no new ones long
  /// after.
  @Override
  public void bound(int index, Tries tries, long nowMillis) {
    if (tier.currentWeight(index) <= tier.peer(index).weight() - tier.totalWeight()) {
      return;
    }
    long total = 0;
    for (int i = 0; i < tier.size(); i++) {
      if (tier.isSelectable(i, tries, nowMillis)) {
        total += tier.charge(i);
      }
    }
    tier.pay(index, total);
  }

  @Override
  int choose(Tries tries, long now, boolean gently) {
    int best = -1;
    long most = 0;
    long total = 0;
    for (int i = 0; i < tier.size(); i++) {
      if (isOut(i, tries, now, gently)) {
        continue;
      }
      total += tier.charge(i);
      long currentWeight = tier.currentWeight(i);
      if (best < 0 || currentWeight > most) {
        best = i;
        most = currentWeight;
      }
    }
    if (best >= 0) {
      tier.pay(best, total);
    }
    return best;
  }
}

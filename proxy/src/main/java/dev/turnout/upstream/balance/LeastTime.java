package dev.turnout.upstream.balance;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.Tries;

/// `least_time`: the peer that would be done first, by how long it took so far and how much it has
/// to do; round robin among equals.
final class LeastTime extends Scan {
  private final ResponseTimes times;
  private final boolean inflight;

  LeastTime(PeerTier tier, BalancingMethod.LeastTime method) {
    super(tier);
    this.times = new ResponseTimes(tier, method);
    this.inflight = method.inflight();
  }

  @Override
  public void bound(int index, Tries tries, long nowMillis) {
    if (inflight) {
      tier.beginsAt(index, tries, nowMillis);
    }
  }

  @Override
  void chosen(int index, Tries tries, long now) {
    bound(index, tries, now);
  }

  @Override
  int choose(Tries tries, long now, boolean gently) {
    int best = -1;
    long least = 0;
    boolean many = false;
    for (int i = 0; i < tier.size(); i++) {
      if (isOut(i, tries, now, gently)) {
        continue;
      }
      tier.observeRunning(i, now);
      long cost = times.cost(i, now);
      int order = best < 0 ? -1 : times.compare(i, cost, best, least);
      if (order < 0) {
        best = i;
        least = cost;
        many = false;
      } else if (order == 0) {
        many = true;
      }
    }
    return many ? amongEquals(best, least, tries, now, gently) : best;
  }

  /// Round robin among the peers that cost as much as `first`, none of which comes before it.
  private int amongEquals(int first, long least, Tries tries, long now, boolean gently) {
    int best = first;
    long total = 0;
    for (int i = first; i < tier.size(); i++) {
      if (!tier.isSelectable(i, tries, now)
          || times.compare(i, times.cost(i, now), first, least) != 0
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
}

package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.SpinLock;
import dev.turnout.upstream.Tries;
import org.jspecify.annotations.Nullable;

/// `random [two]`: a peer drawn by weight, or the less busy or the faster one of two that were
/// drawn.
///
/// For proxies that do not see each other's load. After 20 draws that could not be used it is round
/// robin's turn.
final class RandomChoice implements Balancer {
  private final PeerTier tier;
  private final boolean two;
  private final @Nullable ResponseTimes times;
  private final SpinLock lock;
  private final RoundRobin roundRobin;

  RandomChoice(PeerTier tier, BalancingMethod.Random method) {
    this.tier = tier;
    this.two = method.two();
    this.times = method.time() == null ? null : new ResponseTimes(tier, method.time());
    this.lock = tier.lock();
    this.roundRobin = new RoundRobin(tier);
  }

  @Override
  public @Nullable Peer pick(PickContext context, Tries tries) {
    if (Hashing.isOver(tries) || tier.size() < 2) {
      return roundRobin.pick(context, tries);
    }
    long now = context.nowMillis();
    lock.lock();
    try {
      int index = draw(context, tries, now);
      if (index >= 0) {
        return tier.claim(index, tries, now);
      }
    } finally {
      lock.unlock();
    }
    return roundRobin.pick(context, tries);
  }

  private int draw(PickContext context, Tries tries, long now) {
    int first = -1;
    while (!Hashing.isOver(tries)) {
      int index = tier.at(context.random().nextLong(tier.totalWeight()));
      if (index == first || !tier.isSelectable(index, tries, now)) {
        tries.missed();
      } else if (!two) {
        return index;
      } else if (first < 0) {
        first = index;
      } else {
        return isWorse(index, first, now) ? first : index;
      }
    }
    return -1;
  }

  private boolean isWorse(int a, int b, long now) {
    if (times != null) {
      return times.compare(a, times.cost(a, now), b, times.cost(b, now)) > 0;
    }
    Peer one = tier.peer(a);
    Peer other = tier.peer(b);
    return (long) one.active() * other.weight() > (long) other.active() * one.weight();
  }
}

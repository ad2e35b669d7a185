package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.SpinLock;
import dev.turnout.upstream.Tries;
import org.jspecify.annotations.Nullable;

/// `hash key consistent`: ketama, where adding or removing a server moves only that server's keys.
///
/// The addresses of one name share its points; among them it is round robin.
final class ConsistentHash implements Balancer {
  private final PeerTier tier;
  private final SpinLock lock;
  private final RoundRobin roundRobin;
  private final KetamaRing ring;

  ConsistentHash(PeerTier tier) {
    this.tier = tier;
    this.lock = tier.lock();
    this.roundRobin = new RoundRobin(tier);
    this.ring = KetamaRing.of(tier.peers());
  }

  @Override
  public @Nullable Peer pick(PickContext context, Tries tries) {
    String key = context.hashKey();
    if (Hashing.isOver(tries) || key.isEmpty()) {
      return roundRobin.pick(context, tries);
    }
    if (tier.size() == 0) {
      return null;
    }
    if (tries.step() == 0) {
      int crc = Hashing.crcEnd(Hashing.crcText(Hashing.crcStart(), key));
      tries.moveTo(ring.firstAt(crc));
    }
    long now = context.nowMillis();
    while (true) {
      Peer peer = among(ring.peersAt(tries.position()), tries, now);
      if (peer != null) {
        return peer;
      }
      tries.moveTo(tries.position() + 1);
      tries.missed();
      if (Hashing.isOver(tries)) {
        return roundRobin.pick(context, tries);
      }
    }
  }

  private @Nullable Peer among(int[] indexes, Tries tries, long now) {
    lock.lock();
    try {
      int best = -1;
      long total = 0;
      for (int i : indexes) {
        if (!tier.isSelectable(i, tries, now)) {
          continue;
        }
        total += tier.charge(i);
        if (best < 0 || tier.currentWeight(i) > tier.currentWeight(best)) {
          best = i;
        }
      }
      if (best < 0) {
        return null;
      }
      tier.pay(best, total);
      return tier.claim(best, tries, now);
    } finally {
      lock.unlock();
    }
  }
}

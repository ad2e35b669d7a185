package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.SpinLock;
import dev.turnout.upstream.Tries;
import org.jspecify.annotations.Nullable;

/// `hash key`: a key always goes to the same peer while that is up, as in Perl's Cache::Memcached.
///
/// Adding or removing a server moves most keys; [ConsistentHash] moves few. A peer that cannot be
/// used leads to a rehash, up to 20 times; then it is round robin's turn, as it is for an empty
/// key.
final class KeyHash implements Balancer {
  private final PeerTier tier;
  private final SpinLock lock;
  private final RoundRobin roundRobin;

  KeyHash(PeerTier tier) {
    this.tier = tier;
    this.lock = tier.lock();
    this.roundRobin = new RoundRobin(tier);
  }

  @Override
  public @Nullable Peer pick(PickContext context, Tries tries) {
    String key = context.hashKey();
    if (Hashing.isOver(tries) || tier.size() < 2 || key.isEmpty()) {
      return roundRobin.pick(context, tries);
    }
    long now = context.nowMillis();
    while (true) {
      tries.moveTo(tries.position() + hash(key, tries.step()));
      int index = tier.at(tries.position() % tier.totalWeight());
      lock.lock();
      try {
        if (tier.isSelectable(index, tries, now)) {
          return tier.claim(index, tries, now);
        }
      } finally {
        lock.unlock();
      }
      tries.missed();
      if (Hashing.isOver(tries)) {
        return roundRobin.pick(context, tries);
      }
    }
  }

  /// 15 bits of the CRC of the key, with the number of the rehash before it.
  private static int hash(String key, int rehash) {
    int crc = Hashing.crcStart();
    if (rehash > 0) {
      crc = Hashing.crcDecimal(crc, rehash);
    }
    return Hashing.crcEnd(Hashing.crcText(crc, key)) >>> 16 & 0x7fff;
  }
}

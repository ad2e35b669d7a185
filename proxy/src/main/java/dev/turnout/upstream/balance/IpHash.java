package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.SpinLock;
import dev.turnout.upstream.Tries;
import org.jspecify.annotations.Nullable;

/// `ip_hash`: a client's network always goes to the same peer while that is up.
///
/// The first three bytes of an IPv4 address count, or all of an IPv6 address. If the peer cannot be
/// used the hash is stirred once more with the same bytes, up to 20 times; then it is round robin's
/// turn.
final class IpHash implements Balancer {
  private static final int SEED = 89;
  private static final byte[] NO_ADDRESS = new byte[3];

  private final PeerTier tier;
  private final SpinLock lock;
  private final RoundRobin roundRobin;

  IpHash(PeerTier tier) {
    this.tier = tier;
    this.lock = tier.lock();
    this.roundRobin = new RoundRobin(tier);
  }

  @Override
  public @Nullable Peer pick(PickContext context, Tries tries) {
    if (Hashing.isOver(tries) || tier.size() < 2) {
      return roundRobin.pick(context, tries);
    }
    long now = context.nowMillis();
    byte[] address = context.clientAddress();
    int hash = tries.step() == 0 ? SEED : (int) tries.position();
    while (true) {
      hash = stir(hash, address);
      int index = tier.at(hash % tier.totalWeight());
      lock.lock();
      try {
        if (tier.isSelectable(index, tries, now)) {
          tries.moveTo(hash);
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

  private static int stir(int hash, byte[] address) {
    byte[] bytes = address.length == 0 ? NO_ADDRESS : address;
    int length = bytes.length == 4 ? 3 : bytes.length;
    int stirred = hash;
    for (int i = 0; i < length; i++) {
      stirred = (stirred * 113 + (bytes[i] & 0xff)) % 6271;
    }
    return stirred;
  }
}

package dev.turnout.upstream.balance;

import dev.turnout.upstream.Balancer;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.PickContext;
import dev.turnout.upstream.SpinLock;
import dev.turnout.upstream.Tries;
import org.jspecify.annotations.Nullable;

/// A method that looks at all peers of the tier, under the tier's lock, and takes the best of them.
/// Peers that are warming up get their share only; when no other is left, one of them is better
/// than none.
abstract class Scan implements Balancer {
  final PeerTier tier;
  private final SpinLock lock;

  Scan(PeerTier tier) {
    this.tier = tier;
    this.lock = tier.lock();
  }

  @Override
  public final @Nullable Peer pick(PickContext context, Tries tries) {
    long now = context.nowMillis();
    lock.lock();
    try {
      int best = choose(tries, now, true);
      if (best < 0) {
        best = choose(tries, now, false);
      }
      if (best < 0) {
        return null;
      }
      chosen(best, tries, now);
      return tier.claim(best, tries, now);
    } finally {
      lock.unlock();
    }
  }

  /// The index of the best peer; -1 if none can be chosen.
  ///
  /// @param gently leaves out peers that are warming up and have had their share
  abstract int choose(Tries tries, long now, boolean gently);

  /// Is told what was chosen, under the lock.
  void chosen(int index, Tries tries, long now) {}

  /// True if the peer takes no part in this scan.
  final boolean isOut(int index, Tries tries, long now, boolean gently) {
    return !tier.isSelectable(index, tries, now) || (gently && !tier.isAdmitted(index, now));
  }
}

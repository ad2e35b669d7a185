package dev.turnout.upstream;

import dev.turnout.upstream.sticky.LearnedSessions;
import dev.turnout.upstream.sticky.Sticky;
import org.jspecify.annotations.Nullable;

/// The servers of one snapshot that have to prove themselves: which requests are theirs, whatever
/// the balancing method of the others. Immutable.
///
/// Each choice is drawn, which needs no state that would have to outlive a change of the list. A
/// request that is bound to a canary stays with it.
final class CanaryPeers {
  private static final int ALL = 100;

  private final PeerTier tier;
  private final @Nullable BoundPeers bound;
  private final int[] percents;

  CanaryPeers(PeerTier tier, @Nullable Sticky sticky, @Nullable LearnedSessions sessions) {
    this.tier = tier;
    this.percents = tier.peers().stream().mapToInt(CanaryPeers::percent).toArray();
    this.bound = sticky == null ? null : new BoundPeers(sticky, sessions, tier, (_, _) -> null);
  }

  private static int percent(Peer peer) {
    Canary canary = peer.spec().canary();
    return canary == null ? 0 : canary.percent();
  }

  /// The canary whose request this is, claimed; null if it is for the others. For the first attempt
  /// of a request only.
  @Nullable Peer pick(PickContext context, Tries tries) {
    Peer known = bound == null ? null : bound.pick(context, tries);
    if (known != null || !context.stickyKey().isEmpty()) {
      return known; // a session that has its place keeps it
    }
    int drawn = context.random().nextInt(ALL);
    for (int i = 0; i < percents.length; i++) {
      drawn -= percents[i];
      if (drawn < 0) {
        return claim(i, context, tries);
      }
    }
    return null;
  }

  /// Any canary that can take the request, claimed; null if there is none.
  @Nullable Peer pickAny(PickContext context, Tries tries) {
    for (int i = 0; i < percents.length; i++) {
      Peer peer = claim(i, context, tries);
      if (peer != null) {
        return peer;
      }
    }
    return null;
  }

  private @Nullable Peer claim(int index, PickContext context, Tries tries) {
    long now = context.nowMillis();
    tier.lock().lock();
    try {
      return tier.isSelectable(index, tries, now) ? tier.claim(index, tries, now) : null;
    } finally {
      tier.lock().unlock();
    }
  }
}

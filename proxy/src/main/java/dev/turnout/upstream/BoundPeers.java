package dev.turnout.upstream;

import dev.turnout.upstream.sticky.LearnedSessions;
import dev.turnout.upstream.sticky.Sticky;
import dev.turnout.upstream.sticky.StickyCookie;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.StickyRoute;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The peers of one tier by their routes: how a request finds the one that it is bound to, before
/// the balancer is asked. Immutable but for the sessions it looks in.
final class BoundPeers {
  private final Sticky sticky;
  private final @Nullable LearnedSessions sessions;
  private final PeerTier tier;
  private final Balancer balancer;
  private final Map<String, Integer> indexes;

  BoundPeers(Sticky sticky, @Nullable LearnedSessions sessions, PeerTier tier, Balancer balancer) {
    this.sticky = sticky;
    this.sessions = sessions;
    this.tier = tier;
    this.balancer = balancer;
    this.indexes = HashMap.newHashMap(tier.size());
    for (int i = 0; i < tier.size(); i++) {
      indexes.putIfAbsent(tier.peer(i).route(), i); // of two with one route, nginx sees the first
    }
  }

  /// The peer that the request is bound to, claimed; null if it is bound to none that can take it.
  @Nullable Peer pick(PickContext context, Tries tries) {
    Integer index = find(context);
    if (index == null) {
      return null;
    }
    long now = context.nowMillis();
    tier.lock().lock();
    try {
      if (!tier.isSelectableIfBound(index, tries, now)) {
        return null;
      }
      balancer.bound(index, tries, now);
      return tier.claim(index, tries, now);
    } finally {
      tier.lock().unlock();
    }
  }

  /// As [#pick], but only a peer that drains: no request that is not bound could have it.
  @Nullable Peer pickDraining(PickContext context, Tries tries) {
    Integer index = find(context);
    return index != null && tier.peer(index).spec().drain() ? pick(context, tries) : null;
  }

  private @Nullable Integer find(PickContext context) {
    String key = context.stickyKey();
    if (key.isEmpty()) {
      return null;
    }
    String route =
        switch (sticky) {
          case StickyCookie _, StickyRoute _ -> key;
          case StickyLearn learn ->
              sessions == null
                  ? null
                  : sessions.find(key, learn.timeoutMillis(), context.nowMillis());
        };
    return route == null ? null : indexes.get(route);
  }
}

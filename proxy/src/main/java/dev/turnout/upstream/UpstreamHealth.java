package dev.turnout.upstream;

import java.util.List;

/// The health of an upstream as a whole: what is wanted of it, whether it is in panic, and who is
/// told. Shared by all event loops and the prober.
///
/// Panic is looked at when a server changes its state, and, while it lasts, once a second by a
/// choice, since windows of `fail_timeout` end without an event.
public final class UpstreamHealth {
  private static final long REVIEW_MILLIS = 1000;

  private final Upstream upstream;
  private final HealthListener listener;
  private volatile HealthPolicy policy = HealthPolicy.NONE;
  private volatile boolean panic;

  /// A choice must look at the whole: panic lasts, or the list has changed.
  private volatile boolean attention;

  private volatile long reviewedAt;

  UpstreamHealth(Upstream upstream, HealthListener listener) {
    this.upstream = upstream;
    this.listener = listener;
  }

  public HealthPolicy policy() {
    return policy;
  }

  /// Whether so few servers are usable that health is ignored.
  public boolean isPanic() {
    return panic;
  }

  void policy(HealthPolicy next) {
    policy = next;
    attend();
  }

  /// The next choice looks at the whole.
  void attend() {
    reviewedAt = Long.MIN_VALUE;
    attention = policy.panicThreshold() > 0 || panic;
  }

  boolean wantsAttention() {
    return attention;
  }

  /// Looks at the whole, unless that was done a moment ago.
  void reviewInTime(long nowMillis) {
    long last = reviewedAt;
    if (last == Long.MIN_VALUE || nowMillis - last >= REVIEW_MILLIS) {
      review(nowMillis);
    }
  }

  /// Looks at the whole: begins or ends a panic. One at a time: who has looked before a server
  /// changed must not decide after who has looked since.
  synchronized void review(long nowMillis) {
    reviewedAt = nowMillis;
    int threshold = policy.panicThreshold();
    if (threshold == 0 && !panic) {
      attention = false;
      return;
    }
    PeerSet set = upstream.current();
    Share primaries = Share.of(set.primaries(), nowMillis);
    Share backups = Share.of(set.backups(), nowMillis);
    int total = primaries.total() + backups.total();
    boolean should = total > 0 && primaries.isBelow(threshold) && backups.isBelow(threshold);
    attention = should;
    if (panic == should) {
      return;
    }
    panic = should;
    int usable = primaries.usable() + backups.usable();
    long at = System.currentTimeMillis();
    tell(
        should
            ? new HealthEvent.PanicBegan(upstream.name(), usable, total, at)
            : new HealthEvent.PanicEnded(upstream.name(), usable, total, at));
  }

  /// How many of some servers are usable. Those that are not wanted in use do not count, nor do
  /// those whose first check is awaited: nothing is known of them.
  private record Share(int usable, int total) {
    static Share of(List<Peer> peers, long nowMillis) {
      int usable = 0;
      int total = 0;
      for (Peer peer : peers) {
        if (peer.isOpen() && peer.health().verdict() != PeerHealth.Verdict.CHECKING) {
          total++;
          usable += peer.isOut(nowMillis) ? 0 : 1;
        }
      }
      return new Share(usable, total);
    }

    boolean isBelow(int percent) {
      return total == 0 || usable * 100L < (long) percent * total;
    }
  }

  /// Whether passive failures may take `peer` out, too: not if that would make too many. One may
  /// always be out. Holding the upstream's lock.
  boolean mayEject(Peer peer, long nowMillis) {
    int most = policy.maxEjected();
    if (most >= 100) {
      return true;
    }
    int total = 0;
    int out = 0;
    PeerSet set = upstream.current();
    for (int i = 0; i < set.size(); i++) {
      Peer other = set.peer(i);
      if (other.isOpen()) {
        total++;
        out += !other.isSameServer(peer) && other.isEjected(nowMillis) ? 1 : 0;
      }
    }
    return out == 0 || (out + 1) * 100L <= (long) most * total;
  }

  /// Tells that a server went from one state to another: `first`, then the listener.
  HealthEvent.PeerChanged tell(
      PeerSpec peer, PeerState from, PeerState to, String reason, HealthListener first) {
    HealthEvent.PeerChanged event =
        new HealthEvent.PeerChanged(
            upstream.name(), peer, from, to, reason, System.currentTimeMillis());
    first.changed(event);
    tell(event);
    return event;
  }

  private void tell(HealthEvent event) {
    listener.changed(event);
    boolean makesRoom =
        switch (event) {
          case HealthEvent.PeerChanged change -> change.to() == PeerState.UP;
          case HealthEvent.PanicBegan _ -> true;
          case HealthEvent.PanicEnded _ -> false;
        };
    if (makesRoom) {
      upstream.wakeWaiting();
    }
  }
}

package dev.turnout.upstream;

import dev.turnout.metrics.Counter;
import dev.turnout.metrics.PerLoop;
import dev.turnout.upstream.sticky.LearnedSessions;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.SyncedSessions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/// A group of servers that requests are passed to: a name, and its peers as they are now.
///
/// Event loops read the current snapshot once per pick; one writer at a time publishes the next:
/// the one that has a new spec, or one that has resolved a name.
public final class Upstream {
  private final String name;
  private final UpstreamHealth health;
  private volatile PeerSet current;
  private volatile List<Peer> leaving = List.of();
  private volatile @Nullable UpstreamQueue queue;
  private double packing = Double.NaN; // holding the monitor
  private final PerLoop<Counter> idle = new PerLoop<>(Counter::new);

  private volatile Runnable listChanged = () -> {};
  private HealthPolicy asked = HealthPolicy.NONE; // guarded by this
  private boolean inForce; // guarded by this

  public Upstream(UpstreamSpec spec, long revision, Balancer.Factory balancers) {
    this(spec, revision, balancers, HealthListener.none());
  }

  /// @param listener is told what changes in the servers' health
  public Upstream(
      UpstreamSpec spec, long revision, Balancer.Factory balancers, HealthListener listener) {
    this.name = spec.name();
    this.health = new UpstreamHealth(this, listener);
    this.current = PeerSet.build(spec, revision, balancers, health);
    openQueue(spec);
  }

  public String name() {
    return name;
  }

  public PeerSet current() {
    return current;
  }

  public UpstreamHealth health() {
    return health;
  }

  /// Chooses a peer and gives it the request, which [#released] must end; null if no peer can take
  /// it, or others are waiting for one.
  public @Nullable Peer pick(PickContext context) {
    UpstreamQueue waiting = queue;
    return pick(
        context,
        waiting != null && waiting.isOccupied() && current.spec().options().queue() != null);
  }

  /// As [#pick], ahead of those that wait: for the one whose turn it is, and for a request that has
  /// been at a peer before.
  public @Nullable Peer pickAhead(PickContext context) {
    return pick(context, false);
  }

  /// As [#pickAhead], for a request that found no peer before, and waited.
  public @Nullable Peer pickAfterWaiting(PickContext context) {
    context.tries().beginAgain();
    return pick(context, false);
  }

  private @Nullable Peer pick(PickContext context, boolean behind) {
    Tries tries = context.tries();
    if (health.wantsAttention()) {
      health.reviewInTime(context.nowMillis());
    }
    while (true) {
      PeerSet set = current;
      Peer peer = behind ? set.pickDraining(context, tries) : set.pick(context, tries);
      if (peer == null) {
        if (set == current) {
          return null;
        }
      } else if (set == current || stillHas(peer)) {
        return peer;
      } else {
        tries.stopsRunning(peer);
        peer.withdraw(); // it left while it was being chosen
      }
    }
  }

  /// Either this sees the list without the peer, or [#publish] sees the peer's request: each writes
  /// first and then reads.
  private boolean stillHas(Peer peer) {
    return current.indexOf(peer) >= 0;
  }

  /// Ends the request's attempt at `peer`.
  public void released(PickContext context, Peer peer, Outcome outcome) {
    PeerSet set = current;
    context.tries().stopsRunning(peer);
    boolean disabled = peer.released(outcome, context.nowMillis());
    context.tries().ended(peer);
    wakeWaiting();
    if (disabled) {
      health.review(context.nowMillis());
      context.temporarilyDisabled(peer);
    }
    if (outcome == Outcome.SUCCESS && set.accounts()) {
      account(set, context, peer);
    }
  }

  /// How many more attempts the request has: one for each server that takes new requests and that
  /// it has not been at; none after an attempt at an only server.
  public int triesLeft(PickContext context) {
    Tries tries = context.tries();
    tries.enter(current);
    return tries.left();
  }

  /// Gives back the attempt that met an idle connection the server had just closed: that was no
  /// try.
  public void grantOneMore(PickContext context) {
    context.tries().grantOneMore();
  }

  /// The head of a response is there that is passed on: what learns or measures by heads does so.
  public void answering(PickContext context, Peer peer) {
    PeerSet set = current;
    if (!set.accounts()) {
      return;
    }
    UpstreamSpec spec = set.spec();
    if (spec.method() instanceof BalancingMethod.LeastTime time && time.measuresAtHead()) {
      peer.times().header(context.headerMillis());
      context.tries().stopsRunning(peer);
    }
    if (spec.options().sticky() instanceof StickyLearn learn && learn.atHead()) {
      learn(set, learn, context, peer);
    }
  }

  /// The request ends before its response did, and not for the peer's sake: what is known of it by
  /// now is learned and measured all the same.
  public void abandoned(PickContext context, Peer peer) {
    released(context, peer, Outcome.NEUTRAL);
    PeerSet set = current;
    if (set.accounts()) {
      account(set, context, peer);
    }
  }

  private static void account(PeerSet set, PickContext context, Peer peer) {
    BalancingMethod method = set.spec().method();
    if (method.usesTimes() && context.headerMillis() >= 0) {
      peer.times().response(context.responseMillis());
      if (!(method instanceof BalancingMethod.LeastTime time && time.measuresAtHead())) {
        peer.times().header(context.headerMillis());
      }
    }
    if (set.spec().options().sticky() instanceof StickyLearn learn && !learn.atHead()) {
      learn(set, learn, context, peer);
    }
  }

  private static void learn(PeerSet set, StickyLearn learn, PickContext context, Peer peer) {
    LearnedSessions sessions = set.sessions();
    if (sessions == null) {
      return;
    }
    String begun = context.stickySession();
    String asked = context.stickyKey();
    if (!begun.isEmpty()) {
      sessions.learn(begun, peer.route(), learn.timeoutMillis(), context.nowMillis());
    } else if (!asked.isEmpty()) {
      sessions.touch(asked, peer.route(), learn.timeoutMillis(), context.nowMillis());
    }
  }

  /// What `sticky learn … sync` has learned; null without that.
  public @Nullable SyncedSessions syncedSessions() {
    return current.sessions() instanceof SyncedSessions synced ? synced : null;
  }

  /// How many sessions are bound to the server; empty where nobody counts them, which is anywhere
  /// but with `sticky learn`.
  public OptionalInt sessionsAt(Peer peer, long nowMillis) {
    PeerSet set = current;
    return set.spec().options().sticky() instanceof StickyLearn learn && set.sessions() != null
        ? OptionalInt.of(set.sessions().count(peer.route(), learn.timeoutMillis(), nowMillis))
        : OptionalInt.empty();
  }

  /// Where requests wait for a server; null if they never did.
  public @Nullable UpstreamQueue queue() {
    return queue;
  }

  /// A server may take requests that it did not take before: those that wait look again.
  public void wakeWaiting() {
    UpstreamQueue waiting = queue;
    if (waiting != null) {
      waiting.wake();
    }
  }

  /// How long until a server comes back that is only out for its failures; -1 if there is none.
  public long recoversInMillis(long nowMillis) {
    return current.recoversInMillis(nowMillis);
  }

  /// The queue outlives the wish for one, since some may be in it.
  private void openQueue(UpstreamSpec spec) {
    if (spec.options().queue() != null && queue == null) {
      queue = new UpstreamQueue();
    }
  }

  /// Makes `spec` the present one. One caller at a time, but names may be resolved meanwhile.
  public synchronized void publish(UpstreamSpec spec, long revision) {
    openQueue(spec);
    boolean otherHealth =
        inForce && !spec.options().health().equals(current.spec().options().health());
    if (otherHealth) {
      health.policy(asked.with(spec.options().health())); // new servers begin under it
    }
    PeerSet next = PeerSet.build(spec, revision, current);
    if (otherHealth) {
      adopt(next, false); // before anybody checks the servers in another way
    }
    replace(next);
  }

  /// The name of a server of the present spec was resolved to these; returns whether that changes
  /// the peers. An answer for a server that is no more, or has another name now, changes nothing.
  public synchronized boolean resolved(
      long server, PeerAddress.Unresolved name, List<ResolvedServer> found) {
    PeerSet previous = current;
    int at = previous.spec().indexOf(server);
    if (at < 0 || !previous.spec().servers().get(at).address().equals(name)) {
      return false;
    }
    Resolutions before = previous.resolutions();
    Resolutions next = before.with(previous.spec().servers().get(at), name, found);
    if (next == before) {
      return false;
    }
    replace(PeerSet.build(next, previous));
    return true;
  }

  /// So many requests a server of weight 1 may have before `pack` turns to the next one; NaN: as
  /// configured.
  public synchronized void pack(double learned) {
    packing = learned;
    current.pack(learned);
  }

  /// Holding the monitor, which only those wait for who change the list.
  private void replace(PeerSet next) {
    PeerSet previous = current;
    List<Peer> gone = new ArrayList<>(leaving);
    for (Peer peer : previous.peers()) {
      if (next.indexOf(peer) < 0) {
        gone.add(peer);
      }
    }
    next.pack(packing);
    current = next;
    tellChanges(previous, next);
    health.attend();
    listChanged.run();
    gone.removeIf(peer -> peer.active() == 0);
    leaving = List.copyOf(gone);
    wakeWaiting();
  }

  private void tellChanges(PeerSet previous, PeerSet next) {
    for (Peer peer : next.peers()) {
      int before = previous.indexOf(peer);
      if (before < 0) {
        continue;
      }
      PeerState from = previous.peer(before).lastingState();
      PeerState to = peer.lastingState();
      if (from != to) {
        health.tell(peer.spec(), from, to, "the list of servers changed", HealthListener.none());
      }
    }
  }

  /// Runs `follow` after every change of the list, on the thread that made it: whoever watches the
  /// servers must not miss one.
  public void onListChange(Runnable follow) {
    listChanged = follow;
  }

  /// Goes over to what the next configuration wants of the servers' health, besides what the
  /// upstream's own spec says.
  public synchronized void follow(HealthPolicy policy) {
    asked = policy;
    health.policy(policy.with(current.spec().options().health()));
    adopt(current, true);
    inForce = true;
  }

  /// @param reloaded what is mandatory and not persistent has to be proved again
  private void adopt(PeerSet peers, boolean reloaded) {
    HealthPolicy policy = health.policy();
    long now = System.nanoTime() / 1_000_000;
    for (Peer peer : peers.peers()) {
      peer.follow(policy, inForce, reloaded, now);
    }
  }

  /// Counts what a probe of `peer` came to.
  ///
  /// @param reason for those who are told
  /// @param first is told before the listener what the probe changed of the peer
  public void probed(
      Peer peer,
      ProbeRules rules,
      ProbeResult result,
      String reason,
      HealthListener first,
      long nowMillis) {
    if (peer.probed(rules, result, reason, first, nowMillis) != null) {
      health.review(nowMillis);
    }
  }

  /// Where loop `index` says how many idle connections to the servers it keeps.
  public Counter idleOn(int index) {
    return idle.on(index);
  }

  /// Connections to the servers that are open and idle, over all loops.
  public long idleConnections() {
    return idle.all().stream().mapToLong(Counter::get).sum();
  }

  /// Servers that have left the list and still have requests running.
  public List<Peer> zombies() {
    return leaving.stream().filter(peer -> peer.active() > 0).toList();
  }
}

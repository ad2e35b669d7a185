package dev.turnout.upstream;

import dev.turnout.metrics.Counter;
import dev.turnout.metrics.PerLoop;
import java.util.ArrayList;
import java.util.List;
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
  private final PerLoop<Counter> idle = new PerLoop<>(Counter::new);

  private volatile Runnable listChanged = () -> {};
  private boolean inForce;

  public Upstream(UpstreamSpec spec, long revision, Balancer.Factory balancers) {
    this(spec, revision, balancers, HealthListener.NONE);
  }

  /// @param listener is told what changes in the servers' health
  public Upstream(
      UpstreamSpec spec, long revision, Balancer.Factory balancers, HealthListener listener) {
    this.name = spec.name();
    this.health = new UpstreamHealth(this, listener);
    this.current = PeerSet.build(spec, revision, balancers, health);
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
  /// it.
  public @Nullable Peer pick(PickContext context) {
    Tries tries = context.tries();
    if (health.wantsAttention()) {
      health.reviewInTime(context.nowMillis());
    }
    while (true) {
      PeerSet set = current;
      Peer peer = set.pick(context, tries);
      if (peer == null) {
        if (set == current) {
          return null;
        }
      } else if (set == current || stillHas(peer)) {
        return peer;
      } else {
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
    boolean disabled = peer.released(outcome, context.nowMillis());
    context.tries().ended(peer);
    if (disabled) {
      health.review(context.nowMillis());
      context.temporarilyDisabled(peer);
    }
  }

  /// How many more attempts the request has: one for each server that is not down and that it has
  /// not been at; none after an attempt at an only server.
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

  /// Makes `spec` the present one. One caller at a time, but names may be resolved meanwhile.
  public synchronized void publish(UpstreamSpec spec, long revision) {
    replace(PeerSet.build(spec, revision, current));
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

  /// Holding the monitor, which only those wait for who change the list.
  private void replace(PeerSet next) {
    PeerSet previous = current;
    List<Peer> gone = new ArrayList<>(leaving);
    for (Peer peer : previous.peers()) {
      if (next.indexOf(peer) < 0) {
        gone.add(peer);
      }
    }
    current = next;
    tellChanges(previous, next);
    health.attend();
    listChanged.run();
    gone.removeIf(peer -> peer.active() == 0);
    leaving = List.copyOf(gone);
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
        health.tell(peer.spec(), from, to, "the list of servers changed", HealthListener.NONE);
      }
    }
  }

  /// Runs `follow` after every change of the list, on the thread that made it: whoever watches the
  /// servers must not miss one.
  public void onListChange(Runnable follow) {
    listChanged = follow;
  }

  /// Goes over to what the next configuration wants of the servers' health.
  public synchronized void follow(HealthPolicy policy) {
    health.policy(policy);
    long now = System.nanoTime() / 1_000_000;
    for (Peer peer : current.peers()) {
      peer.follow(policy, inForce, now);
    }
    inForce = true;
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

package dev.turnout.upstream;

import dev.turnout.upstream.sticky.LearnedSessions;
import dev.turnout.upstream.sticky.Sticky;
import dev.turnout.upstream.sticky.StickyLearn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// The peers of an upstream at one revision, with the balancers built for exactly these peers.
public final class PeerSet {
  private final long revision;
  private final UpstreamSpec spec;
  private final Resolutions resolutions;
  private final Map<Long, PeerSpec> parents;
  private final Balancer.Factory balancers;
  private final SpinLock lock;
  private final UpstreamHealth health;
  private final PeerTier primaries;
  private final PeerTier backups;
  private final PeerTier canaries;
  private final Balancer primaryBalancer;
  private final Balancer backupBalancer;
  private final @Nullable Peer alone;
  private final @Nullable LearnedSessions sessions;
  private final @Nullable BoundPeers boundPrimaries;
  private final @Nullable BoundPeers boundBackups;
  private final @Nullable CanaryPeers offCanaries;
  private final int tries;
  private final boolean accounts;

  private PeerSet(
      long revision,
      UpstreamSpec spec,
      Resolutions resolutions,
      Map<Long, PeerSpec> parents,
      Balancer.Factory balancers,
      SpinLock lock,
      UpstreamHealth health,
      List<Peer> primaries,
      List<Peer> backups,
      List<Peer> canaries,
      @Nullable LearnedSessions sessions) {
    this.revision = revision;
    this.spec = spec;
    this.resolutions = resolutions;
    this.parents = parents;
    this.balancers = balancers;
    this.lock = lock;
    this.health = health;
    this.primaries = new PeerTier(primaries, 0, lock);
    this.backups = new PeerTier(backups, primaries.size(), lock);
    this.canaries = new PeerTier(canaries, primaries.size() + backups.size(), lock);
    this.primaryBalancer =
        balancers.create(
            primaries.isEmpty() ? new BalancingMethod.RoundRobin() : spec.method(), this.primaries);
    this.backupBalancer = balancers.create(backupMethod(spec.method()), this.backups);
    this.alone = primaries.size() == 1 && backups.isEmpty() ? primaries.getFirst() : null;
    this.tries =
        (int)
            Stream.of(primaries, backups, canaries)
                .flatMap(List::stream)
                .filter(Peer::isOpen)
                .count();
    Sticky sticky = spec.options().sticky();
    this.sessions = sessions;
    this.accounts = sessions != null || spec.method().usesTimes();
    this.boundPrimaries =
        sticky == null
            ? null
            : new BoundPeers(sticky, sessions, this.primaries, this.primaryBalancer);
    this.boundBackups =
        sticky == null || backups.isEmpty()
            ? null
            : new BoundPeers(sticky, sessions, this.backups, this.backupBalancer);
    this.offCanaries = canaries.isEmpty() ? null : new CanaryPeers(this.canaries, sticky, sessions);
  }

  private PeerSet(long revision, PeerSet same) {
    this.revision = revision;
    this.spec = same.spec;
    this.resolutions = same.resolutions;
    this.parents = same.parents;
    this.balancers = same.balancers;
    this.lock = same.lock;
    this.health = same.health;
    this.primaries = same.primaries;
    this.backups = same.backups;
    this.canaries = same.canaries;
    this.primaryBalancer = same.primaryBalancer;
    this.backupBalancer = same.backupBalancer;
    this.alone = same.alone;
    this.sessions = same.sessions;
    this.boundPrimaries = same.boundPrimaries;
    this.boundBackups = same.boundBackups;
    this.offCanaries = same.offCanaries;
    this.tries = same.tries;
    this.accounts = same.accounts;
  }

  /// nginx's other methods leave the backups to round robin.
  private static BalancingMethod backupMethod(BalancingMethod method) {
    return method.allowsBackup() ? method : new BalancingMethod.RoundRobin();
  }

  /// The first snapshot of an upstream.
  static PeerSet build(
      UpstreamSpec spec, long revision, Balancer.Factory balancers, UpstreamHealth health) {
    return build(spec, Resolutions.NONE, revision, balancers, new SpinLock(), health, null);
  }

  /// The snapshot after `previous`: servers that stay keep their counters, health and weights.
  static PeerSet build(UpstreamSpec spec, long revision, PeerSet previous) {
    if (spec.equals(previous.spec)) {
      return new PeerSet(revision, previous);
    }
    Resolutions carried = previous.resolutions.carriedTo(spec);
    return build(
        spec, carried, revision, previous.balancers, previous.lock, previous.health, previous);
  }

  /// The snapshot after `previous` when a name was resolved anew.
  static PeerSet build(Resolutions resolutions, PeerSet previous) {
    return build(
        previous.spec,
        resolutions,
        previous.revision,
        previous.balancers,
        previous.lock,
        previous.health,
        previous);
  }

  private static PeerSet build(
      UpstreamSpec spec,
      Resolutions resolutions,
      long revision,
      Balancer.Factory balancers,
      SpinLock lock,
      UpstreamHealth health,
      @Nullable PeerSet previous) {
    Map<Long, Peer> known = HashMap.newHashMap(previous == null ? 0 : previous.size());
    if (previous != null) {
      for (int i = 0; i < previous.size(); i++) {
        known.put(previous.peer(i).id(), previous.peer(i));
      }
    }
    Map<Long, PeerSpec> parents = new HashMap<>();
    List<PeerSpec> servers = expand(spec, resolutions, parents);
    boolean alone = isAlone(servers);
    List<Peer> canaries = new ArrayList<>();
    List<Peer> primaries = new ArrayList<>(servers.size());
    List<Peer> backups = new ArrayList<>();
    for (PeerSpec server : servers) {
      Peer old = known.get(server.id());
      boolean onlyOne = alone && server.canary() == null;
      boolean stays = old != null && old.spec().isSameServer(server);
      Peer peer =
          old != null && stays
              ? old.with(server, onlyOne)
              : Peer.create(server, onlyOne, lock, health);
      if (!stays && health.policy().startsChecking()) {
        peer.startChecking();
      }
      boolean wasOpen = old != null && stays && old.isOpen() && !isTrustedNow(old, server);
      if (previous != null && !wasOpen && peer.isOpen()) {
        peer.opens();
      }
      (server.backup() ? backups : server.canary() != null ? canaries : primaries).add(peer);
    }
    return new PeerSet(
        revision,
        spec,
        resolutions,
        Map.copyOf(parents),
        balancers,
        lock,
        health,
        primaries,
        backups,
        canaries,
        sessions(spec, previous));
  }

  /// True if the server was a canary, and is one no more.
  private static boolean isTrustedNow(Peer old, PeerSpec now) {
    return old.spec().canary() != null && now.canary() == null;
  }

  /// True if there is one primary and nothing else; canaries do not count, so that the present
  /// server is treated as before while one proves itself.
  private static boolean isAlone(List<PeerSpec> servers) {
    int trusted = 0;
    for (PeerSpec server : servers) {
      trusted += server.canary() == null ? 1 : 0;
      if (server.backup() || trusted > 1) {
        return false;
      }
    }
    return trusted == 1;
  }

  /// What `sticky learn` has learned so far, if it goes on in the same table.
  private static @Nullable LearnedSessions sessions(UpstreamSpec spec, @Nullable PeerSet previous) {
    if (!(spec.options().sticky() instanceof StickyLearn learn)) {
      return null;
    }
    if (previous != null
        && previous.sessions != null
        && previous.spec.options().sticky() instanceof StickyLearn before
        && learn.hasTableOf(before)) {
      return previous.sessions;
    }
    return learn.table();
  }

  /// The servers as they are to be spoken to: those found for a name stand in its place.
  private static List<PeerSpec> expand(
      UpstreamSpec spec, Resolutions resolutions, Map<Long, PeerSpec> parents) {
    List<PeerSpec> servers = new ArrayList<>(spec.servers().size());
    for (PeerSpec server : spec.servers()) {
      if (server.address() instanceof PeerAddress.Unresolved name) {
        for (PeerSpec found : resolutions.of(server, name)) {
          parents.put(found.id(), server);
          servers.add(found);
        }
      } else {
        servers.add(server);
      }
    }
    return servers;
  }

  /// Chooses a peer: a primary, or a backup if no primary can be chosen; for the share of a canary
  /// that canary.
  @Nullable Peer pick(PickContext context, Tries tries) {
    tries.enter(this);
    return offCanaries == null
        ? pickTrusted(context, tries)
        : pickAmongAll(offCanaries, context, tries);
  }

  private @Nullable Peer pickAmongAll(CanaryPeers few, PickContext context, Tries tries) {
    Peer canary = tries.areAny() ? null : few.pick(context, tries);
    if (canary != null) {
      return canary;
    }
    Peer trusted = pickTrusted(context, tries);
    return trusted != null ? trusted : few.pickAny(context, tries); // better than no answer
  }

  private @Nullable Peer pickTrusted(PickContext context, Tries tries) {
    if (boundPrimaries != null && !tries.areOnBackups()) {
      Peer bound = boundPrimaries.pick(context, tries);
      if (bound != null) {
        return bound;
      }
    }
    if (alone != null) {
      return pickAlone(alone, context, tries);
    }
    if (!tries.areOnBackups()) {
      Peer primary = primaryBalancer.pick(context, tries);
      if (primary != null || backups.size() == 0) {
        return primary;
      }
      tries.goOnWithBackups(); // nginx does not come back to the primaries within a request
    }
    if (boundBackups != null) {
      Peer bound = boundBackups.pick(context, tries);
      if (bound != null) {
        return bound;
      }
    }
    return backupBalancer.pick(context, tries);
  }

  /// The draining primary that the request is bound to, if it is bound to one.
  @Nullable Peer pickDraining(PickContext context, Tries tries) {
    tries.enter(this);
    return boundPrimaries == null ? null : boundPrimaries.pickDraining(context, tries);
  }

  /// How long until a server comes back that is only out for its failures; -1 if there is none.
  long recoversInMillis(long nowMillis) {
    long soonest = -1;
    for (int i = 0; i < size(); i++) {
      long out = peer(i).outForMillis(nowMillis);
      if (out > 0 && (soonest < 0 || out < soonest)) {
        soonest = out;
      }
    }
    return soonest;
  }

  /// Whether anybody learns from responses or measures them.
  boolean accounts() {
    return accounts;
  }

  /// The sessions of `sticky learn`.
  @Nullable LearnedSessions sessions() {
    return sessions;
  }

  /// The only server takes what comes: neither its failures nor an earlier try rule it out, only an
  /// active check does.
  private @Nullable Peer pickAlone(Peer only, PickContext context, Tries tries) {
    if (!only.isOpen() || only.isBarred()) {
      return null;
    }
    if (only.spec().maxConns() == 0) {
      return claimAlone(only, context, tries);
    }
    lock.lock(); // no other loop may take the last place between the look and the claim
    try {
      return only.hasRoom() ? claimAlone(only, context, tries) : null;
    } finally {
      lock.unlock();
    }
  }

  private static Peer claimAlone(Peer only, PickContext context, Tries tries) {
    tries.add(0);
    only.claim(context.nowMillis());
    return only;
  }

  /// So many requests a server, for the balancer that packs; NaN: as configured.
  void pack(double packing) {
    primaries.pack(packing);
    backups.pack(packing);
    // canaries have their share whatever the others do
  }

  public long revision() {
    return revision;
  }

  public UpstreamSpec spec() {
    return spec;
  }

  Resolutions resolutions() {
    return resolutions;
  }

  /// The configured server whose name was resolved to this peer; null for a peer that was itself
  /// configured.
  public @Nullable PeerSpec parent(Peer peer) {
    return parents.get(peer.id());
  }

  /// The peers that stand for each server of the spec, by the server's number: one, or, of a name
  /// that is resolved at run time, one for each address that was found.
  public Map<Long, List<Peer>> byServer() {
    Map<Long, List<Peer>> byServer = new HashMap<>();
    for (Peer peer : peers()) {
      PeerSpec parent = parent(peer);
      long server = parent == null ? peer.id() : parent.id();
      byServer.computeIfAbsent(server, _ -> new ArrayList<>()).add(peer);
    }
    return byServer;
  }

  public List<Peer> primaries() {
    return primaries.peers();
  }

  public List<Peer> backups() {
    return backups.peers();
  }

  /// Servers that have to prove themselves; they are neither primaries nor backups.
  public List<Peer> canaries() {
    return canaries.peers();
  }

  /// Primaries, then backups, then canaries.
  public List<Peer> peers() {
    List<Peer> all = new ArrayList<>(primaries.peers());
    all.addAll(backups.peers());
    all.addAll(canaries.peers());
    return List.copyOf(all);
  }

  public int size() {
    return primaries.size() + backups.size() + canaries.size();
  }

  /// How many attempts one request has: one for each server that takes new requests.
  int tries() {
    return tries;
  }

  Peer peer(int index) {
    if (index < primaries.size()) {
      return primaries.peer(index);
    }
    int beyond = index - primaries.size();
    return beyond < backups.size() ? backups.peer(beyond) : canaries.peer(beyond - backups.size());
  }

  public int indexOf(Peer peer) {
    for (int i = 0; i < size(); i++) {
      if (peer(i).isSameServer(peer)) {
        return i;
      }
    }
    return -1;
  }
}

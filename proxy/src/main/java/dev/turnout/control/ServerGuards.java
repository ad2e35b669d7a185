package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The guards of a configuration: [GuardRules] for all upstreams, and others for some. Health is
/// what it is at the moment of the change; a server that is not known yet counts as healthy.
public final class ServerGuards implements Guards {
  /// Whether a server is down now says nothing of how it will do.
  private static final Set<PeerState> NOT_ILL =
      EnumSet.of(PeerState.UP, PeerState.DRAINING, PeerState.DOWN);

  private final Upstreams upstreams;
  private final GuardRules usual;
  private final Map<String, GuardRules> byUpstream;

  /// @param usual for upstreams without rules of their own
  /// @param byUpstream by name in lower case
  public ServerGuards(Upstreams upstreams, GuardRules usual, Map<String, GuardRules> byUpstream) {
    this.upstreams = upstreams;
    this.usual = usual;
    this.byUpstream = Map.copyOf(byUpstream);
  }

  @Override
  public Optional<String> check(List<Delta> deltas) {
    for (Delta delta : deltas) {
      if (delta instanceof Delta.OfUpstream(String name, UpstreamState before, var after)) {
        GuardRules rules = byUpstream.getOrDefault(name.toLowerCase(Locale.ROOT), usual);
        if (before != null && before.spec() != null && !rules.equals(GuardRules.NONE)) {
          UpstreamSpec next = after == null ? null : after.spec();
          Optional<String> held = rules.check(name, figures(name, before.spec(), next));
          if (held.isPresent()) {
            return held;
          }
        }
      }
    }
    return Optional.empty();
  }

  private GuardRules.Figures figures(
      String name, UpstreamSpec before, @Nullable UpstreamSpec after) {
    List<PeerSpec> next = after == null ? List.of() : after.servers();
    Map<Long, PeerSpec> nextById = new HashMap<>();
    next.forEach(server -> nextById.put(server.id(), server));
    int touched = 0;
    for (PeerSpec server : before.servers()) {
      touched += server.equals(nextById.get(server.id())) ? 0 : 1;
    }
    Upstream upstream = upstreams.find(name);
    Map<Long, List<Peer>> live = upstream == null ? Map.of() : upstream.current().byServer();
    return new GuardRules.Figures(
        before.servers().size(),
        touched,
        healthy(before.servers(), live),
        healthy(next, live),
        serving(before.servers()),
        serving(next));
  }

  private static int serving(List<PeerSpec> servers) {
    return (int) servers.stream().filter(ServerGuards::isServing).count();
  }

  /// A canary does not count: whether it is any good is what is to be found out.
  private static boolean isServing(PeerSpec server) {
    return !server.down() && !server.drain() && server.canary() == null;
  }

  private static int healthy(List<PeerSpec> servers, Map<Long, List<Peer>> live) {
    long nowMillis = System.nanoTime() / 1_000_000; // the clock of failures
    return (int)
        servers.stream()
            .filter(server -> isServing(server) && !server.backup())
            .filter(
                server -> isHealthy(server, live.getOrDefault(server.id(), List.of()), nowMillis))
            .count();
  }

  private static boolean isHealthy(PeerSpec server, List<Peer> peers, long nowMillis) {
    boolean isNamed = server.address() instanceof PeerAddress.Unresolved;
    boolean isNew =
        peers.stream().noneMatch(peer -> isNamed || peer.address().equals(server.address()));
    return isNew || peers.stream().anyMatch(peer -> NOT_ILL.contains(peer.state(nowMillis)));
  }
}

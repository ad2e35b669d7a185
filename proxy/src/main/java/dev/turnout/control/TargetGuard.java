package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.net.InetSocketAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Holds what changes add against what may never be reached, whatever interface they come through:
/// the addresses of servers, after their names were resolved, and the values of the zones that
/// switches write. Pure; what was there before a change, or is configured, is not its business.
///
/// @param ranges where servers that are added may be; empty: anywhere that is not closed
/// @param unix whether servers that are added may be unix sockets
/// @param listeners the node's own
/// @param ownSockets the paths of the node's own unix listeners
/// @param zones the zones whose values are targets, with the addresses that their switches allow
public record TargetGuard(
    List<TargetRule> ranges,
    boolean unix,
    List<InetSocketAddress> listeners,
    Set<String> ownSockets,
    Map<String, List<TargetRule>> zones) {
  /// Closed is what always is: before a configuration is in force.
  public static final TargetGuard NONE =
      new TargetGuard(List.of(), true, List.of(), Set.of(), Map.of());

  public TargetGuard {
    ranges = List.copyOf(ranges);
    listeners = List.copyOf(listeners);
    ownSockets = Set.copyOf(ownSockets);
    zones = Map.copyOf(zones);
  }

  /// Why these changes may not be made; empty if they may.
  ///
  /// @param isUpstream whether there is an upstream of this name once they are made
  Optional<String> check(List<Delta> deltas, Predicate<String> isUpstream) {
    for (Delta delta : deltas) {
      Optional<String> reason =
          switch (delta) {
            case Delta.OfUpstream upstream -> check(upstream);
            case Delta.OfZone zone -> check(zone, isUpstream);
          };
      if (reason.isPresent()) {
        return reason;
      }
    }
    return Optional.empty();
  }

  private Optional<String> check(Delta.OfUpstream delta) {
    Set<PeerAddress> known = new HashSet<>();
    UpstreamState before = delta.before();
    if (before != null) {
      known.addAll(addresses(before.spec()));
      known.addAll(addresses(before.configured()));
    }
    UpstreamState after = delta.after();
    for (PeerAddress address : addresses(after == null ? null : after.spec())) {
      String reason = known.contains(address) ? null : refusal(address);
      if (reason != null) {
        return Optional.of(
            "upstream \"" + delta.name() + "\": server " + address.text() + ": " + reason);
      }
    }
    return Optional.empty();
  }

  private static Collection<PeerAddress> addresses(@Nullable UpstreamSpec spec) {
    return spec == null ? List.of() : spec.servers().stream().map(PeerSpec::address).toList();
  }

  private @Nullable String refusal(PeerAddress address) {
    return switch (address) {
      case PeerAddress.Inet(InetSocketAddress socket, _) -> refusal(socket);
      case PeerAddress.Unresolved _ -> null; // it is judged each time it is resolved
      case PeerAddress.Unix(String path) -> {
        if (ownSockets.contains(path)) {
          yield "it is this node's own listener";
        }
        yield unix ? null : "\"upstream_targets\" has no \"unix:\"";
      }
    };
  }

  /// Why a server that is added may not be there; null if it may.
  public @Nullable String refusal(InetSocketAddress socket) {
    byte[] address = socket.getAddress().getAddress();
    String closed = ClosedTargets.reason(address, socket.getAddress(), socket.getPort(), listeners);
    if (closed != null) {
      return closed;
    }
    return ranges.isEmpty()
            || ranges.stream().anyMatch(rule -> rule.allows(address, socket.getPort()))
        ? null
        : "no range of \"upstream_targets\" allows this address and port";
  }

  private Optional<String> check(Delta.OfZone delta, Predicate<String> isUpstream) {
    List<TargetRule> rules = zones.get(delta.zone());
    if (rules == null) {
      return Optional.empty();
    }
    TargetPolicy policy = new TargetPolicy(List.of(), rules, listeners);
    for (String value : delta.after().values()) {
      if (value == null || isUpstream.test(value)) {
        continue;
      }
      String reason =
          switch (policy.judge(value)) {
            case TargetVerdict.Named _, TargetVerdict.Literal _ -> null;
            case TargetVerdict.Unknown _ -> "there is no such upstream"; // a resolver may find one
            case TargetVerdict.Forbidden(String why) -> why;
            case TargetVerdict.Malformed(String why) -> why;
          };
      if (reason != null) {
        return Optional.of("target \"" + value + "\": " + reason);
      }
    }
    return Optional.empty();
  }
}

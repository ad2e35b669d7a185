package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/// An upstream as it is wanted: what is stored, replicated, and shown by the API.
///
/// @param nextId the id the next new server gets: larger than any that was ever given, so none
///   comes back
public record UpstreamSpec(
    String name,
    List<PeerSpec> servers,
    BalancingMethod method,
    Keepalive keepalive,
    UpstreamOptions options,
    long nextId) {
  public UpstreamSpec {
    servers = List.copyOf(servers);
    Set<Long> ids = new HashSet<>();
    for (PeerSpec server : servers) {
      if (server.id() < 0 || server.id() >= nextId || !ids.add(server.id())) {
        throw new IllegalArgumentException(
            "server \"" + server.server() + "\" of upstream \"" + name + "\": id " + server.id());
      }
    }
  }

  /// The same upstream with other servers.
  public UpstreamSpec withServers(List<PeerSpec> others, long othersNextId) {
    return new UpstreamSpec(name, others, method, keepalive, options, othersNextId);
  }

  /// An upstream read from configuration: ids are given in the order of the servers, from 0.
  public static UpstreamSpec of(
      String name, List<PeerSpec> servers, BalancingMethod method, Keepalive keepalive) {
    return of(name, servers, method, keepalive, UpstreamOptions.NONE);
  }

  /// An upstream read from configuration, with options.
  public static UpstreamSpec of(
      String name,
      List<PeerSpec> servers,
      BalancingMethod method,
      Keepalive keepalive,
      UpstreamOptions options) {
    return numbered(name, servers, method, keepalive, options, List.of(), 0);
  }

  /// This spec with the ids `previous` has for the servers they share, and fresh ones for the
  /// others: what a reload does, so that state outlives it.
  public UpstreamSpec succeeding(UpstreamSpec previous) {
    List<PeerSpec> unnumbered =
        servers.stream().map(server -> server.withId(PeerSpec.UNASSIGNED)).toList();
    return numbered(
        name, unnumbered, method, keepalive, options, previous.servers, previous.nextId);
  }

  /// The servers as `server` directives, a line each. A name stands for all of its addresses where
  /// these are wanted alike, else each has a line of its own.
  public String serverLines() {
    Map<String, Set<String>> variants = new HashMap<>();
    for (PeerSpec server : servers) {
      variants
          .computeIfAbsent(server.server(), _ -> new HashSet<>())
          .add(ServerLine.of(server, server.server()));
    }
    Set<String> names = new HashSet<>();
    StringBuilder lines = new StringBuilder();
    for (PeerSpec server : servers) {
      boolean name = isName(server);
      boolean alike = variants.getOrDefault(server.server(), Set.of()).size() == 1;
      if (name && alike && !names.add(server.server())) {
        continue;
      }
      String place = name && !alike ? server.address().text() : server.server();
      lines.append(ServerLine.of(server, place)).append('\n');
    }
    return lines.toString();
  }

  /// True if the server was written as a name that has been looked up.
  private static boolean isName(PeerSpec server) {
    String host = server.server();
    return server.address() instanceof PeerAddress.Inet inet
        && !host.startsWith("[")
        && !inet.text().startsWith(host);
  }

  public ChangeResult apply(UpstreamChange change) {
    return switch (change) {
      case UpstreamChange.Add(PeerSpec server) -> add(server);
      case UpstreamChange.Update(long id, PeerPatch patch) -> update(id, patch);
      case UpstreamChange.Remove(long id) -> remove(id);
      case UpstreamChange.Replace(List<PeerSpec> replacement) -> replace(replacement);
    };
  }

  private ChangeResult add(PeerSpec server) {
    List<PeerSpec> next = new ArrayList<>(servers);
    next.add(server.withId(nextId));
    return checked(new UpstreamSpec(name, next, method, keepalive, options, nextId + 1));
  }

  private ChangeResult update(long id, PeerPatch patch) {
    int at = indexOf(id);
    if (at < 0) {
      return new ChangeResult.UnknownServer(id);
    }
    List<PeerSpec> next = new ArrayList<>(servers);
    try {
      next.set(at, patch.applyTo(servers.get(at)));
    } catch (IllegalArgumentException e) {
      return new ChangeResult.InvalidValue(String.valueOf(e.getMessage()));
    }
    return checked(new UpstreamSpec(name, next, method, keepalive, options, nextId));
  }

  private ChangeResult remove(long id) {
    int at = indexOf(id);
    if (at < 0) {
      return new ChangeResult.UnknownServer(id);
    }
    List<PeerSpec> next = new ArrayList<>(servers);
    next.remove(at);
    return new ChangeResult.Changed(
        new UpstreamSpec(name, next, method, keepalive, options, nextId));
  }

  private ChangeResult replace(List<PeerSpec> replacement) {
    Set<Long> ids = new HashSet<>();
    for (PeerSpec server : replacement) {
      if (server.id() == PeerSpec.UNASSIGNED) {
        continue;
      }
      if (!ids.add(server.id())) {
        return new ChangeResult.DuplicateId(server.id());
      }
      if (indexOf(server.id()) < 0) {
        return new ChangeResult.UnknownServer(server.id());
      }
    }
    return checked(numbered(name, replacement, method, keepalive, options, servers, nextId));
  }

  private ChangeResult checked(UpstreamSpec next) {
    if (!method.allowsBackup() && hasNew(next, PeerSpec::backup)) {
      return new ChangeResult.NoBackup(name);
    }
    if (!method.allowsSlowStart() && hasNew(next, server -> server.slowStartMillis() > 0)) {
      return new ChangeResult.NoSlowStart();
    }
    return new ChangeResult.Changed(next);
  }

  /// nginx takes a file that names the servers before the method without a word, so a spec may hold
  /// what a change may not bring in.
  private boolean hasNew(UpstreamSpec next, Predicate<PeerSpec> property) {
    for (PeerSpec server : next.servers) {
      int at = indexOf(server.id());
      if (property.test(server) && (at < 0 || !property.test(servers.get(at)))) {
        return true;
      }
    }
    return false;
  }

  public int indexOf(long id) {
    for (int i = 0; i < servers.size(); i++) {
      if (servers.get(i).id() == id) {
        return i;
      }
    }
    return -1;
  }

  private static UpstreamSpec numbered(
      String name,
      List<PeerSpec> servers,
      BalancingMethod method,
      Keepalive keepalive,
      UpstreamOptions options,
      List<PeerSpec> previous,
      long firstId) {
    List<PeerSpec> heirs = new ArrayList<>(previous);
    heirs.removeIf(old -> servers.stream().anyMatch(server -> server.id() == old.id()));
    long nextId = firstId;
    List<PeerSpec> numbered = new ArrayList<>(servers.size());
    for (PeerSpec server : servers) {
      if (server.id() != PeerSpec.UNASSIGNED) {
        numbered.add(server);
        continue;
      }
      long inherited = inherit(heirs, server);
      numbered.add(server.withId(inherited == PeerSpec.UNASSIGNED ? nextId++ : inherited));
    }
    return new UpstreamSpec(name, numbered, method, keepalive, options, nextId);
  }

  /// The id of the first of `heirs` that is written like `server`, which it then leaves.
  private static long inherit(List<PeerSpec> heirs, PeerSpec server) {
    for (int i = 0; i < heirs.size(); i++) {
      if (heirs.get(i).isWrittenLike(server)) {
        return heirs.remove(i).id();
      }
    }
    return PeerSpec.UNASSIGNED;
  }
}

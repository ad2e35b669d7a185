package dev.turnout.upstream;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What the names of an upstream's servers stand for now: the part of an upstream that is found out
/// and not wanted, so it is neither stored nor replicated. Immutable.
///
/// A server that a name was resolved to has an id of its own, from a range that no [UpstreamSpec]
/// gives, and keeps it for as long as the name resolves to it.
final class Resolutions {
  static final Resolutions NONE = new Resolutions(Map.of(), 1L << 32);

  private final Map<Long, Resolved> byServer;
  private final long nextId;

  /// One name's addresses.
  private record Resolved(PeerAddress.Unresolved name, boolean backup, List<Child> children) {}

  private record Child(long id, ResolvedServer found) {}

  private Resolutions(Map<Long, Resolved> byServer, long nextId) {
    this.byServer = Map.copyOf(byServer);
    this.nextId = nextId;
  }

  /// These with another answer for `server`; the same object if the answer says nothing new.
  ///
  /// What stays keeps its id and its place; what is new comes last.
  Resolutions with(PeerSpec server, PeerAddress.Unresolved name, List<ResolvedServer> found) {
    Resolved before = byServer.get(server.id());
    List<ResolvedServer> fresh = new ArrayList<>(found);
    List<Child> children = new ArrayList<>();
    if (before != null) {
      for (Child child : before.children) {
        if (fresh.remove(child.found)) {
          children.add(child);
        }
      }
      if (fresh.isEmpty() && children.size() == before.children.size()) {
        return this;
      }
    }
    long id = nextId;
    for (ResolvedServer one : fresh) {
      children.add(new Child(id++, one));
    }
    Map<Long, Resolved> next = new HashMap<>(byServer);
    next.put(server.id(), new Resolved(name, server.backup(), List.copyOf(children)));
    return new Resolutions(next, id);
  }

  /// These as far as `next` has use for them: a server that has changed its port or its id but not
  /// its name goes on with the addresses that are known.
  Resolutions carriedTo(UpstreamSpec next) {
    if (byServer.isEmpty()) {
      return this;
    }
    Map<Long, Resolved> carried = new HashMap<>();
    long id = nextId;
    for (PeerSpec server : next.servers()) {
      if (!(server.address() instanceof PeerAddress.Unresolved name)) {
        continue;
      }
      Resolved same = byServer.get(server.id());
      if (same != null && same.name.equals(name) && same.backup == server.backup()) {
        carried.put(server.id(), same);
        continue;
      }
      Resolved like = like(name, server.backup());
      if (like != null) {
        List<Child> children = new ArrayList<>();
        for (Child child : like.children) {
          children.add(new Child(id++, child.found));
        }
        carried.put(server.id(), new Resolved(name, server.backup(), List.copyOf(children)));
      }
    }
    return carried.equals(byServer) ? this : new Resolutions(carried, id);
  }

  private @Nullable Resolved like(PeerAddress.Unresolved name, boolean backup) {
    for (Resolved one : byServer.values()) {
      if (one.backup == backup && one.name.asksLike(name)) {
        return one;
      }
    }
    return null;
  }

  /// The servers that stand for `server` now.
  List<PeerSpec> of(PeerSpec server, PeerAddress.Unresolved name) {
    Resolved resolved = byServer.get(server.id());
    if (resolved == null) {
      return List.of();
    }
    return resolved.children.stream()
        .map(child -> expanded(server, name, child.id, child.found))
        .toList();
  }

  private static PeerSpec expanded(
      PeerSpec server, PeerAddress.Unresolved name, long id, ResolvedServer found) {
    int port = found.port() == 0 ? name.port() : found.port();
    // nginx takes a weight of 1 for one that was not given
    int weight = found.weight() == 0 || server.weight() != 1 ? server.weight() : found.weight();
    return server
        .withId(id)
        .withWeight(weight)
        .withBackup(server.backup() || found.backup())
        .at(
            found.server().isEmpty() ? server.server() : found.server(),
            new PeerAddress.Inet(new InetSocketAddress(found.address(), port)));
  }
}

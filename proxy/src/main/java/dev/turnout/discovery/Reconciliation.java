package dev.turnout.discovery;

import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.SpecMerge;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Brings what a source says together with the servers that a group has. Pure.
///
/// Which servers there are is for the source to say. What was changed of a server by other means
/// stays until the source says something else of that very value: so a server that an operator
/// drains is still drained when another one appears. A server keeps its id, and so its counters and
/// its health, for as long as it is at the same address.
final class Reconciliation {
  private final SourceSpec source;

  Reconciliation(SourceSpec source) {
    this.source = source;
  }

  /// The servers that the group is to have; those that are new are without ids.
  ///
  /// @param before what the source said the last time; null: that is not known any more
  /// @param said what it says now
  List<PeerSpec> next(UpstreamSpec present, @Nullable List<PeerSpec> before, List<PeerSpec> said) {
    boolean backups = present.method().allowsBackup();
    List<PeerSpec> fresh = new ArrayList<>();
    List<PeerSpec> staying = new ArrayList<>();
    List<PeerSpec> inOrder = new ArrayList<>();
    for (PeerSpec raw : said) {
      PeerSpec now = backups ? raw : raw.withBackup(false);
      PeerSpec there = find(present.servers(), now);
      if (there == null) {
        fresh.addFirst(now.withId(PeerSpec.UNASSIGNED));
        inOrder.add(fresh.getFirst());
        continue;
      }
      PeerSpec old = before == null ? null : find(before, now);
      PeerSpec next = old == null ? source.onto(there, now) : SpecMerge.merge(old, now, there);
      staying.add(next);
      inOrder.add(next);
    }
    if (!source.newOnesFirst()) {
      return inOrder;
    }
    staying.sort((a, b) -> Integer.compare(present.indexOf(a.id()), present.indexOf(b.id())));
    fresh.addAll(staying);
    return fresh;
  }

  private static @Nullable PeerSpec find(List<PeerSpec> servers, PeerSpec like) {
    for (PeerSpec server : servers) {
      if (server.address().equals(like.address()) && server.backup() == like.backup()) {
        return server;
      }
    }
    return null;
  }
}

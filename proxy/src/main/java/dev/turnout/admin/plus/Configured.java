package dev.turnout.admin.plus;

import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A server as the API shows its configuration: one that was configured, or one that its name was
/// resolved to.
///
/// @param parent the server whose name it was, or null
record Configured(PeerSpec spec, @Nullable PeerSpec parent) {
  /// All servers of an upstream; what a name was resolved to follows the name.
  static List<Configured> all(PeerSet set) {
    List<Configured> all = new ArrayList<>();
    for (PeerSpec server : set.spec().servers()) {
      all.add(new Configured(server, null));
      if (server.address() instanceof PeerAddress.Unresolved) {
        for (Peer peer : set.peers()) {
          PeerSpec parent = set.parent(peer);
          if (parent != null && parent.id() == server.id()) {
            all.add(new Configured(peer.spec(), parent));
          }
        }
      }
    }
    return all;
  }

  static Optional<Configured> find(PeerSet set, long id) {
    return all(set).stream().filter(server -> server.spec.id() == id).findFirst();
  }

  /// The address, or the name with its port.
  String server() {
    return spec.address() instanceof PeerAddress.Unresolved(String host, int port, _)
        ? host + ":" + port
        : spec.address().text();
  }

  /// The service that a name is resolved for; empty if there is none.
  String service() {
    return spec.address() instanceof PeerAddress.Unresolved name ? name.service() : "";
  }

  boolean isResolved() {
    return parent != null;
  }

  /// The number of the server whose name it was, as a text: so it is written.
  String parentId() {
    return parent == null ? "" : Long.toString(parent.id());
  }

  /// The name that was resolved.
  String host() {
    return parent != null && parent.address() instanceof PeerAddress.Unresolved name
        ? name.host()
        : "";
  }
}

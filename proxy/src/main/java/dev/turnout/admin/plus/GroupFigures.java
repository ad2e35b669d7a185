package dev.turnout.admin.plus;

import dev.turnout.control.NodeStatus;
import dev.turnout.upstream.Upstream;

/// An upstream as the API shows it.
///
/// @param zone the name of its zone
record GroupFigures(Upstream upstream, String zone) {
  /// Its servers; each is looked at when it is its turn.
  Iterable<NodeStatus.Server> peers() {
    return () -> upstream.current().peers().stream().map(NodeStatus::server).iterator();
  }

  long keepalive() {
    return upstream.idleConnections();
  }

  long zombies() {
    return upstream.zombies().size();
  }
}

package dev.turnout.http.proxy;

import dev.turnout.metrics.Counter;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The idle connections of one loop to the servers of one upstream, the latest used first. Confined
/// to the loop.
final class ConnectionPool {
  private final List<UpstreamConnection> idle = new ArrayList<>();
  private final Counter count;

  /// @param count where it says how many there are
  ConnectionPool(Counter count) {
    this.count = count;
  }

  /// Takes the idle connection to this peer's server that was used last.
  @Nullable UpstreamConnection take(Peer peer) {
    for (int i = idle.size() - 1; i >= 0; i--) {
      UpstreamConnection connection = idle.get(i);
      if (connection.peer().isSameServer(peer)) {
        idle.remove(i);
        count.set(idle.size());
        return connection;
      }
    }
    return null;
  }

  /// Keeps a connection; the one idle for longest is closed if there are too many.
  void put(UpstreamConnection connection, Keepalive limits) {
    if (idle.size() >= limits.connections()) {
      idle.removeFirst().close();
    }
    idle.add(connection);
    count.set(idle.size());
  }

  /// Forgets a connection that has closed.
  void remove(UpstreamConnection connection) {
    idle.remove(connection);
    count.set(idle.size());
  }

  /// Closes the connections to servers that are not in the list any more.
  void retire(PeerSet present) {
    for (UpstreamConnection connection : List.copyOf(idle)) {
      if (present.indexOf(connection.peer()) < 0) {
        idle.remove(connection);
        connection.close();
      }
    }
    count.set(idle.size());
  }

  /// Closes all.
  void close() {
    for (UpstreamConnection connection : List.copyOf(idle)) {
      connection.close();
    }
    idle.clear();
    count.set(0);
  }

  int size() {
    return idle.size();
  }
}

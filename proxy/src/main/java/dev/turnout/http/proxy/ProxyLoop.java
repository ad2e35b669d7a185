package dev.turnout.http.proxy;

import dev.turnout.http.ByteSink;
import dev.turnout.net.Worker;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// What the proxied exchanges of one loop share: connection pools, and objects that are free.
/// Confined to the loop; outlives configurations.
final class ProxyLoop {
  private static final int FREE = 512;

  private final Worker worker;
  private final IdentityHashMap<Upstream, ConnectionPool> pools = new IdentityHashMap<>();
  private final ArrayDeque<Proxying> free = new ArrayDeque<>();
  private final ArrayList<UpstreamConnection> connections = new ArrayList<>();
  private final ByteSink sink = new ByteSink(new byte[0]);
  private final SplittableRandom random = new SplittableRandom();

  ProxyLoop(Worker worker) {
    this.worker = worker;
  }

  Worker worker() {
    return worker;
  }

  /// The idle connection to this peer's server that was used last.
  @Nullable UpstreamConnection takeIdle(Upstream upstream, Peer peer) {
    ConnectionPool pool = pools.get(upstream);
    return pool == null ? null : pool.take(peer);
  }

  /// Where connections to an upstream idle; made for those that let them, since the others may be
  /// as many as there are addresses.
  ConnectionPool pool(Upstream upstream) {
    ConnectionPool pool = pools.get(upstream);
    if (pool == null) {
      pool = new ConnectionPool(upstream.idleOn(worker.index()));
      pools.put(upstream, pool);
    }
    return pool;
  }

  Proxying takeProxying() {
    Proxying proxying = free.pollLast();
    return proxying != null ? proxying : new Proxying(this);
  }

  void giveBack(Proxying proxying) {
    if (free.size() < FREE) {
      free.addLast(proxying);
    }
  }

  /// Space to compose a request head in, good until control goes back to the loop.
  ByteSink sink() {
    return sink.reset(worker.scratch());
  }

  SplittableRandom random() {
    return random;
  }

  /// A connection to a server begins; it is known until its channel is closed.
  void opened(UpstreamConnection connection) {
    connection.place(connections.size());
    connections.add(connection);
    connection.channel().closeFuture().addListener(_ -> closed(connection));
  }

  /// Takes it out without looking for it: the last one takes its place.
  private void closed(UpstreamConnection connection) {
    UpstreamConnection last = connections.removeLast();
    if (last != connection) {
      last.place(connection.place());
      connections.set(connection.place(), last);
    }
  }

  /// When the oldest of the attempts began that are at one of these servers; null if none is.
  @Nullable Long oldestNanos(List<Peer> servers) {
    Long oldest = null;
    for (UpstreamConnection connection : connections) {
      Long since = connection.servingSinceNanos();
      if (since != null
          && (oldest == null || since - oldest < 0)
          && servers.stream().anyMatch(connection.peer()::isSameServer)) {
        oldest = since;
      }
    }
    return oldest;
  }

  /// Closes idle connections to servers that have left the upstream.
  void retire(Upstream upstream) {
    ConnectionPool pool = pools.get(upstream);
    if (pool != null) {
      pool.retire(upstream.current());
    }
  }

  /// Closes all connections to an upstream that is no more.
  void forget(Upstream upstream) {
    ConnectionPool pool = pools.remove(upstream);
    if (pool != null) {
      pool.close();
    }
  }

  int idleConnections() {
    int count = 0;
    for (ConnectionPool pool : pools.values()) {
      count += pool.size();
    }
    return count;
  }
}

package dev.turnout.http.h1;

import dev.turnout.http.ConnectionCounters;
import dev.turnout.http.Exchange;
import dev.turnout.http.Generation;
import dev.turnout.http.PhaseEngine;
import dev.turnout.net.Worker;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// What the HTTP/1 connections of one loop share: free exchanges, the head composer, and the list
/// of the connections themselves. Confined to the loop.
public final class Http1Loop {
  private static final int FREE_EXCHANGES = 512;

  private final Worker worker;
  private final PhaseEngine engine;
  private final ConnectionCounters.Loop counters;
  private final ResponseComposer composer;
  private final ArrayDeque<Exchange> free = new ArrayDeque<>();
  private final Set<Http1Connection> connections =
      Collections.newSetFromMap(new IdentityHashMap<>());
  private final Set<Http1Connection> abandoned = Collections.newSetFromMap(new IdentityHashMap<>());
  private final int connectionLimit;
  private boolean ending;

  /// @param connectionLimit `worker_connections`
  public Http1Loop(
      Worker worker, PhaseEngine engine, ConnectionCounters counters, int connectionLimit) {
    this.worker = worker;
    this.engine = engine;
    this.counters = counters.newLoop();
    this.connectionLimit = connectionLimit;
    this.composer = new ResponseComposer(worker);
  }

  /// The loop.
  public Worker worker() {
    return worker;
  }

  PhaseEngine engine() {
    return engine;
  }

  ConnectionCounters.Loop counters() {
    return counters;
  }

  ResponseComposer composer() {
    return composer;
  }

  Exchange takeExchange() {
    Exchange exchange = free.pollLast();
    return exchange != null ? exchange : new Exchange(worker, engine);
  }

  void giveBack(Exchange exchange) {
    exchange.release();
    if (free.size() < FREE_EXCHANGES) {
      free.addLast(exchange);
    }
  }

  /// True if no more connections are to be held.
  boolean isFull() {
    return connections.size() > connectionLimit;
  }

  int connectionLimit() {
    return connectionLimit;
  }

  void opened(Http1Connection connection) {
    connections.add(connection);
    worker.connections().incrementAndGet();
  }

  void closed(Http1Connection connection) {
    if (connections.remove(connection)) {
      worker.connections().decrementAndGet();
      counters.closed();
    }
  }

  /// The client of a connection is gone, and its exchange goes on.
  void abandoned(Http1Connection connection) {
    abandoned.add(connection);
  }

  /// The exchange that went on without its client is over.
  void abandonedIsOver(Http1Connection connection) {
    abandoned.remove(connection);
  }

  /// True once connections are to close after the request that they carry.
  boolean isEnding() {
    return ending;
  }

  /// No further request is taken: idle connections close now, busy ones after their answer.
  public void end() {
    ending = true;
    for (Http1Connection connection : List.copyOf(connections)) {
      connection.closeIfIdle();
    }
  }

  /// Requests are taken again.
  public void resume() {
    ending = false;
  }

  /// Idle connections that came in through `point`, which is listened on no more, close; busy ones
  /// close after their answer.
  public void retire(ListenPoint point) {
    for (Http1Connection connection : List.copyOf(connections)) {
      if (connection.point() == point) {
        connection.closeIfIdle();
      }
    }
  }

  /// Closes what is left of a configuration that was replaced at `replacedNanos`: connections whose
  /// requests are still served by it, and those that were opened before and carry none.
  public void cut(Generation old, long replacedNanos) {
    for (Http1Connection connection : List.copyOf(connections)) {
      connection.closeIfOf(old, replacedNanos);
    }
  }

  /// Connections that are open, and exchanges that go on without theirs.
  public int open() {
    return connections.size() + abandoned.size();
  }

  /// Cuts all connections.
  public void abort() {
    for (Http1Connection connection : List.copyOf(connections)) {
      connection.close();
    }
    for (Http1Connection connection : List.copyOf(abandoned)) {
      connection.cutAbandoned();
    }
  }
}

package dev.turnout.lua;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/// The connections of scripts to one peer, or under one name (`pool=`): those that idle, and with a
/// backlog also how many there are in all and who waits for one. Confined to the VM's loop.
final class CosocketPool {
  private final ArrayDeque<Cosocket> idle = new ArrayDeque<>();
  private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
  private final LuaSockets sockets;
  private final String key;
  private int size;
  private int backlog = -1;
  private int connections;

  CosocketPool(LuaSockets sockets, String key) {
    this.sockets = sockets;
    this.key = key;
  }

  /// Says how many may idle, and how many may wait; -1 leaves it as it is.
  void limits(int size, int backlog) {
    if (this.size == 0 && size > 0) {
      this.size = size;
      sockets.debug(() -> "lua tcp socket keepalive create connection pool for key \"" + key + '"');
      sockets.debug(() -> "lua tcp socket connection pool size: " + size + ", backlog: " + backlog);
    }
    if (backlog >= 0) {
      this.backlog = backlog;
    }
  }

  /// The one that came last, or null.
  @Nullable Cosocket take() {
    Cosocket last = idle.pollLast();
    if (last != null) {
      sockets.debug(() -> "lua tcp socket get keepalive peer: using connection to " + key);
      last.wakeUp();
    }
    return last;
  }

  void put(Cosocket socket, int wantedSize) {
    limits(wantedSize, -1);
    idle.addLast(socket);
    next();
    if (idle.size() > Math.max(1, size)) {
      idle.getFirst().close();
    }
  }

  void debug(String message) {
    sockets.debug(() -> message);
  }

  /// A connection is going to be made.
  void entered() {
    connections++;
  }

  /// A connection is over, or was not made.
  void left() {
    connections--;
    next();
    if (connections == 0 && waiting.isEmpty()) {
      sockets.free(key, this);
    }
  }

  void left(Cosocket socket, boolean wasIdle) {
    if (wasIdle) {
      idle.remove(socket);
    }
    left();
  }

  private void next() {
    if (connections - idle.size() < size || backlog < 0) {
      Runnable first = waiting.poll();
      if (first != null) {
        first.run();
      }
    }
  }

  /// True if another connection must wait.
  boolean isFull() {
    return backlog >= 0 && connections >= size && idle.isEmpty();
  }

  /// False if too many wait already.
  boolean await(Runnable whenFree) {
    if (waiting.size() >= backlog) {
      return false;
    }
    sockets.debug(
        () -> "lua tcp socket queue connect operation for connection pool \"" + key + '"');
    return waiting.add(whenFree);
  }

  void forget(Runnable whenFree) {
    waiting.remove(whenFree);
  }

  void close() {
    while (!idle.isEmpty()) {
      idle.getFirst().release();
    }
  }
}

package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// nginx's round robin and passive failure accounting, written down as plainly as it goes: seconds,
/// lists, and every field by nginx's name. Knows nothing of the code it is compared with.
final class NginxModel {
  static final class Server {
    final int port;
    final int weight;
    final int maxFails;
    final long failTimeout;
    final int maxConns;
    final boolean down;
    long currentWeight;
    int effectiveWeight;
    int fails;
    long accessed;
    long checked;
    int conns;

    Server(int port, int weight, int maxFails, long failTimeout, int maxConns, boolean down) {
      this.port = port;
      this.weight = weight;
      this.maxFails = maxFails;
      this.failTimeout = failTimeout;
      this.maxConns = maxConns;
      this.down = down;
      this.effectiveWeight = weight;
    }

    boolean usable(long now) {
      boolean banned = maxFails > 0 && fails >= maxFails && now - checked <= failTimeout;
      return !down && !banned && (maxConns == 0 || conns < maxConns);
    }
  }

  final List<Server> primaries = new ArrayList<>();
  final List<Server> backups = new ArrayList<>();
  final boolean leastConn;

  NginxModel(boolean leastConn) {
    this.leastConn = leastConn;
  }

  /// What one request remembers between its attempts.
  static final class Memory {
    final Set<Server> tried = new HashSet<>();
    boolean backups;
  }

  /// The port that is chosen, or -1.
  int pick(Memory memory, long now) {
    if (isSingle()) {
      Server only = primaries.getFirst();
      if (only.down || (only.maxConns > 0 && only.conns >= only.maxConns)) {
        return -1;
      }
      only.conns++;
      return only.port;
    }
    if (!memory.backups) {
      int port = pickFrom(primaries, memory, now);
      if (port >= 0 || backups.isEmpty()) {
        return port;
      }
      memory.backups = true;
    }
    return pickFrom(backups, memory, now);
  }

  private boolean isSingle() {
    return primaries.size() == 1 && backups.isEmpty();
  }

  private int pickFrom(List<Server> servers, Memory memory, long now) {
    List<Server> usable = new ArrayList<>();
    for (Server server : servers) {
      if (!memory.tried.contains(server) && server.usable(now)) {
        usable.add(server);
      }
    }
    if (usable.isEmpty()) {
      return -1;
    }
    List<Server> candidates = leastConn ? leastBusy(usable) : usable;
    Server best = leastConn && candidates.size() == 1 ? candidates.getFirst() : swrr(candidates);
    best.conns++;
    memory.tried.add(best);
    if (now - best.checked > best.failTimeout) {
      best.checked = now;
    }
    return best.port;
  }

  private static List<Server> leastBusy(List<Server> usable) {
    double least = Double.MAX_VALUE;
    for (Server server : usable) {
      least = Math.min(least, (double) server.conns / server.weight);
    }
    List<Server> result = new ArrayList<>();
    for (Server server : usable) {
      if (Math.abs((double) server.conns / server.weight - least) < 1e-9) {
        result.add(server);
      }
    }
    return result;
  }

  private Server swrr(List<Server> candidates) {
    long total = 0;
    // With least_conn the first candidate is compared by its weight after it was charged, so both
    // agree.
    Server best = candidates.getFirst();
    boolean first = true;
    for (Server server : candidates) {
      server.currentWeight += server.effectiveWeight;
      total += server.effectiveWeight;
      if (server.effectiveWeight < server.weight) {
        server.effectiveWeight++;
      }
      if (first || server.currentWeight > best.currentWeight) {
        best = server;
        first = false;
      }
    }
    best.currentWeight -= total;
    return best;
  }

  void free(int port, boolean failed, long now) {
    Server server = find(port);
    if (isSingle()) {
      server.fails = 0;
      server.conns--;
      return;
    }
    if (failed) {
      server.fails++;
      server.accessed = now;
      server.checked = now;
      if (server.maxFails > 0) {
        server.effectiveWeight -= server.weight / server.maxFails;
      }
      server.effectiveWeight = Math.max(0, server.effectiveWeight);
    } else if (server.accessed < server.checked) {
      server.fails = 0;
    }
    server.conns--;
  }

  private Server find(int port) {
    for (Server server : primaries) {
      if (server.port == port) {
        return server;
      }
    }
    for (Server server : backups) {
      if (server.port == port) {
        return server;
      }
    }
    throw new AssertionError(port);
  }
}

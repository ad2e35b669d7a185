package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// nginx's round robin with sticky requests, and passive failure accounting, written down as
/// plainly as it goes: seconds, lists, and every field by nginx's name. Knows nothing of the code
/// it is compared with.
final class NginxModel {
  static final class Server {
    final int port;
    final int weight;
    final int maxFails;
    final long failTimeout;
    final int maxConns;
    final boolean down;
    final boolean draining;
    long currentWeight;
    int effectiveWeight;
    int fails;
    long accessed;
    long checked;
    int conns;

    Server(
        int port,
        int weight,
        int maxFails,
        long failTimeout,
        int maxConns,
        boolean down,
        boolean draining) {
      this.port = port;
      this.weight = weight;
      this.maxFails = maxFails;
      this.failTimeout = failTimeout;
      this.maxConns = maxConns;
      this.down = down;
      this.draining = draining;
      this.effectiveWeight = weight;
    }

    boolean usable(long now) {
      return !draining && usableIfBound(now);
    }

    boolean usableIfBound(long now) {
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
  ///
  /// @param bound the port of the server that the request is bound to, or -1
  int pick(Memory memory, long now, int bound) {
    if (isSingle()) {
      Server only = primaries.getFirst();
      if (only.down
          || (only.draining && only.port != bound)
          || (only.maxConns > 0 && only.conns >= only.maxConns)) {
        return -1;
      }
      only.conns++;
      return only.port;
    }
    if (!memory.backups) {
      int port = pickFrom(primaries, memory, now, bound);
      if (port >= 0 || backups.isEmpty()) {
        return port;
      }
      memory.backups = true;
    }
    return pickFrom(backups, memory, now, bound);
  }

  private static @Nullable Server bySid(List<Server> servers, Memory memory, long now, int bound) {
    for (Server server : servers) {
      if (server.port == bound) {
        return !memory.tried.contains(server) && server.usableIfBound(now) ? server : null;
      }
    }
    return null;
  }

  private boolean isSingle() {
    return primaries.size() == 1 && backups.isEmpty();
  }

  private int pickFrom(List<Server> servers, Memory memory, long now, int bound) {
    Server sticky = bySid(servers, memory, now, bound);
    List<Server> usable = new ArrayList<>();
    for (Server server : servers) {
      if (!memory.tried.contains(server) && server.usable(now)) {
        usable.add(server);
      }
    }
    Server best;
    if (sticky != null) {
      best = sticky;
      int totalWeight = servers.stream().mapToInt(server -> server.weight).sum();
      if (!leastConn && sticky.currentWeight > -(totalWeight - sticky.weight)) {
        charge(usable, sticky);
      }
    } else if (usable.isEmpty()) {
      return -1;
    } else {
      List<Server> candidates = leastConn ? leastBusy(usable) : usable;
      best = leastConn && candidates.size() == 1 ? candidates.getFirst() : swrr(candidates);
    }
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

  private static void charge(List<Server> usable, Server sticky) {
    long total = 0;
    for (Server server : usable) {
      server.currentWeight += server.effectiveWeight;
      total += server.effectiveWeight;
      if (server.effectiveWeight < server.weight) {
        server.effectiveWeight++;
      }
    }
    sticky.currentWeight -= total;
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

package dev.turnout.autoscaler.simulation;

import dev.turnout.autoscaler.ServerState;

/// One server that shares itself among its requests, in virtual time: `share` is the work that each
/// request present since the beginning would have had by now, so a request ends when `share` has
/// grown by its size, and nothing is touched in between.
final class SimulatedServer {
  final int index;
  ServerState state = ServerState.OFF;
  double readyAt = Double.POSITIVE_INFINITY;

  /// When the next request ends if nothing else happens.
  double nextEnd = Double.POSITIVE_INFINITY;

  int active;
  boolean usedSinceLook;
  double joules;
  double poweredSeconds;

  private final Model model;
  private double share;
  private double at;
  private double[] ends = new double[64];
  private double[] begins = new double[64];

  SimulatedServer(int index, Model model) {
    this.index = index;
    this.model = model;
  }

  /// Brings what is counted up to a moment.
  void advance(double now) {
    double passed = now - at;
    if (passed <= 0) {
      return;
    }
    at = now;
    if (state == ServerState.OFF) {
      return;
    }
    poweredSeconds += passed;
    if (state == ServerState.STARTING) {
      joules += passed * model.setupWatts();
      return;
    }
    joules += passed * model.watts(active);
    if (active > 0) {
      share += passed * model.speed(active) / active;
    }
  }

  /// @param came when the request came into the system
  void arrive(double now, double size, double came) {
    advance(now);
    usedSinceLook = true;
    push(share + size, came);
    schedule();
  }

  /// The request that ends now leaves; returns when it had come.
  double end(double now) {
    advance(now);
    double begun = begins[0];
    share = Math.max(share, ends[0]); // whatever rounding left
    pop();
    schedule();
    return begun;
  }

  void become(ServerState next, double now) {
    advance(now);
    state = next;
    readyAt = next == ServerState.STARTING ? now + model.setupSeconds() : Double.POSITIVE_INFINITY;
  }

  private void schedule() {
    nextEnd =
        active == 0
            ? Double.POSITIVE_INFINITY
            : at + Math.max(0, ends[0] - share) * active / model.speed(active);
  }

  // ---- a heap by the end

  private void push(double end, double begun) {
    if (active == ends.length) {
      ends = java.util.Arrays.copyOf(ends, active * 2);
      begins = java.util.Arrays.copyOf(begins, active * 2);
    }
    int i = active++;
    while (i > 0) {
      int parent = (i - 1) >>> 1;
      if (ends[parent] <= end) {
        break;
      }
      ends[i] = ends[parent];
      begins[i] = begins[parent];
      i = parent;
    }
    ends[i] = end;
    begins[i] = begun;
  }

  private void pop() {
    active--;
    double end = ends[active];
    double begun = begins[active];
    int i = 0;
    while (2 * i + 1 < active) {
      int child = 2 * i + 1;
      if (child + 1 < active && ends[child + 1] < ends[child]) {
        child++;
      }
      if (ends[child] >= end) {
        break;
      }
      ends[i] = ends[child];
      begins[i] = begins[child];
      i = child;
    }
    ends[i] = end;
    begins[i] = begun;
  }
}

package dev.turnout.autoscaler;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// A group of servers in a test, which does at once what it is told.
final class Group {
  final List<ServerState> states = new ArrayList<>();
  final Controller controller;
  double errorShare;
  boolean complete = true;
  boolean[] failing;
  double now;

  Group(Controller controller, ServerState... states) {
    this.controller = controller;
    this.states.addAll(Arrays.asList(states));
    this.failing = new boolean[states.length];
  }

  /// So many servers, of which the first are on.
  static Group of(Controller controller, int count, int on) {
    ServerState[] states = new ServerState[count];
    Arrays.fill(states, ServerState.OFF);
    Arrays.fill(states, 0, on, ServerState.ON);
    return new Group(controller, states);
  }

  /// A second passes with so many requests in the system; what is decided is done, but a server
  /// that is started stays so until [#ready].
  Decision look(double inSystem) {
    now++;
    List<ServerSeen> seen = new ArrayList<>();
    for (int i = 0; i < states.size(); i++) {
      seen.add(new ServerSeen("b" + (i + 1), states.get(i), !failing[i], inSystem == 0));
    }
    Decision decision =
        controller.decide(
            new Observation(
                now, inSystem, inSystem * 10, errorShare, Double.NaN, complete, 10, seen));
    for (Action action : decision.actions()) {
      states.set(
          action.server(),
          switch (action) {
            case Action.Start _ -> ServerState.STARTING;
            case Action.TakeBack _ -> ServerState.ON;
            case Action.Drain _ -> ServerState.DRAINING;
            case Action.GiveUp _ -> ServerState.OFF;
          });
    }
    return decision;
  }

  /// The same look for so many seconds; the last decision that did something, or the last.
  Decision looks(int seconds, double inSystem) {
    Decision kept = look(inSystem);
    for (int i = 1; i < seconds; i++) {
      Decision next = look(inSystem);
      kept = next.actions().isEmpty() && !kept.actions().isEmpty() ? kept : next;
    }
    return kept;
  }

  void ready() {
    states.replaceAll(state -> state == ServerState.STARTING ? ServerState.ON : state);
  }

  void drained() {
    states.replaceAll(state -> state == ServerState.DRAINING ? ServerState.OFF : state);
  }

  int count(ServerState state) {
    return (int) states.stream().filter(one -> one == state).count();
  }

  int committed() {
    return count(ServerState.ON) + count(ServerState.STARTING);
  }
}

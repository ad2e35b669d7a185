package dev.turnout.autoscaler;

import java.util.List;

/// What is to be done after a look, and why, in one line.
///
/// @param needed what the load needs, spares not counted
/// @param target how many servers are wanted
public record Decision(List<Action> actions, int needed, int target, String text) {
  public Decision {
    actions = List.copyOf(actions);
  }
}

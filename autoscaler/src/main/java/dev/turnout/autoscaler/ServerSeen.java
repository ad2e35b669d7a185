package dev.turnout.autoscaler;

/// One server as it was seen.
///
/// @param name for the explanations
/// @param healthy false: it is on, and no capacity
/// @param idle no request was at it since the last look
public record ServerSeen(String name, ServerState state, boolean healthy, boolean idle) {
  /// A server that does what it is asked to.
  public static ServerSeen of(String name, ServerState state) {
    return new ServerSeen(name, state, true, false);
  }

  /// Whether it takes requests and can do them.
  public boolean carries() {
    return state == ServerState.ON && healthy;
  }
}

package dev.turnout.autoscaler;

import java.util.List;

/// One look at a group of servers.
///
/// @param seconds when: of a clock that never goes back
/// @param inSystem requests that are at a server or wait for one, on average since the last look
/// @param rate requests that arrived, per second since the last look
/// @param errorShare how many of the answers since the last look were failures, 0 to 1: a server
///   that fails at once looks like one with nothing to do
/// @param slowShare how many of them took longer than they should, 0 to 1; NaN if nobody measures
///   that
/// @param complete false: some figure is missing, so the others may be too low
/// @param setupSeconds how long a server takes from being asked to start to its first request, as
///   measured; 0 if that is not known yet
/// @param servers all of the group, the one to be filled first at the head
public record Observation(
    double seconds,
    double inSystem,
    double rate,
    double errorShare,
    double slowShare,
    boolean complete,
    double setupSeconds,
    List<ServerSeen> servers) {
  public Observation {
    servers = List.copyOf(servers);
  }

  /// How many servers carry requests.
  public int carrying() {
    int sum = 0;
    for (ServerSeen server : servers) {
      sum += server.carries() ? 1 : 0;
    }
    return sum;
  }

  /// How many are in a state.
  public int count(ServerState state) {
    int sum = 0;
    for (ServerSeen server : servers) {
      sum += server.state() == state ? 1 : 0;
    }
    return sum;
  }

  /// How many are on and had nothing to do.
  public int idle() {
    int sum = 0;
    for (ServerSeen server : servers) {
      sum += server.carries() && server.idle() ? 1 : 0;
    }
    return sum;
  }
}

package dev.turnout.cluster;

/// What must hold for a change to be made, judged by the single writer against the newest state.
public sealed interface KeyvalCondition {
  /// The zone was not changed since this revision.
  record AtRevision(long revision) implements KeyvalCondition {}

  /// The key does not exist yet (`POST` of the API).
  record Absent(String key) implements KeyvalCondition {}

  /// The key exists (`PATCH` of the API).
  record Present(String key) implements KeyvalCondition {}

  /// The key has this value: a switch "from blue to green".
  record Holds(String key, String value) implements KeyvalCondition {}

  /// The zone has no entry (`POST` of several keys).
  record ZoneEmpty() implements KeyvalCondition {}
}

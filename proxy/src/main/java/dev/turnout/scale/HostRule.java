package dev.turnout.scale;

import dev.turnout.http.rewrite.KeyvalModule;
import dev.turnout.log.ErrorLog;
import java.util.List;

/// What one `autoscale_switch` says.
///
/// @param host whose requests are counted, and whose key is switched
/// @param zoneName where the key is
/// @param table the zone, once the configuration is built
/// @param otherwise the group that serves a host without a key; empty: none
/// @param groups of growing size
/// @param steps the requests per second from which each group after the first one serves
/// @param waitMillis how long a smaller group must be enough
/// @param intervalMillis between two looks
/// @param dryRun decide and tell, but do nothing
record HostRule(
    String host,
    String zoneName,
    KeyvalModule.Declared table,
    String otherwise,
    List<String> groups,
    List<Double> steps,
    long waitMillis,
    long intervalMillis,
    boolean dryRun,
    ErrorLog log) {
  HostRule {
    groups = List.copyOf(groups);
    steps = List.copyOf(steps);
  }

  /// By what it is known over reloads.
  String key() {
    return zoneName + " " + host;
  }

  /// Whether another configuration says the same.
  boolean saysTheSame(HostRule other) {
    return groups.equals(other.groups)
        && steps.equals(other.steps)
        && waitMillis == other.waitMillis;
  }
}

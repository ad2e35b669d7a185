package dev.turnout.upstream;

import java.util.ArrayList;
import java.util.List;

/// What is wanted of the health of an upstream's servers.
///
/// @param panicThreshold the share of usable servers, in percent, below which health is ignored; 0:
///   never
/// @param maxEjected the largest share of servers, in percent, that passive failures may take out;
///   100: all of them
/// @param checks the active checks
public record HealthPolicy(int panicThreshold, int maxEjected, List<ProbeRules> checks) {
  /// nginx's: every server stands for itself, and nobody asks.
  public static final HealthPolicy NONE = new HealthPolicy(0, 100, List.of());

  public HealthPolicy {
    checks = List.copyOf(checks);
  }

  /// This, and what the upstream's own block says.
  HealthPolicy with(HealthOptions own) {
    if (own.equals(HealthOptions.NONE)) {
      return this;
    }
    List<ProbeRules> all = new ArrayList<>(checks);
    if (own.check() != null) {
      all.add(own.check().rules());
    }
    return new HealthPolicy(
        Math.max(panicThreshold, own.panicThreshold()),
        Math.min(maxEjected, own.maxEjected()),
        all);
  }

  /// Whether a new server must prove itself first.
  boolean startsChecking() {
    return checks.stream().anyMatch(ProbeRules::mandatory);
  }
}

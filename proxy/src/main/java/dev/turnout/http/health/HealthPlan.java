package dev.turnout.http.health;

import dev.turnout.http.HttpRegistry;
import dev.turnout.log.ErrorLog;
import dev.turnout.upstream.HealthPolicy;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What one configuration wants of the health of its upstreams; takes effect with it.
final class HealthPlan implements HttpRegistry.Pending {
  private final HttpRegistry http;
  private final Prober prober;
  private final List<Check> checks = new ArrayList<>();
  private final Map<Upstream, Limits> limits = new HashMap<>();
  private final Map<String, ErrorLog> logs = new HashMap<>();

  private record Limits(int panicThreshold, int maxEjected) {}

  HealthPlan(HttpRegistry http) {
    this.http = http;
    this.prober = http.environment().kept(Prober.class, Prober::new);
  }

  void add(Check check) {
    checks.add(check);
  }

  void limit(Upstream upstream, int panicThreshold, int maxEjected, ErrorLog log) {
    limits.put(upstream, new Limits(panicThreshold, maxEjected));
    logs.put(upstream.name(), log);
  }

  /// The checks, in the order of the configuration.
  List<Check> checks() {
    return checks;
  }

  /// A key for the check that no other check of this configuration has, and the same check of the
  /// next one has again.
  String key(String wanted) {
    String key = wanted;
    for (int i = 2; isTaken(key); i++) {
      key = wanted + " #" + i;
    }
    return key;
  }

  private boolean isTaken(String key) {
    return checks.stream().anyMatch(check -> check.rules().key().equals(key));
  }

  @Override
  public void activate() {
    prober.stop();
    for (String name : http.upstreams().names()) {
      Upstream upstream = http.upstreams().find(name);
      if (upstream != null) {
        upstream.follow(policy(upstream));
      }
    }
    prober.apply(checks, logs);
  }

  private HealthPolicy policy(Upstream upstream) {
    Limits limit = limits.getOrDefault(upstream, new Limits(0, 100));
    List<ProbeRules> rules =
        checks.stream().filter(c -> c.upstream() == upstream).map(Check::rules).toList();
    return new HealthPolicy(limit.panicThreshold(), limit.maxEjected(), rules);
  }

  @Override
  public void abandon() {
    // nothing has been begun
  }
}

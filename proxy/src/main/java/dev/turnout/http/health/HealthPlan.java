package dev.turnout.http.health;

import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.upstream.HealthPolicy;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What the locations of one configuration want of the health of upstreams; takes effect with it.
/// What an upstream's own block says is in its spec.
final class HealthPlan implements HttpRegistry.Pending {
  private final HttpRegistry http;
  private final CoreModule core;
  private final Prober prober;
  private final List<Check> checks = new ArrayList<>();

  HealthPlan(HttpRegistry http, CoreModule core) {
    this.http = http;
    this.core = core;
    this.prober = http.environment().kept(Prober.class, Prober::start);
  }

  void add(Check check) {
    checks.add(check);
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
    Set<Upstream> upstreams = new LinkedHashSet<>(http.environment().upstreams().all());
    for (String name : http.upstreams().names()) {
      Upstream upstream = http.upstreams().find(name);
      if (upstream != null) {
        upstreams.add(upstream);
      }
    }
    for (Upstream upstream : upstreams) {
      upstream.follow(new HealthPolicy(0, 100, rules(upstream)));
    }
    prober.apply(checks, upstreams, core.errorLog());
  }

  private List<ProbeRules> rules(Upstream upstream) {
    return checks.stream().filter(c -> c.upstream() == upstream).map(Check::rules).toList();
  }

  @Override
  public void abandon() {
    // nothing has been begun
  }
}

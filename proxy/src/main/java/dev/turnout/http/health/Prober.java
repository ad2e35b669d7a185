package dev.turnout.http.health;

import dev.turnout.http.HttpEnvironment;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.HealthEvent;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// All active checks of the node. It outlives configurations: each brings its checks, and every
/// change of an upstream's list begins and ends probes at once. Guarded by this.
///
/// It also tells the error log when an upstream begins or ends to ignore health.
final class Prober {
  private final HttpEnvironment environment;
  private final Map<Upstream, List<Watch>> watches = new HashMap<>();
  private Map<Upstream, List<Check>> checks = new HashMap<>();
  private volatile Map<String, ErrorLog> logs = Map.of();

  Prober(HttpEnvironment environment) {
    this.environment = environment;
    environment.upstreams().onHealth(this::tell);
  }

  /// Ends all probes, so that none of the old configuration's counts for the next.
  synchronized void stop() {
    for (Upstream upstream : checks.keySet()) {
      upstream.onListChange(() -> {});
    }
    watches.values().forEach(list -> list.forEach(Watch::stop));
    watches.clear();
  }

  /// Begins with the checks of the next configuration.
  ///
  /// @param logs where panics are told, by upstream
  synchronized void apply(List<Check> next, Map<String, ErrorLog> logs) {
    this.logs = Map.copyOf(logs);
    checks = new HashMap<>();
    for (Check check : next) {
      checks.computeIfAbsent(check.upstream(), _ -> new ArrayList<>()).add(check);
    }
    for (Upstream upstream : checks.keySet()) {
      upstream.onListChange(() -> follow(upstream));
      follow(upstream);
    }
  }

  /// Probes the servers that the upstream has now, except those that are down.
  private synchronized void follow(Upstream upstream) {
    List<Check> wanted = checks.getOrDefault(upstream, List.of());
    List<Watch> before = watches.getOrDefault(upstream, List.of());
    List<Watch> after = new ArrayList<>();
    List<Watch> left = new ArrayList<>(before);
    for (Check check : wanted) {
      for (Peer peer : upstream.current().peers()) {
        if (!peer.spec().down()) {
          after.add(keepOrStart(left, check, peer));
        }
      }
    }
    left.forEach(Watch::stop);
    watches.put(upstream, after);
  }

  private Watch keepOrStart(List<Watch> left, Check check, Peer peer) {
    for (Watch watch : left) {
      if (watch.isOf(check, peer)) {
        left.remove(watch);
        watch.goOn(peer);
        return watch;
      }
    }
    return Watch.start(check, peer, this::nodeEnds);
  }

  private boolean nodeEnds() {
    return environment.workers().all().getFirst().loop().isShuttingDown();
  }

  private void tell(HealthEvent event) {
    switch (event) {
      case HealthEvent.PeerChanged _ -> {
        // whoever found it out has told it
      }
      case HealthEvent.PanicBegan(String upstream, int usable, int total, _) ->
          tell(
              upstream,
              usable + " of " + total + " servers are usable: from now on health is ignored");
      case HealthEvent.PanicEnded(String upstream, int usable, int total, _) ->
          tell(upstream, usable + " of " + total + " servers are usable: health counts again");
    }
  }

  private void tell(String upstream, String message) {
    ErrorLog log = logs.get(upstream);
    if (log != null) {
      log.log(Level.WARN, "panic_threshold of upstream \"" + upstream + "\": " + message);
    }
  }
}

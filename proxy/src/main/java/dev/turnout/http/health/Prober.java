package dev.turnout.http.health;

import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.Upstreams;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.CheckSpec;
import dev.turnout.upstream.HealthEvent;
import dev.turnout.upstream.HealthPolicy;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// All active checks of the node. It outlives configurations: each brings its checks, and every
/// change of an upstream begins and ends probes at once. Guarded by this; never holds it when it
/// asks an upstream for its monitor, which those hold who call it.
///
/// It also tells the error log when an upstream begins or ends to ignore health.
final class Prober implements Upstreams.Watcher {
  private final HttpEnvironment environment;
  private final Map<Upstream, List<Watch>> watches = new HashMap<>();
  private Map<Upstream, List<Check>> checks = Map.of(); // of locations

  /// Where it tells what it finds; null while it does not work.
  private volatile @Nullable ErrorLog log;

  private Prober(HttpEnvironment environment) {
    this.environment = environment;
  }

  static Prober start(HttpEnvironment environment) {
    Prober prober = new Prober(environment);
    environment.upstreams().onHealth(prober::tell);
    environment.upstreams().watch(prober);
    return prober;
  }

  /// Ends all probes, so that none of the old configuration's counts for the next.
  synchronized void stop() {
    log = null;
    watches.values().forEach(list -> list.forEach(Watch::stop));
    watches.clear();
  }

  /// Begins with the checks of the next configuration.
  ///
  /// @param next what its locations ask for
  /// @param upstreams all that there are
  synchronized void apply(List<Check> next, Collection<Upstream> upstreams, ErrorLog to) {
    log = to;
    checks = new HashMap<>();
    for (Check check : next) {
      checks.computeIfAbsent(check.upstream(), _ -> new ArrayList<>()).add(check);
    }
    for (Upstream upstream : upstreams) {
      upstream.onListChange(() -> follow(upstream, true));
      follow(upstream, false);
    }
  }

  @Override
  public void made(Upstream upstream) {
    upstream.follow(HealthPolicy.NONE);
    upstream.onListChange(() -> follow(upstream, true));
    follow(upstream, true);
  }

  @Override
  public synchronized void gone(Upstream upstream) {
    watches.getOrDefault(upstream, List.of()).forEach(Watch::stop);
    watches.remove(upstream);
  }

  /// Probes the servers that the upstream has now, except those that are down, in the ways that are
  /// wanted now.
  ///
  /// @param added what is new came at run time
  private synchronized void follow(Upstream upstream, boolean added) {
    ErrorLog to = log;
    if (to == null) {
      return; // a configuration changes over
    }
    PeerSet set = upstream.current();
    List<Check> wanted = new ArrayList<>(checks.getOrDefault(upstream, List.of()));
    CheckSpec own = set.spec().options().health().check();
    if (own != null) {
      wanted.add(new TengineCheck(upstream, own, to));
    }
    List<Watch> left = new ArrayList<>(watches.getOrDefault(upstream, List.of()));
    List<Watch> after = new ArrayList<>();
    for (Check check : wanted) {
      for (Peer peer : set.peers()) {
        if (!peer.spec().down()) {
          after.add(keepOrStart(left, check, peer, added));
        }
      }
    }
    left.forEach(Watch::stop);
    if (after.isEmpty()) {
      watches.remove(upstream);
    } else {
      watches.put(upstream, after);
    }
  }

  private Watch keepOrStart(List<Watch> left, Check check, Peer peer, boolean added) {
    for (Watch watch : left) {
      if (watch.isOf(check, peer)) {
        left.remove(watch);
        watch.goOn(peer);
        return watch;
      }
    }
    return Watch.start(check, peer, added, this::nodeEnds);
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
    ErrorLog to = log;
    if (to != null) {
      to.log(Level.WARN, "panic_threshold of upstream \"" + upstream + "\": " + message);
    }
  }
}

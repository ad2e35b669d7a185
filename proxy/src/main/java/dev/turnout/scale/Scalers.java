package dev.turnout.scale;

import dev.turnout.control.ControlPlane;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.log.ErrorLog;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The autoscalers of the node, by group. They outlive configurations: one whose group stays goes
/// on with what it was doing. Guarded by its monitor.
public final class Scalers {
  private final HttpEnvironment environment;
  private final ControlPlane control;
  private final Map<String, Scaler> byUpstream = new TreeMap<>();

  private Scalers(HttpEnvironment environment, ControlPlane control) {
    this.environment = environment;
    this.control = control;
    control.atClose(this::stop);
  }

  /// Those of a process.
  public static Scalers of(HttpEnvironment environment, ControlPlane control) {
    return environment.kept(Scalers.class, there -> new Scalers(there, control));
  }

  /// What one configuration says of a group.
  record Wanted(String upstream, ScaleSettings settings, ErrorLog log) {}

  /// Puts what a configuration says in force.
  synchronized void apply(List<Wanted> all) {
    List<String> gone = new ArrayList<>(byUpstream.keySet());
    for (Wanted wanted : all) {
      String key = key(wanted.upstream);
      gone.remove(key);
      Scaler there = byUpstream.get(key);
      if (there != null) {
        there.follow(wanted.settings, wanted.log);
      } else {
        Scaler made =
            new Scaler(
                wanted.upstream,
                control,
                environment.upstreams(),
                wanted.settings,
                wanted.log,
                seat(wanted));
        byUpstream.put(key, made);
        made.start();
      }
    }
    for (String key : gone) {
      Scaler there = byUpstream.remove(key);
      if (there != null) {
        there.stop();
      }
    }
  }

  private Cohort.Seat seat(Wanted wanted) {
    return Cohort.of(environment, control)
        .join(
            key(wanted.upstream),
            _ -> environment.upstreams().isShared(wanted.upstream),
            wanted.log);
  }

  /// All of them, by name.
  public synchronized List<ScaleView> all() {
    return byUpstream.values().stream().map(Scaler::view).toList();
  }

  /// The one of a group.
  public synchronized Optional<ScaleView> find(String upstream) {
    return Optional.ofNullable(byUpstream.get(key(upstream))).map(Scaler::view);
  }

  /// So many servers, whatever the policy says, for a time; null: as the policy says. False if the
  /// group has no autoscaler.
  public synchronized boolean byHand(String upstream, ScaleView.@Nullable ByHand wanted) {
    Scaler there = byUpstream.get(key(upstream));
    if (there != null) {
      there.byHand(wanted);
    }
    return there != null;
  }

  private synchronized void stop() {
    byUpstream.values().forEach(Scaler::stop);
    byUpstream.clear();
  }

  private static String key(String upstream) {
    return upstream.toLowerCase(Locale.ROOT);
  }
}

package dev.turnout.scale;

import dev.turnout.control.ControlPlane;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.Upstreams;
import dev.turnout.metrics.TrafficZone;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The hosts of the node that are switched by their rate, each with what counts its requests: both
/// outlive configurations. Guarded by its monitor; loops have their counters from before.
final class HostSwitches {
  private final Upstreams upstreams;
  private final ControlPlane control;
  private final Cohort cohort;
  private final Map<String, TrafficZone> counters = new TreeMap<>();
  private final Map<String, HostSwitch> running = new TreeMap<>();

  private HostSwitches(Upstreams upstreams, ControlPlane control, Cohort cohort) {
    this.upstreams = upstreams;
    this.control = control;
    this.cohort = cohort;
    control.atClose(() -> apply(List.of()));
  }

  /// Those of a process.
  static HostSwitches of(HttpEnvironment environment, ControlPlane control) {
    Cohort cohort = Cohort.of(environment, control);
    return environment.kept(
        HostSwitches.class, _ -> new HostSwitches(environment.upstreams(), control, cohort));
  }

  /// Where the requests of a host are counted.
  synchronized TrafficZone counter(String key) {
    return counters.computeIfAbsent(key, TrafficZone::new);
  }

  /// Puts what a configuration says in force.
  synchronized void apply(List<HostRule> rules) {
    List<String> gone = new ArrayList<>(running.keySet());
    for (HostRule rule : rules) {
      gone.remove(rule.key());
      HostSwitch there = running.get(rule.key());
      if (there != null) {
        there.follow(rule);
      } else {
        Cohort.Seat seat =
            cohort.join(
                "switch " + rule.key(),
                setup -> setup.layout().zones().containsKey(rule.zoneName()),
                rule.log());
        HostSwitch made = new HostSwitch(rule, counter(rule.key()), upstreams, control, seat);
        running.put(rule.key(), made);
        made.start();
      }
    }
    for (String key : gone) {
      HostSwitch there = running.remove(key);
      if (there != null) {
        there.stop();
      }
      counters.remove(key);
    }
  }
}

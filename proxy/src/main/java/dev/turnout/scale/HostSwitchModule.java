package dev.turnout.scale;

import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HostName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.LogHandler;
import dev.turnout.http.rewrite.KeyvalModule;
import dev.turnout.metrics.TrafficZone;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `autoscale_switch`: the article's policy. Requests per second choose which of several groups
/// serves a host, and the host is switched to it.
public final class HostSwitchModule implements HttpModule {
  private static final Setting<List<Draft>> RULES = Setting.listOf("autoscale_switch");
  private static final long WAIT_MILLIS = 60_000;
  private static final long INTERVAL_MILLIS = 1000;

  private final ControlPlane control;
  private final CoreModule core;
  private final KeyvalModule keyvals;
  private final List<Draft> drafts = new ArrayList<>();

  /// An `autoscale_switch` as it was read.
  private record Draft(
      Directive directive,
      Scope scope,
      String host,
      String zone,
      KeyvalModule.Declared table,
      List<String> groups,
      List<Double> steps,
      long waitMillis,
      long intervalMillis,
      boolean dryRun) {}

  /// @param core says where errors of a server go
  /// @param keyvals where the configuration's zones are found
  public HostSwitchModule(ControlPlane control, CoreModule core, KeyvalModule keyvals) {
    this.control = control;
    this.core = core;
    this.keyvals = keyvals;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("autoscale_switch")
        .in(SERVER)
        .atLeast(4)
        .repeatable()
        .read((d, scope) -> {
          Draft draft = draft(d, scope);
          drafts.add(draft);
          scope.append(RULES, draft);
        })
        .syntax(
            "host zone=name groups=name,... steps=rate,... [t_wait=60s] [interval=1s] [dry_run]")
        .summary(
            "Turnout's own: points the host, in a keyval zone, at the first of these groups while its"
                + " requests per second in this server are below the first step, at the second below"
                + " the second step, and so on: to a larger group at once, to a smaller one when it"
                + " was enough for `t_wait`. Every switch is in the history with its reason. A host"
                + " that somebody points at none of the groups is left alone. See docs/autoscale.md.");
    HostSwitches switches = HostSwitches.of(http.environment(), control);
    http.beforeBuild(() -> check(http));
    http.log(scope -> counting(scope, switches));
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            switches.apply(drafts.stream().map(HostSwitchModule.this::rule).toList());
          }

          @Override
          public void abandon() {
            // nothing was begun
          }
        });
  }

  // ---- reading

  private Draft draft(Directive d, Scope scope) {
    byte[] host = d.argument(0).getBytes(StandardCharsets.ISO_8859_1);
    if (HostName.parse(host, 0, host.length) == HostName.INVALID) {
      throw ConfigException.at(d, 0, "invalid host \"" + d.argument(0) + "\"");
    }
    Words words = new Words(d);
    String zone = words.text("zone", "");
    List<String> groups = List.of(words.text("groups", "").split(",", -1));
    List<Double> steps = words.numbers("steps");
    if (zone.isEmpty() || groups.size() < 2 || groups.contains("")) {
      throw ConfigException.at(d, "\"autoscale_switch\" needs zone=name and groups=name,...")
          .withHelp("at least two groups, the smallest first");
    }
    if (steps.size() != groups.size() - 1) {
      throw ConfigException.at(
              d, groups.size() + " groups need steps=rate,... of " + (groups.size() - 1))
          .withHelp("steps=50,100 is the first group below 50/s, the second below 100/s");
    }
    if (groups.stream().distinct().count() < groups.size()) {
      throw ConfigException.at(d, "duplicate group in " + String.join(",", groups));
    }
    Draft draft =
        new Draft(
            d,
            scope,
            d.argument(0).toLowerCase(Locale.ROOT),
            zone,
            keyvals.find(zone),
            groups,
            steps,
            words.millis("t_wait", WAIT_MILLIS),
            words.millis("interval", INTERVAL_MILLIS),
            words.flag("dry_run"));
    words.end();
    if (draft.intervalMillis < 100 || draft.intervalMillis > 60_000) {
      throw ConfigException.at(d, "\"interval\" must be from 100ms to 60s");
    }
    return draft;
  }

  /// When all blocks are known: the groups, and that no two speak for one key.
  private void check(HttpRegistry http) {
    Map<String, Draft> known = new HashMap<>();
    for (Draft draft : drafts) {
      for (String group : draft.groups) {
        if (http.upstreams().find(group) == null) {
          throw ConfigException.at(draft.directive, "there is no upstream \"" + group + "\"")
              .suggesting(group, http.upstreams().names());
        }
      }
      if (known.put(draft.zone + " " + draft.host, draft) != null) {
        throw ConfigException.at(
            draft.directive,
            "duplicate \"autoscale_switch\" of " + draft.host + " in zone " + draft.zone);
      }
    }
  }

  private HostRule rule(Draft draft) {
    KeyvalModule.Use use = keyvals.use(draft.zone);
    String otherwise = use == null ? null : use.otherwise();
    return new HostRule(
        draft.host,
        draft.zone,
        draft.table,
        otherwise == null ? "" : otherwise,
        draft.groups,
        draft.steps,
        draft.waitMillis,
        draft.intervalMillis,
        draft.dryRun,
        core.errorLog(draft.scope));
  }

  // ---- counting

  private static @Nullable LogHandler counting(Scope scope, HostSwitches switches) {
    List<Draft> rules = scope.get(RULES);
    if (rules.isEmpty()) {
      return null;
    }
    Map<String, TrafficZone> byHost = new HashMap<>();
    rules.forEach(rule -> byHost.put(rule.host, switches.counter(rule.zone + " " + rule.host)));
    return exchange -> count(exchange, byHost);
  }

  private static void count(Exchange exchange, Map<String, TrafficZone> byHost) {
    String host = exchange.request().host();
    TrafficZone zone = byHost.get(host == null ? exchange.server().name() : host);
    if (zone == null || exchange.isSubrequest()) {
      return;
    }
    TrafficZone.Loop counters = zone.on(exchange.worker().index());
    counters.began();
    if (exchange.isHeadSent()) {
      counters.responded(exchange.response().status(), 0, 0);
    } else {
      counters.discarded(0);
    }
  }
}

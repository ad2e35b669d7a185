package dev.turnout.scale;

import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.autoscaler.Limits;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `autoscale`, `autoscale_start`, `autoscale_stop` and `autoscale_ready`: how many servers of a
/// group are on, and how they are switched.
public final class ScaleModule implements HttpModule {
  private static final Setting<@Nullable Hook> START = Setting.local("autoscale_start", null);
  private static final Setting<@Nullable Hook> STOP = Setting.local("autoscale_stop", null);
  private static final Setting<Readiness> READY =
      Setting.local("autoscale_ready", new Readiness("", 600_000));
  private static final long HOOK_TIMEOUT = 30_000;
  private static final int HOOK_RETRIES = 2;
  private static final double USUAL_PACKING = 10;
  private static final double USUAL_PER_SERVER = 60;
  private static final int MOST_SERVERS = 100_000;
  private static final int DAY = 86_400;

  private final ControlPlane control;
  private final CoreModule core;
  private final List<Draft> drafts = new ArrayList<>();

  /// An `autoscale` as it was read.
  private record Draft(Directive directive, Scope scope) {}

  /// @param core says where errors of a group go
  public ScaleModule(ControlPlane control, CoreModule core) {
    this.control = control;
    this.core = core;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("autoscale")
        .in(UPSTREAM)
        .atLeast(1)
        .read((d, scope) -> {
          settings(d, scope); // what is wrong is told where it stands
          drafts.add(new Draft(d, scope));
        })
        .syntax(
            "policy [min=number] [max=number] [spares=number|percent%] [t_wait=time]"
                + " [interval=time] [packing=number] [latency=time] [target=number]"
                + " [per_server=number] [steps=rate,...] [schedule=hh:mm=number,...] [season=time]"
                + " [cooldown_up=time] [cooldown_down=time] [drain_timeout=time] [setup=time]"
                + " [power=idle,busy,starting] [dry_run]")
        .summary(
            "Turnout's own: keeps as many of the group's servers on as its requests need: starts"
                + " servers that are `down` at once, and drains those that were not needed for"
                + " `t_wait`. Policies: `just_enough` (the requests in the system, by `packing`"
                + " requests a server, which `latency` makes it learn), `autoscale` (the same as"
                + " published), `target_tracking`, `hpa`, `reactive`, `steps` (requests per second)"
                + " and `forecast`. Every step is in the history with its reason. See"
                + " docs/autoscale.md.");
    hook(
        http, "autoscale_start", START, "Run before a server takes requests: what switches it on.");
    hook(http, "autoscale_stop", STOP, "Run when a server has ended its last request.");
    http.directive("autoscale_ready")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read((d, scope) -> scope.set(READY, ready(d)))
        .syntax("[uri=uri] [timeout=10m]")
        .summary(
            "Turnout's own: a server that was started takes requests once it accepts connections, or,"
                + " with `uri`, answers it with 2xx or 3xx. One that takes longer than `timeout` is"
                + " left aside for a minute, and another is started.");
    Scalers scalers = Scalers.of(http.environment(), control);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            scalers.apply(wanted());
          }

          @Override
          public void abandon() {
            // nothing was begun
          }
        });
  }

  private static void hook(
      HttpRegistry http, String name, Setting<@Nullable Hook> setting, String summary) {
    http.directive(name)
        .in(UPSTREAM)
        .atLeast(1)
        .read((d, scope) -> scope.set(setting, hook(d)))
        .syntax("command [argument ...] | url [timeout=30s] [retries=2]")
        .summary(
            "Turnout's own. "
                + summary
                + " A command with its arguments (no shell), or an URL that is sent a POST; in both"
                + " `$upstream`, `$server`, `$id` and `$action` stand for what it is about. It must"
                + " bear being run twice.");
  }

  private List<Scalers.Wanted> wanted() {
    return drafts.stream()
        .map(draft -> {
          Directive block = draft.scope.directive();
          if (block == null) {
            throw new IllegalStateException("autoscale outside of an upstream");
          }
          return new Scalers.Wanted(
              block.argument(0),
              settings(draft.directive, draft.scope),
              core.errorLog(draft.scope));
        })
        .toList();
  }

  // ---- hooks

  private static Hook hook(Directive d) {
    List<String> words = new ArrayList<>();
    long timeout = HOOK_TIMEOUT;
    int retries = HOOK_RETRIES;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("timeout=") && i > 0) {
        timeout = Words.millis(d, i, word.substring(8));
      } else if (word.startsWith("retries=") && i > 0) {
        retries = (int) Words.number(d, i, word.substring(8), 0, 100);
      } else {
        words.add(word);
      }
    }
    Hook hook = new Hook(words, timeout, retries);
    if (hook.isWebhook() && words.size() > 1) {
      throw ConfigException.at(d, 1, "invalid parameter \"" + words.get(1) + "\"");
    }
    if (hook.isWebhook()) {
      try {
        hook.request(new Hook.About("app", 0, "127.0.0.1:80", "start"));
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, 0, "invalid URL \"" + words.getFirst() + "\"")
            .withHelp(String.valueOf(e.getMessage()));
      }
    }
    return hook;
  }

  private static Readiness ready(Directive d) {
    String uri = "";
    long timeout = 600_000;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("uri=/") && word.chars().allMatch(c -> c > ' ' && c < 127)) {
        uri = word.substring(4);
      } else if (word.startsWith("timeout=")) {
        timeout = Words.millis(d, i, word.substring(8));
      } else {
        throw Words.invalid(d, i);
      }
    }
    return new Readiness(uri, timeout);
  }

  // ---- autoscale

  private static ScaleSettings settings(Directive d, Scope scope) {
    String policy = d.argument(0);
    if (!PolicyMaker.NAMES.contains(policy)) {
      throw ConfigException.at(d, 0, "unknown policy \"" + policy + "\"")
          .withHelp("there are " + String.join(", ", PolicyMaker.NAMES))
          .suggesting(policy, PolicyMaker.NAMES); // instead, if one is near
    }
    Words words = new Words(d);
    int min = (int) words.number("min", 1, 0, MOST_SERVERS);
    int max = (int) words.number("max", MOST_SERVERS, 1, MOST_SERVERS);
    if (min > max) {
      throw ConfigException.at(d, "\"min\" is " + min + " and \"max\" is " + max);
    }
    String spares = words.text("spares", "1");
    double share = spares.endsWith("%") ? words.percent("spares") / 100 : 0;
    long count = spares.endsWith("%") ? 0 : words.number("spares", 1, 0, MOST_SERVERS);
    long latency = words.millis("latency", 0);
    double packing = words.decimal("packing", USUAL_PACKING);
    List<Double> steps = words.numbers("steps");
    boolean dry = words.flag("dry_run");
    if (policy.equals("steps") && steps.isEmpty()) {
      throw ConfigException.at(d, "the policy \"steps\" needs steps=rate,...")
          .withHelp("steps=50,100 is one server below 50/s, two below 100/s, and three from there");
    }
    Limits limits =
        new Limits(
            min,
            max,
            (int) count,
            share,
            words.millis("t_wait", 120_000) / 1e3,
            words.millis("cooldown_up", 0) / 1e3,
            words.millis("cooldown_down", 0) / 1e3,
            Limits.USUAL_ERROR_SHARE);
    ScaleSettings settings =
        new ScaleSettings(
            policy,
            limits,
            packing,
            latency > 0,
            latency,
            words.decimal("target", packing),
            words.decimal("per_server", USUAL_PER_SERVER),
            steps,
            words.schedule(),
            Math.max(1, words.millis("season", DAY * 1000L) / 1000),
            words.millis("interval", 1000),
            words.has("drain_timeout") ? words.millis("drain_timeout", 0) : null,
            words.millis("setup", 0),
            dry,
            words.power(),
            scope.get(START),
            scope.get(STOP),
            scope.get(READY));
    words.end();
    if (settings.intervalMillis() < 100 || settings.intervalMillis() > 60_000) {
      throw ConfigException.at(d, "\"interval\" must be from 100ms to 60s");
    }
    return settings;
  }
}

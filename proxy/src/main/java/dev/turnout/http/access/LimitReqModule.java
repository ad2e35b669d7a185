package dev.turnout.http.access;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.LimitOutcome;
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.http.SyncedZones;
import dev.turnout.log.Level;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `limit_req_zone` and `limit_req`: how many requests with the same key pass in a time.
public final class LimitReqModule implements HttpModule {
  /// The levels that a limit may be told at.
  static final Map<String, Level> LEVELS =
      Map.of("info", Level.INFO, "notice", Level.NOTICE, "warn", Level.WARN, "error", Level.ERROR);

  private static final Setting<List<Limit>> LIMITS = Setting.listOf("limit_req");
  private static final Setting<Level> LOG_LEVEL = Setting.of("limit_req_log_level", Level.ERROR);
  private static final Setting<Integer> STATUS = Setting.of("limit_req_status", 503);
  private static final Setting<Boolean> DRY_RUN = Setting.of("limit_req_dry_run", false);
  private static final long LARGEST = Long.MAX_VALUE / 1000;

  private static final LimitZones.Kind<LeakyBuckets> OWN =
      new LimitZones.Kind<>(LeakyBuckets.class, LeakyBuckets::new);
  private static final LimitZones.Kind<SyncedBuckets> SYNCED =
      new LimitZones.Kind<>(SyncedBuckets.class, SyncedBuckets::new);

  private @Nullable HttpRegistry http;
  private @Nullable LimitZones<LeakyBuckets> zones;

  /// One `limit_req`, in thousandths of a request.
  private record Limit(String zone, long burst, long delay) {}

  @Override
  public void register(HttpRegistry http) {
    zones = new LimitZones<>(http, "limit_req_zone");
    this.http = http;
    http.beforeBuild(this::sync);
    http.directive("limit_req_zone")
        .in(HTTP)
        .arguments(3, 4)
        .repeatable()
        .read((d, _) -> zone(d))
        .syntax("key zone=name:size rate=Nr/s|Nr/m [sync]")
        .summary(
            "A table of how far each key is ahead of the rate. When it is full, what was asked for"
                + " longest ago is forgotten. Its content stays over a reload that changes neither"
                + " its size nor its key. With `sync` nodes that have a `state_store` in Redis in"
                + " common tell each other what passed, a moment later: the rate is then that of"
                + " all of them together.");
    http.directive("limit_req")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 3)
        .repeatable()
        .read(this::limit)
        .syntax("zone=name [burst=N] [nodelay | delay=N]")
        .summary(
            "Requests that come faster than the zone's rate are delayed, those beyond the burst"
                + " refused. A request with an empty key is not limited.");
    http.directive("limit_req_log_level")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(LOG_LEVEL, LEVELS)
        .defaultText("error")
        .summary("The level of refusals in the error log; delays are told one level below.");
    http.directive("limit_req_status")
        .in(HTTP, SERVER, LOCATION)
        .number(STATUS, 400, 599)
        .defaultText("503")
        .summary("The answer to requests that are refused.");
    http.directive("limit_req_dry_run")
        .in(HTTP, SERVER, LOCATION)
        .flag(DRY_RUN)
        .defaultText("off")
        .summary("Requests are counted and told of as if limited, and pass.");
    ExchangeSlot<LimitOutcome> outcome = http.exchangeSlot();
    http.variable(
        "limit_req_status",
        exchange -> {
          LimitOutcome there = exchange.get(outcome);
          return there == null ? null : there.name();
        });
    http.phase(Phase.PREACCESS, scope -> handler(scope, outcome));
  }

  private LimitZones<LeakyBuckets> zones() {
    return registered(zones);
  }

  private SyncedZones.Plan syncedZones() {
    return registered(http).syncedZones();
  }

  private static <T> T registered(@Nullable T there) {
    if (there == null) {
      throw new IllegalStateException("the limit_req module is not registered");
    }
    return there;
  }

  private void sync() {
    for (LimitZones.Zone<LeakyBuckets> zone : zones().all()) {
      if (zone.content() instanceof SyncedBuckets buckets) {
        syncedZones().add(SyncedLimit.of(zone, buckets));
      }
    }
  }

  private void zone(Directive d) {
    ZoneSize size = null;
    long rate = 1000;
    LimitZones.Kind<? extends LeakyBuckets> kind = OWN;
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (ZoneSize.isOne(word)) {
        size = ZoneSize.read(d, i);
      } else if (word.startsWith("rate=")) {
        rate = rate(d, i);
      } else if (word.equals("sync")) {
        syncedZones().ask(d, i);
        kind = SYNCED;
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    zones().declare(d, size, rate, kind);
  }

  private static long rate(Directive d, int i) {
    String word = d.argument(i);
    boolean perMinute = word.endsWith("r/m");
    boolean hasUnit = perMinute || word.endsWith("r/s");
    String digits = word.substring(5, hasUnit ? Math.max(5, word.length() - 3) : word.length());
    long rate = Units.number(digits).orElse(0);
    if (rate <= 0 || rate > LARGEST) {
      throw ConfigException.at(d, i, "invalid rate \"" + word + "\"");
    }
    return rate * 1000 / (perMinute ? 60 : 1);
  }

  private void limit(Directive d, Scope scope) {
    String zone = null;
    long burst = 0;
    long delay = 0;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (ZoneSize.isOne(word)) {
        zone = ZoneSize.name(word);
        zones().use(d, i, zone);
      } else if (word.startsWith("burst=")) {
        burst = thousandths(d, i, "burst");
      } else if (word.startsWith("delay=")) {
        delay = thousandths(d, i, "delay");
      } else if (word.equals("nodelay")) {
        delay = Long.MAX_VALUE;
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    if (zone == null || zone.isEmpty()) {
      throw ConfigException.at(d, "\"limit_req\" must have \"zone\" parameter");
    }
    List<Limit> before = scope.own(LIMITS);
    for (Limit limit : before == null ? List.<Limit>of() : before) {
      if (limit.zone().equals(zone)) {
        throw ConfigException.directive(d, "is duplicate");
      }
    }
    scope.append(LIMITS, new Limit(zone, burst, delay));
  }

  private static long thousandths(Directive d, int i, String name) {
    String word = d.argument(i);
    long number = Units.number(word.substring(name.length() + 1)).orElse(0);
    if (number <= 0 || number > LARGEST) {
      throw ConfigException.at(d, i, "invalid " + name + " value \"" + word + "\"");
    }
    return number * 1000;
  }

  private @Nullable PhaseHandler handler(Scope scope, ExchangeSlot<LimitOutcome> outcome) {
    List<Limit> limits = scope.get(LIMITS);
    if (limits.isEmpty()) {
      return null;
    }
    return new RequestLimiter(
        limits.stream()
            .map(limit ->
                new RequestLimiter.Limit(zones().find(limit.zone()), limit.burst(), limit.delay()))
            .toList(),
        scope.get(LOG_LEVEL),
        scope.get(STATUS),
        scope.get(DRY_RUN),
        outcome);
  }
}

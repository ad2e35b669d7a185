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
import dev.turnout.http.Phase;
import dev.turnout.http.PhaseHandler;
import dev.turnout.log.Level;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `limit_conn_zone` and `limit_conn`: how many requests with the same key may be under way.
public final class LimitConnModule implements HttpModule {
  private static final LimitZones.Kind<ConnectionCounts> COUNTS =
      new LimitZones.Kind<>(ConnectionCounts.class, ConnectionCounts::new);
  private static final Setting<List<Limit>> LIMITS = Setting.listOf("limit_conn");
  private static final Setting<Level> LOG_LEVEL = Setting.of("limit_conn_log_level", Level.ERROR);
  private static final Setting<Integer> STATUS = Setting.of("limit_conn_status", 503);
  private static final Setting<Boolean> DRY_RUN = Setting.of("limit_conn_dry_run", false);
  private static final int LARGEST = 65535;

  private @Nullable LimitZones<ConnectionCounts> zones;

  /// One `limit_conn`.
  private record Limit(String zone, int most) {}

  @Override
  public void register(HttpRegistry http) {
    LimitZones<ConnectionCounts> all = new LimitZones<>(http, "limit_conn_zone");
    zones = all;
    http.directive("limit_conn_zone")
        .in(HTTP)
        .arguments(2, 3)
        .repeatable()
        .read((d, _) -> zone(d))
        .syntax("key zone=name:size")
        .summary(
            "A table of how many requests with each key are under way. When it is full, requests"
                + " with further keys are refused. Its content stays over a reload that changes"
                + " neither its size nor its key. `sync` is refused by name: each node counts what is"
                + " under way at itself.");
    http.directive("limit_conn")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .repeatable()
        .read(this::limit)
        .syntax("zone number")
        .summary(
            "Refuses requests while so many with the same key are under way. A request with an"
                + " empty key is not limited.");
    http.directive("limit_conn_log_level")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(LOG_LEVEL, LimitReqModule.LEVELS)
        .defaultText("error")
        .summary("The level of refusals in the error log.");
    http.directive("limit_conn_status")
        .in(HTTP, SERVER, LOCATION)
        .number(STATUS, 400, 599)
        .defaultText("503")
        .summary("The answer to requests that are refused.");
    http.directive("limit_conn_dry_run")
        .in(HTTP, SERVER, LOCATION)
        .flag(DRY_RUN)
        .defaultText("off")
        .summary("Requests are counted and told of as if limited, and pass.");
    ExchangeSlot<ConnectionLimiter.Passage> passage = http.exchangeSlot();
    http.variable(
        "limit_conn_status",
        exchange -> {
          ConnectionLimiter.Passage there = exchange.get(passage);
          return there == null ? null : there.outcome().name();
        });
    http.phase(Phase.PREACCESS, scope -> handler(scope, passage));
    // in every location: an internal redirect may end the request in another than it began in
    http.log(_ -> all.areUsed() ? exchange -> ConnectionLimiter.over(exchange, passage) : null);
  }

  private LimitZones<ConnectionCounts> zones() {
    LimitZones<ConnectionCounts> there = zones;
    if (there == null) {
      throw new IllegalStateException("the limit_conn module is not registered");
    }
    return there;
  }

  private void zone(Directive d) {
    String word = d.argument(1);
    if (!ZoneSize.isOne(word)) {
      throw ConfigException.at(d, 1, "invalid parameter \"" + word + "\"");
    }
    if (d.argumentCount() == 3) {
      throw d.argument(2).equals("sync")
          ? ConfigException.at(
                  d, 2, "the \"sync\" parameter of \"limit_conn_zone\" is not supported")
              .withHelp("each node counts what is under way at itself; limit_req_zone has \"sync\"")
          : ConfigException.at(d, "invalid number of arguments in \"limit_conn_zone\" directive");
    }
    zones().declare(d, ZoneSize.read(d, 1), 0, COUNTS);
  }

  private void limit(Directive d, Scope scope) {
    String zone = d.argument(0);
    zones().use(d, 0, zone);
    List<Limit> before = scope.own(LIMITS);
    for (Limit limit : before == null ? List.<Limit>of() : before) {
      if (limit.zone().equals(zone)) {
        throw ConfigException.directive(d, "is duplicate");
      }
    }
    long most = Units.number(d.argument(1)).orElse(0);
    if (most <= 0) {
      throw ConfigException.at(d, 1, "invalid number of connections \"" + d.argument(1) + "\"");
    }
    if (most > LARGEST) {
      throw ConfigException.at(d, 1, "connection limit must be less 65536");
    }
    scope.append(LIMITS, new Limit(zone, (int) most));
  }

  private @Nullable PhaseHandler handler(
      Scope scope, ExchangeSlot<ConnectionLimiter.Passage> passage) {
    List<Limit> limits = scope.get(LIMITS);
    if (limits.isEmpty()) {
      return null;
    }
    return new ConnectionLimiter(
        limits.stream()
            .map(limit -> new ConnectionLimiter.Limit(zones().find(limit.zone()), limit.most()))
            .toList(),
        scope.get(LOG_LEVEL),
        scope.get(STATUS),
        scope.get(DRY_RUN),
        passage);
  }
}

package dev.turnout.http;

import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.metrics.TrafficZone;
import org.jspecify.annotations.Nullable;

/// `status_zone`: counts the requests of a server, and those that end in a location.
///
/// A request counts in the zone of its server from the moment the server is known, and in the zone
/// of the location where it ends. Where no zone is named there is no handler.
public final class StatusZoneModule implements HttpModule {
  private static final Setting<@Nullable TrafficZone> OF_SERVER =
      Setting.of("status_zone of a server", null);
  private static final Setting<@Nullable TrafficZone> OF_LOCATION =
      Setting.of("status_zone of a location", null);

  @Override
  public void register(HttpRegistry http) {
    StatusZones.Plan zones = http.environment().statusZones().plan();
    http.pending(zones);
    http.directive("status_zone")
        .in(SERVER, LOCATION, LOCATION_IF)
        .arguments(1)
        .read((d, scope) -> read(d, scope, zones))
        .syntax("zone | off")
        .defaultText("off")
        .summary(
            "Counts the requests of this server, or those that end in this location, under a name"
                + " that several may share. The counters stay over a reload. `off` ends what a"
                + " location would have from the one around it.");
    ExchangeSlot<TrafficZone.Loop> begun = http.exchangeSlot();
    http.phase(Phase.SERVER_REWRITE, scope -> beginning(scope, begun));
    http.log(scope -> end(scope, begun));
  }

  private static void read(Directive d, Scope scope, StatusZones.Plan zones) {
    String name = d.argument(0);
    if (name.isEmpty()) {
      throw ConfigException.at(d, 0, "invalid zone name \"\"");
    }
    boolean off = name.equals("off");
    if (scope.context() == Context.SERVER) {
      scope.set(OF_SERVER, off ? null : zones.server(name));
    } else {
      scope.set(OF_LOCATION, off ? null : zones.location(name));
    }
  }

  private static @Nullable PhaseHandler beginning(
      Scope scope, ExchangeSlot<TrafficZone.Loop> begun) {
    TrafficZone zone = scope.context() == Context.SERVER ? scope.get(OF_SERVER) : null;
    if (zone == null) {
      return null;
    }
    return exchange -> {
      if (!exchange.isSubrequest()
          && exchange.get(begun) == null) { // else it comes back by an internal redirect
        begin(exchange, zone, begun);
      }
      return Verdict.CONTINUE;
    };
  }

  private static TrafficZone.Loop begin(
      Exchange exchange, TrafficZone zone, ExchangeSlot<TrafficZone.Loop> begun) {
    TrafficZone.Loop counters = zone.on(exchange.worker().index());
    counters.began();
    exchange.put(begun, counters);
    return counters;
  }

  private static @Nullable LogHandler end(Scope scope, ExchangeSlot<TrafficZone.Loop> begun) {
    TrafficZone ofServer = scope.get(OF_SERVER);
    TrafficZone ofLocation = scope.get(OF_LOCATION);
    if (ofServer == null && ofLocation == null) {
      return null;
    }
    return exchange -> {
      if (exchange.isSubrequest()) {
        return;
      }
      if (ofServer != null) {
        TrafficZone.Loop counters = exchange.get(begun);
        // a request that was refused for its head went through no phase
        ended(exchange, counters != null ? counters : begin(exchange, ofServer, begun));
      }
      if (ofLocation != null) {
        TrafficZone.Loop counters = ofLocation.on(exchange.worker().index());
        counters.began();
        ended(exchange, counters);
      }
    };
  }

  private static void ended(Exchange exchange, TrafficZone.Loop counters) {
    long received = exchange.request().receivedLength() + exchange.body().length();
    if (exchange.isHeadSent()) {
      int status = exchange.response().status();
      long sent = exchange.downstream().bytesSent();
      if (status == Status.SWITCHING_PROTOCOLS) {
        counters.responded(status, received, sent);
      } else {
        long nanos = exchange.worker().nowNanos() - exchange.startNanos();
        counters.responded(status, received, sent, nanos);
      }
    } else {
      counters.discarded(received);
    }
  }
}

package dev.turnout.admin.dashboard;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.admin.control.ControlApiModule;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.NearestNames;
import dev.turnout.config.Scope;
import dev.turnout.control.ControlPlane;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.LogHandler;
import dev.turnout.http.Status;
import dev.turnout.http.access.AccessModule;
import dev.turnout.http.proxy.ProxyModule;
import dev.turnout.metrics.TrafficZone;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `dashboard`: a page for operators, which speaks to the control API of its server. Where there is
/// one, the requests of servers that pass requests on are counted for the [Timeline].
public final class DashboardModule implements HttpModule {
  private final ControlPlane control;
  private boolean configured;

  /// @param control has the timeline
  public DashboardModule(ControlPlane control) {
    this.control = control;
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("dashboard")
        .in(LOCATION)
        .arguments(0, 1)
        .read(this::read)
        .syntax("[api=path]")
        .summary(
            "Answers with the dashboard, a page that shows and changes the node through the"
                + " `control_api` of the same server: the one there is, or the one at this path."
                + " What somebody may do there is for that location to say; this one has only the"
                + " files of the page. Without `allow` or `deny` of its own it is for this machine"
                + " only. Where there is a dashboard, the requests of servers with a `proxy_pass` are"
                + " counted for its timeline, but not those of the operators' own interfaces.");
    http.log(this::counting);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            if (configured) {
              control.timeline().keep();
            } else {
              control.timeline().stop();
            }
          }

          @Override
          public void abandon() {
            // nothing was opened
          }
        });
  }

  private void read(Directive d, Scope scope) {
    String wanted = d.argumentCount() == 1 ? d.argument(0) : "api=";
    if (!wanted.startsWith("api=") || (d.argumentCount() == 1 && !wanted.startsWith("api=/"))) {
      throw ConfigException.at(d, 0, "invalid parameter \"" + wanted + "\"")
          .withHelp("written dashboard, or dashboard api=/control");
    }
    if (!CoreModule.isPrefixLocation(scope)) {
      throw ConfigException.at(d, "\"dashboard\" must be in a location that is given by a prefix")
          .withHelp("such as location /dashboard/ { ... }");
    }
    configured = true;
    AccessModule.onlyThisMachineByDefault(scope);
    CoreModule.redirectDirectories(scope);
    String name = CoreModule.locationName(scope);
    String base = name.endsWith("/") ? name : name + "/";
    scope.set(
        HttpRegistry.CONTENT,
        location ->
            new DashboardHandler(base, DashboardFiles.of(api(d, location, wanted.substring(4)))));
  }

  /// The path of the API that the page speaks to.
  private static String api(Directive d, Scope location, String wanted) {
    List<String> bases = ControlApiModule.bases(location);
    if (bases.isEmpty()) {
      throw ConfigException.at(d, "\"dashboard\" finds no \"control_api\" in this server")
          .withHelp("such as location /control/ { control_api write=on; }");
    }
    if (wanted.isEmpty()) {
      if (bases.size() > 1) {
        throw ConfigException.at(
                d, "\"dashboard\" finds several \"control_api\" in this server: " + written(bases))
            .withHelp("written dashboard api=" + path(bases.getFirst()));
      }
      return bases.getFirst();
    }
    String base = wanted.endsWith("/") ? wanted.substring(0, wanted.length() - 1) : wanted;
    if (!bases.contains(base)) {
      List<String> near = NearestNames.of(base, bases);
      throw ConfigException.at(d, 0, "there is no \"control_api\" at " + wanted + " in this server")
          .withHelp(
              near.isEmpty()
                  ? "there is " + written(bases)
                  : "did you mean " + near.getFirst() + "?");
    }
    return base;
  }

  private static String path(String base) {
    return base.isEmpty() ? "/" : base;
  }

  private static String written(List<String> bases) {
    return String.join(", ", bases.stream().map(DashboardModule::path).toList());
  }

  // ---- the timeline

  private @Nullable LogHandler counting(Scope scope) {
    if (!configured
        || !ProxyModule.isInProxyingServer(scope)
        || AccessModule.isForOperators(scope)) {
      return null;
    }
    TrafficZone zone = control.timeline().zone();
    return exchange -> count(exchange, zone);
  }

  private static void count(Exchange exchange, TrafficZone zone) {
    if (exchange.isSubrequest()) {
      return;
    }
    TrafficZone.Loop counters = zone.on(exchange.worker().index());
    counters.began();
    if (!exchange.isHeadSent()) {
      counters.discarded(0);
      return;
    }
    int status = exchange.response().status();
    if (status == Status.SWITCHING_PROTOCOLS) {
      counters.responded(status, 0, 0); // how long a tunnel was there says nothing
    } else {
      counters.responded(status, 0, 0, exchange.worker().nowNanos() - exchange.startNanos());
    }
  }
}

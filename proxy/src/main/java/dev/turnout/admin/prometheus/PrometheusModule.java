package dev.turnout.admin.prometheus;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.control.ChangeWriter;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.NodeStatus;
import dev.turnout.control.ZoneSync;
import dev.turnout.discovery.Followers;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.Fields;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.UriEscape;
import dev.turnout.log.Level;
import dev.turnout.scale.Scalers;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// `prometheus`: the counters of the node, as Prometheus and its kind scrape them.
///
/// A node with thousands of servers has a long answer: it is made off the loop, and requests go on
/// meanwhile.
public final class PrometheusModule implements HttpModule {
  private final ChangeWriter writer;
  private final ControlPlane control;

  /// @param control what operators speak to
  public PrometheusModule(ControlPlane control) {
    this.writer = control.writer();
    this.control = control;
  }

  @Override
  public void register(HttpRegistry http) {
    NodeStatus status = new NodeStatus(http.environment());
    Scalers scalers = Scalers.of(http.environment(), control);
    Followers followers = Followers.of(http.environment());
    ZoneSync sync = ZoneSync.of(http.environment(), control);
    Consumer<Exposition> all =
        exposition -> NodeMetrics.tell(status, writer, scalers, followers, sync, exposition);
    http.directive("prometheus")
        .in(LOCATION)
        .arguments(0)
        .read((_, scope) -> {
          CoreModule.servesOperators(scope);
          scope.set(HttpRegistry.CONTENT, _ -> exchange -> handle(exchange, all));
        })
        .summary(
            "Answers with the counters of the node for Prometheus, in its text format or"
                + " OpenMetrics by `Accept`: under the names of the exporter for nginx and NGINX"
                + " Plus, and `turnout_` for what those do not have. `?name[]=NAME` picks metrics."
                + " A server whose address stands in its group before is told as `address#id`.");
  }

  private static void handle(Exchange exchange, Consumer<Exposition> all) {
    String method = exchange.method();
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.finish(405);
      return;
    }
    Format format = Format.accepted(accept(exchange.request().fields()));
    Set<String> names = names(exchange.args());
    exchange.offLoop(
        () -> {
          Exposition exposition = new Exposition(format, names);
          all.accept(exposition);
          return exposition.end();
        },
        (text, failure) -> {
          if (text == null) {
            exchange.log(Level.ALERT, "unexpected " + failure + " while metrics were collected");
            exchange.finish(500);
            return;
          }
          exchange.response().headers().add("Vary", "Accept");
          exchange.respond(200, format.contentType(), text);
        },
        _ -> {});
  }

  private static @Nullable String accept(Fields fields) {
    List<String> values = new ArrayList<>();
    for (int i = fields.find(FieldName.ACCEPT); i >= 0; i = fields.findAfter(i, FieldName.ACCEPT)) {
      values.add(fields.value(i));
    }
    return values.isEmpty() ? null : String.join(",", values);
  }

  /// What `name[]=` picks, as other exporters have it; empty for everything.
  private static Set<String> names(@Nullable String args) {
    Set<String> names = new HashSet<>();
    for (String part : args == null ? new String[0] : args.split("&", -1)) {
      int equals = part.indexOf('=');
      if (equals > 0 && UriEscape.unescape(part.substring(0, equals)).equals("name[]")) {
        names.add(UriEscape.unescape(part.substring(equals + 1)));
      }
    }
    return names;
  }
}

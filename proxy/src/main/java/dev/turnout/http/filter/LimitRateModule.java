package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Slot;
import dev.turnout.http.Template;
import dev.turnout.http.TemplateSize;
import dev.turnout.log.Level;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `limit_rate`: how fast a response goes to its client. Comes last of all filters: it is bytes on
/// the wire that are limited.
public final class LimitRateModule implements HttpModule {
  private static final Setting<@Nullable Template> RATE = Setting.of("limit_rate", null);
  private static final Setting<@Nullable Template> AFTER = Setting.of("limit_rate_after", null);

  @Override
  public void register(HttpRegistry http) {
    http.directive("limit_rate")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read((d, scope) -> scope.set(RATE, TemplateSize.read(http, d)))
        .syntax("rate")
        .defaultText("0")
        .summary("How many bytes of a response go to the client in a second; 0 is no limit.");
    http.directive("limit_rate_after")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read((d, scope) -> scope.set(AFTER, TemplateSize.read(http, d)))
        .syntax("size")
        .defaultText("0")
        .summary("How much of a response goes before `limit_rate` holds.");
    Slot<Template> rates = http.keep(scope -> or0(scope.get(RATE)));
    http.variable(
        "limit_rate",
        exchange -> Long.toString(rate(exchange, exchange.location().get(rates))),
        LimitRateModule::set);
    http.filter(scope -> {
      Template rate = or0(scope.get(RATE));
      Template after = or0(scope.get(AFTER));
      return (exchange, _) -> {
        long limit = exchange.isSubrequest() ? 0 : rate(exchange, rate);
        if (limit > 0 && !exchange.isHeadAlone()) {
          exchange.filterBody(
              new LimitedBody(exchange, limit, TemplateSize.evaluate(after, exchange)));
        }
      };
    });
  }

  private static Template or0(@Nullable Template template) {
    return template == null ? Template.empty() : template;
  }

  private static long rate(Exchange exchange, Template configured) {
    long set = exchange.limitRate();
    return set >= 0 ? set : TemplateSize.evaluate(configured, exchange);
  }

  private static void set(Exchange exchange, String value) {
    OptionalLong rate = dev.turnout.config.Units.size(value);
    if (rate.isPresent()) {
      exchange.limitRate(rate.getAsLong());
    } else {
      exchange.log(Level.ERROR, "invalid $limit_rate \"" + value + "\"");
    }
  }
}

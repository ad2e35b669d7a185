package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Slot;
import org.jspecify.annotations.Nullable;

/// `slice` and `$slice_range`: a large response is asked for in parts of one size, each by a
/// request of its own. Comes before all other filters: to them the parts are one body.
public final class SliceModule implements HttpModule {
  private static final Setting<Long> SIZE = Setting.of("slice", 0L);

  @Override
  public void register(HttpRegistry http) {
    http.directive("slice")
        .in(HTTP, SERVER, LOCATION)
        .size(SIZE)
        .defaultText("0")
        .summary(
            "Asks for a response in parts of this size, where `$slice_range` stands in the request"
                + " to the upstream, as in `proxy_set_header Range $slice_range`; 0 for as a"
                + " whole.")
        .differs(
            "A part that is not as long as it said, or says another length of the whole than those"
                + " before it, breaks the response off; where the client is served no part after"
                + " all, the whole is sent from its beginning.");
    Slot<Long> sizes = http.keep(scope -> scope.get(SIZE));
    ExchangeSlot<Slices> place = http.exchangeSlot();
    http.variable(
        "slice_range", exchange -> range(exchange, place, exchange.location().get(sizes)));
    http.filter(scope ->
        scope.get(SIZE) == 0
            ? null
            : (exchange, response) -> {
              Slices slices = here(exchange, place);
              if (slices != null && !slices.head(exchange, response)) {
                exchange.put(place, null);
              }
            });
  }

  /// The slices of this exchange, if they were asked for where it is now.
  private static @Nullable Slices here(Exchange exchange, ExchangeSlot<Slices> place) {
    Slices slices = exchange.get(place);
    return slices != null && slices.isFor(exchange) ? slices : null;
  }

  private static @Nullable String range(Exchange exchange, ExchangeSlot<Slices> place, long size) {
    Slices slices = here(exchange, place);
    if (slices == null) {
      if (size == 0 || exchange.isSubrequest() || exchange.isHeadSent()) {
        return null;
      }
      slices = new Slices(exchange, place, size);
      exchange.put(place, slices);
    }
    return slices.range();
  }
}

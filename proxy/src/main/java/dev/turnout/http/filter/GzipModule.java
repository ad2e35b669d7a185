package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.FieldName;
import dev.turnout.http.GzipRules;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.MediaTypes;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import org.jspecify.annotations.Nullable;

/// `gzip`: bodies are compressed for clients that take it.
public final class GzipModule implements HttpModule {
  private static final Setting<Boolean> ENABLED = Setting.of("gzip", false);
  private static final Setting<Integer> LEVEL = Setting.of("gzip_comp_level", 1);
  private static final Setting<Long> MIN_LENGTH = Setting.of("gzip_min_length", 20L);
  private static final Setting<MediaTypes> TYPES =
      Setting.of("gzip_types", MediaTypes.of("text/html"));

  @Override
  public void register(HttpRegistry http) {
    ExchangeSlot<GzipBody> slot = http.exchangeSlot();
    http.directive("gzip")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .flag(ENABLED)
        .defaultText("off")
        .summary("Compresses bodies for clients that take it.");
    http.directive("gzip_comp_level")
        .in(HTTP, SERVER, LOCATION)
        .number(LEVEL, 1, 9)
        .defaultText("1")
        .summary("How hard it is tried to make bodies small.");
    http.directive("gzip_min_length")
        .in(HTTP, SERVER, LOCATION)
        .size(MIN_LENGTH)
        .defaultText("20")
        .summary("Bodies that say they are shorter are not compressed.");
    MediaTypes.directive(http, "gzip_types", TYPES);
    accepted(http);
    http.variable(
        "gzip_ratio",
        exchange -> {
          GzipBody body = exchange.get(slot);
          return body == null ? null : body.ratio();
        });
    http.filter(scope -> filter(scope, slot));
    GzipRules.register(http); // says Vary behind all that note it
  }

  private static void accepted(HttpRegistry http) {
    http.directive("gzip_buffers")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .read((d, _) -> buffers(d))
        .syntax("number size")
        .defaultText("32 4k")
        .summary("Accepted: a body is compressed in bounded pieces.");
    for (String name : new String[] {"gzip_window", "gzip_hash", "postpone_gzipping"}) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .size(Setting.of(name, 0L))
          .summary("Accepted: the library that compresses decides.");
    }
    http.directive("gzip_no_buffer")
        .in(HTTP, SERVER, LOCATION)
        .flag(Setting.of("gzip_no_buffer", false))
        .summary("Accepted: a body is compressed in bounded pieces.");
  }

  static void buffers(Directive d) {
    if (Units.number(d.argument(0)).orElse(0) == 0 || Units.size(d.argument(1)).orElse(0) == 0) {
      throw ConfigException.directive(d, "invalid value");
    }
  }

  private static @Nullable ResponseFilter filter(Scope scope, ExchangeSlot<GzipBody> slot) {
    if (!scope.get(ENABLED)) {
      return null;
    }
    GzipRules rules = GzipRules.of(scope);
    MediaTypes types = scope.get(TYPES);
    int level = scope.get(LEVEL);
    long shortest = scope.get(MIN_LENGTH);
    return (exchange, response) -> {
      if (exchange.isSubrequest() || !isCompressible(response, types, shortest)) {
        return;
      }
      response.vary();
      if (rules.accept(exchange)) {
        compress(exchange, response, level, slot);
      }
    };
  }

  private static boolean isCompressible(Response response, MediaTypes types, long shortest) {
    int status = response.status();
    if (status != 200 && status != 403 && status != 404) {
      return false;
    }
    String encoding = response.first(FieldName.CONTENT_ENCODING);
    long length = response.contentLength();
    return (encoding == null || encoding.isEmpty())
        && (length == Response.UNKNOWN_LENGTH || length >= shortest)
        && types.contain(response.contentType());
  }

  private static void compress(
      Exchange exchange, Response response, int level, ExchangeSlot<GzipBody> slot) {
    response.bodyChanges();
    response.headers().add("Content-Encoding", "gzip");
    if (!exchange.isHeadAlone()) {
      GzipBody body = new GzipBody(exchange, level);
      exchange.put(slot, body);
      exchange.filterBody(body);
    }
  }
}

package dev.turnout.http.content;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.ExchangeSlot;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.Template;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Files: what answers where no directive says otherwise. `index`, `etag`, `max_ranges` and
/// `log_not_found`. Comes behind the modules whose filters add fields, as `Accept-Ranges` does in
/// nginx.
public final class StaticModule implements HttpModule {
  private static final Setting<List<Template>> INDEX = Setting.listOf("index");
  private static final Setting<Boolean> ETAG = Setting.of("etag", true);
  private static final Setting<Integer> MAX_RANGES = Setting.of("max_ranges", Integer.MAX_VALUE);
  private static final Setting<Boolean> LOG_NOT_FOUND = Setting.of("log_not_found", true);
  private static final Setting<Boolean> AUTOINDEX = Setting.of("autoindex", false);

  @Override
  public void register(HttpRegistry http) {
    ExchangeSlot<ByteRange.Part> part = http.exchangeSlot();
    http.directive("index")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read((d, scope) -> index(http, d, scope))
        .syntax("file ...")
        .defaultText("index.html")
        .summary("The files that are looked for where a path ends with a slash.");
    http.directive("etag")
        .in(HTTP, SERVER, LOCATION)
        .flag(ETAG)
        .defaultText("on")
        .summary("Files get an `ETag` made of their time and size.");
    http.directive("max_ranges")
        .in(HTTP, SERVER, LOCATION)
        .number(MAX_RANGES, 0, Integer.MAX_VALUE)
        .defaultText("unlimited")
        .summary("How many ranges a request may ask for; 0 serves no ranges.")
        .differs("Requests for several ranges at once are answered with the whole file.");
    http.directive("log_not_found")
        .in(HTTP, SERVER, LOCATION)
        .flag(LOG_NOT_FOUND)
        .defaultText("on")
        .summary("Files that are not found are told in the error log.");
    http.directive("autoindex")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read(StaticModule::autoindex)
        .syntax("off")
        .defaultText("off")
        .summary("Listings of directories.")
        .differs("`on` is refused.");
    http.refuse("disable_symlinks", "symbolic links are always followed");
    accepted(http);
    http.filter(scope -> {
      boolean ranges = scope.get(MAX_RANGES) > 0;
      return (exchange, response) -> ranges(exchange, response, ranges, part);
    });
    http.fallback(scope -> {
      List<Template> index = scope.get(INDEX);
      return new StaticHandler(
          index.isEmpty() ? List.of(Template.constant("index.html")) : index,
          scope.get(ETAG),
          scope.get(MAX_RANGES) > 0,
          scope.get(LOG_NOT_FOUND),
          part);
    });
  }

  private static void accepted(HttpRegistry http) {
    for (String name :
        List.of(
            "open_file_cache",
            "open_file_cache_valid",
            "open_file_cache_min_uses",
            "open_file_cache_errors",
            "directio",
            "directio_alignment",
            "aio",
            "aio_write",
            "read_ahead",
            "sendfile_max_chunk",
            "output_buffers",
            "postpone_output")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .arguments(1, 2)
          .read((_, _) -> {})
          .summary("Accepted: files are opened off the event loops and sent by sendfile(2).");
    }
  }

  private static void index(HttpRegistry http, Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      String name = d.argument(i);
      if (name.isEmpty()) {
        throw ConfigException.at(d, i, "index \"\" in \"index\" directive is invalid");
      }
      if (name.startsWith("/") && i != d.argumentCount() - 1) {
        scope.warn(d, "only the last index in \"index\" directive should be absolute");
      }
      scope.append(INDEX, http.template(d, i));
    }
  }

  private static void autoindex(Directive d, Scope scope) {
    switch (d.argument(0)) {
      case "off" -> scope.set(AUTOINDEX, false);
      case "on" -> throw ConfigException.at(d, 0, "\"autoindex on\" is not supported");
      default ->
          throw ConfigException.at(
              d,
              0,
              "invalid value \""
                  + d.argument(0)
                  + "\" in \"autoindex\" directive, it must be \"on\" or \"off\"");
    }
  }

  private static void ranges(
      Exchange exchange, Response response, boolean ranges, ExchangeSlot<ByteRange.Part> slot) {
    if (!ranges
        || exchange.isSubrequest()
        || !response.rangesAllowed()
        || response.status() != 200) {
      return;
    }
    ByteRange.@Nullable Part part = exchange.get(slot);
    if (part == null) {
      response.headers().add("Accept-Ranges", "bytes");
      return;
    }
    response.status(206);
    response
        .headers()
        .add(
            "Content-Range",
            "bytes " + part.start() + "-" + (part.end() - 1) + "/" + response.contentLength());
    response.contentLength(part.end() - part.start());
  }
}

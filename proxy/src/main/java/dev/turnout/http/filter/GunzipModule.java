package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Setting;
import dev.turnout.http.FieldName;
import dev.turnout.http.GzipRules;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;

/// `gunzip`: bodies that come compressed are made plain for clients that do not take them so.
public final class GunzipModule implements HttpModule {
  private static final Setting<Boolean> ENABLED = Setting.of("gunzip", false);

  @Override
  public void register(HttpRegistry http) {
    http.directive("gunzip")
        .in(HTTP, SERVER, LOCATION)
        .flag(ENABLED)
        .defaultText("off")
        .summary("Bodies that come compressed are made plain for clients that do not take gzip.");
    http.directive("gunzip_buffers")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .read((d, _) -> GzipModule.buffers(d))
        .syntax("number size")
        .defaultText("32 4k")
        .summary("Accepted: a body is made plain in bounded pieces.");
    http.filter(scope -> {
      if (!scope.get(ENABLED)) {
        return null;
      }
      GzipRules rules = GzipRules.of(scope);
      return (exchange, response) -> {
        String encoding = response.first(FieldName.CONTENT_ENCODING);
        if (encoding == null || !encoding.equalsIgnoreCase("gzip")) {
          return;
        }
        response.vary();
        if (rules.accept(exchange)) {
          return;
        }
        response.remove(FieldName.CONTENT_ENCODING);
        response.bodyChanges();
        if (!exchange.isHeadAlone()) {
          exchange.filterBody(new GunzipBody(exchange));
        }
      };
    });
  }
}

package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpDate;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `add_header`, `add_trailer` and `expires`: fields that are added to responses.
public final class HeadersModule implements HttpModule {
  private static final Context[] BLOCKS = {HTTP, SERVER, LOCATION, LOCATION_IF};
  private static final Setting<List<Header>> HEADERS = Setting.listOf("add_header");
  private static final Setting<Inherit> INHERIT = Setting.of("add_header_inherit", Inherit.ON);
  private static final Setting<List<Header>> TRAILERS = Setting.listOf("add_trailer");
  private static final Setting<Inherit> INHERIT_TRAILERS =
      Setting.of("add_trailer_inherit", Inherit.ON);
  private static final Setting<@Nullable Expiry> EXPIRES = Setting.of("expires", null);

  /// `add_header_inherit`.
  private enum Inherit {
    OFF,
    ON,
    MERGE
  }

  /// One `add_header`.
  private record Header(FieldName name, Template value, boolean always) {
    void apply(Exchange exchange, Response response) {
      String text = value.evaluate(exchange);
      switch (name.known()) {
        case FieldName.LAST_MODIFIED -> {
          long second = text.isEmpty() ? HttpDate.INVALID : HttpDate.parse(text);
          response.withholdAll(FieldName.LAST_MODIFIED);
          response.lastModified(
              text.isEmpty() ? null : text, second == HttpDate.INVALID ? -1 : second * 1000);
        }
        case FieldName.ETAG -> {
          response.withholdAll(FieldName.ETAG);
          if (text.isEmpty()) {
            response.headers().remove(name.text());
          } else {
            response.headers().replace(name.text(), text);
          }
        }
        default -> add(response, text);
      }
    }

    private void add(Response response, String text) {
      if (!text.isEmpty()) {
        response.headers().add(name.text(), text);
      }
    }
  }

  @Override
  public void register(HttpRegistry http) {
    http.directive("add_header")
        .in(BLOCKS)
        .arguments(2, 3)
        .repeatable()
        .read((d, scope) -> scope.append(HEADERS, header(http, d)))
        .syntax("name value [always]")
        .summary(
            "Adds a field to answers with status 200, 201, 204, 206, 301 to 304, 307 and 308, or to"
                + " all.");
    http.directive("add_header_inherit")
        .in(BLOCKS)
        .oneOf(INHERIT, Map.of("off", Inherit.OFF, "on", Inherit.ON, "merge", Inherit.MERGE))
        .defaultText("on")
        .summary("Whether the fields of the block around hold, hold where none is added, or both.");
    http.directive("expires")
        .in(BLOCKS)
        .arguments(1, 2)
        .read((d, scope) -> scope.set(EXPIRES, Expiry.read(http, d)))
        .syntax("[modified] time | epoch | max | off")
        .defaultText("off")
        .summary("Says in `Expires` and `Cache-Control` how long answers may be kept.");
    http.directive("add_trailer")
        .in(BLOCKS)
        .arguments(2, 3)
        .repeatable()
        .read((d, scope) -> scope.append(TRAILERS, header(http, d)))
        .syntax("name value [always]")
        .summary("Adds a field behind the bodies of the answers that `add_header` adds fields to.");
    http.directive("add_trailer_inherit")
        .in(BLOCKS)
        .oneOf(
            INHERIT_TRAILERS, Map.of("off", Inherit.OFF, "on", Inherit.ON, "merge", Inherit.MERGE))
        .defaultText("on")
        .summary(
            "Whether the trailer fields of the block around hold, as with `add_header_inherit`.");
    http.filter(HeadersModule::filter);
  }

  private static Header header(HttpRegistry http, Directive d) {
    if (d.argumentCount() == 3 && !d.argument(2).equals("always")) {
      throw ConfigException.at(d, 2, "invalid parameter \"" + d.argument(2) + "\"");
    }
    return new Header(FieldName.of(d.argument(0)), http.template(d, 1), d.argumentCount() == 3);
  }

  private static List<Header> headers(
      Scope scope, Setting<List<Header>> lines, Setting<Inherit> rule) {
    List<Header> own = scope.own(lines);
    Scope parent = scope.parent();
    if (own == null) {
      own = List.of();
    }
    Inherit inherit = scope.get(rule);
    if (parent == null || inherit == Inherit.OFF) {
      return own;
    }
    if (own.isEmpty()) {
      return headers(parent, lines, rule);
    }
    if (inherit == Inherit.ON) {
      return own;
    }
    List<Header> all = new ArrayList<>(own);
    all.addAll(headers(parent, lines, rule));
    return all;
  }

  private static @Nullable ResponseFilter filter(Scope scope) {
    Header[] headers = headers(scope, HEADERS, INHERIT).toArray(new Header[0]);
    Header[] trailers = headers(scope, TRAILERS, INHERIT_TRAILERS).toArray(new Header[0]);
    Expiry expiry = scope.get(EXPIRES);
    if (headers.length == 0 && trailers.length == 0 && expiry == null) {
      return null;
    }
    return (exchange, response) -> {
      if (exchange.isSubrequest()) {
        return; // nobody sees its head
      }
      boolean usual = isUsual(response.status());
      if (expiry != null && usual) {
        expiry.apply(exchange, response);
      }
      for (Header header : headers) {
        if (usual || header.always()) {
          header.apply(exchange, response);
        }
      }
      if (trailers.length != 0) {
        expectTrailers(exchange, response, trailers, usual);
      }
    };
  }

  private static void expectTrailers(
      Exchange exchange, Response response, Header[] trailers, boolean usual) {
    boolean any = usual;
    for (Header trailer : trailers) {
      any |= trailer.always();
    }
    if (!any) {
      return;
    }
    Runnable make =
        () -> {
          for (Header trailer : trailers) {
            String value = usual || trailer.always() ? trailer.value().evaluate(exchange) : "";
            if (!value.isEmpty()) {
              response.trailers().add(trailer.name().text(), value);
            }
          }
        };
    response.expectTrailers();
    if (exchange.isHeadAlone()) {
      make.run();
    } else {
      exchange.filterBody(new TrailerBody(exchange, make));
    }
  }

  private static boolean isUsual(int status) {
    return switch (status) {
      case 200, 201, 204, 206, 301, 302, 303, 304, 307, 308 -> true;
      default -> false;
    };
  }
}

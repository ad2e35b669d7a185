package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.MediaTypes;
import dev.turnout.http.Response;
import dev.turnout.http.ResponseFilter;
import dev.turnout.http.Template;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `sub_filter`: texts in bodies are replaced by others.
public final class SubFilterModule implements HttpModule {
  private static final Setting<List<Pair>> PAIRS = Setting.listOf("sub_filter");
  private static final Setting<MediaTypes> TYPES =
      Setting.of("sub_filter_types", MediaTypes.of("text/html"));
  private static final Setting<Boolean> ONCE = Setting.of("sub_filter_once", true);
  private static final Setting<Boolean> LAST_MODIFIED =
      Setting.of("sub_filter_last_modified", false);

  /// One `sub_filter`.
  private record Pair(Template text, Template replacement) {}

  @Override
  public void register(HttpRegistry http) {
    http.directive("sub_filter")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .repeatable()
        .read((d, scope) -> scope.append(PAIRS, pair(http, d)))
        .syntax("string replacement")
        .summary("A text in bodies, in any case, and what stands for it.");
    MediaTypes.directive(http, "sub_filter_types", TYPES);
    http.directive("sub_filter_once")
        .in(HTTP, SERVER, LOCATION)
        .flag(ONCE)
        .defaultText("on")
        .summary("Each text is replaced where it is found first, not everywhere.");
    http.directive("sub_filter_last_modified")
        .in(HTTP, SERVER, LOCATION)
        .flag(LAST_MODIFIED)
        .defaultText("off")
        .summary("`Last-Modified` stays although the body is changed.");
    http.filter(SubFilterModule::filter);
  }

  private static Pair pair(HttpRegistry http, Directive d) {
    if (d.argument(0).isEmpty()) {
      throw ConfigException.directive(d, "has an empty search pattern");
    }
    return new Pair(http.template(d, 0), http.template(d, 1));
  }

  private static @Nullable ResponseFilter filter(Scope scope) {
    List<Pair> pairs = scope.get(PAIRS);
    if (pairs.isEmpty()) {
      return null;
    }
    MediaTypes types = scope.get(TYPES);
    boolean once = scope.get(ONCE);
    boolean keepsTime = scope.get(LAST_MODIFIED);
    return (exchange, response) -> {
      if (response.contentLength() != 0 && types.contain(response.contentType())) {
        replace(exchange, response, pairs, once, keepsTime);
      }
    };
  }

  private static void replace(
      Exchange exchange, Response response, List<Pair> pairs, boolean once, boolean keepsTime) {
    List<SubBody.Wanted> wanted = new ArrayList<>(pairs.size());
    for (Pair pair : pairs) {
      String text = pair.text().evaluate(exchange);
      if (!text.isEmpty()) {
        wanted.add(new SubBody.Wanted(text, pair.replacement()));
      }
    }
    if (wanted.isEmpty()) {
      return;
    }
    response.bodyChanges();
    if (!keepsTime) {
      response.lastModified(null, -1);
      response.remove(FieldName.ETAG);
    }
    if (!exchange.isHeadAlone()) {
      exchange.filterBody(new SubBody(exchange, wanted, once));
    }
  }
}

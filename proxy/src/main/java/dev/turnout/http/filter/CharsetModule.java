package dev.turnout.http.filter;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
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
import dev.turnout.log.Level;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `charset`: says in `Content-Type` in which charset a text is, and changes texts from one to
/// another.
public final class CharsetModule implements HttpModule {
  private static final Setting<@Nullable Template> CHARSET = Setting.of("charset", null);
  private static final Setting<@Nullable Template> SOURCE = Setting.of("source_charset", null);
  private static final Setting<Boolean> OVERRIDE = Setting.of("override_charset", false);
  private static final Setting<MediaTypes> TYPES =
      Setting.of(
          "charset_types",
          MediaTypes.of(
              "text/html",
              "text/xml",
              "text/plain",
              "text/vnd.wap.wml",
              "application/javascript",
              "application/rss+xml"));

  /// The charsets that the configuration names, in lower case.
  private final Set<String> known = new HashSet<>();

  private final Map<Way, CharsetTable> tables = new HashMap<>();

  /// From one charset, in lower case, to another.
  private record Way(String from, String to) {}

  @Override
  public void register(HttpRegistry http) {
    http.directive("charset")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read((d, scope) -> scope.set(CHARSET, charset(http, d)))
        .syntax("charset | off")
        .defaultText("off")
        .summary(
            "The charset that `Content-Type` names; texts in another one are changed into it.");
    http.directive("source_charset")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read((d, scope) -> scope.set(SOURCE, charset(http, d)))
        .syntax("charset")
        .summary("The charset that texts are in.");
    http.directive("override_charset")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .flag(OVERRIDE)
        .defaultText("off")
        .summary("Answers of upstreams that name a charset are changed, too.");
    MediaTypes.directive(http, "charset_types", TYPES);
    http.directive("charset_map")
        .in(HTTP)
        .arguments(2)
        .repeatable()
        .freeBlock((d, _) -> map(d))
        .syntax("charset1 charset2")
        .summary("Which bytes of the second charset stand for those of the first, in hex.");
    http.filter(this::filter);
  }

  private Template charset(HttpRegistry http, Directive d) {
    String name = d.argument(0);
    if (name.equals("off")) {
      return Template.empty();
    }
    Template template = http.template(d, 0);
    if (template.isConstant()) {
      known.add(name.toLowerCase(Locale.ROOT));
    }
    return template;
  }

  private void map(Directive d) {
    String from = d.argument(0).toLowerCase(Locale.ROOT);
    String to = d.argument(1).toLowerCase(Locale.ROOT);
    if (from.equals(to)) {
      throw ConfigException.at(
          d,
          1,
          "\"charset_map\" between the same charsets \""
              + d.argument(0)
              + "\" and \""
              + d.argument(1)
              + "\"");
    }
    if (from.equals("utf-8")) {
      throw ConfigException.at(
          d, 0, "\"charset_map\" with \"utf-8\" charset should be given in the second column");
    }
    if (tables.containsKey(new Way(from, to))) {
      throw ConfigException.directive(
          d,
          "duplicate \"charset_map\" between \""
              + d.argument(0)
              + "\" and \""
              + d.argument(1)
              + "\"");
    }
    known.add(from);
    known.add(to);
    CharsetTable.Pair both = CharsetTable.read(d, to.equals("utf-8"));
    tables.put(new Way(from, to), both.there());
    tables.put(new Way(to, from), both.back());
  }

  private @Nullable ResponseFilter filter(Scope scope) {
    Template wanted = scope.get(CHARSET);
    Template source = scope.get(SOURCE);
    boolean mayOverride = scope.get(OVERRIDE);
    MediaTypes types = scope.get(TYPES);
    if ((wanted == null || wanted.isEmpty()) && known.isEmpty()) {
      return null;
    }
    if (wanted != null && source != null && wanted.isConstant() && source.isConstant()) {
      check(source.constantText(), wanted.constantText());
    }
    return (exchange, response) -> {
      String type = response.contentType();
      if (type == null || type.isEmpty()) {
        return;
      }
      String from = MediaTypes.charset(type);
      String to = destination(exchange, response, wanted, mayOverride, types, from);
      if (to == null) {
        return;
      }
      if (from.isEmpty()) {
        from = source == null ? "" : source.evaluate(exchange);
        if (source == null || source.isEmpty()) {
          name(response, to);
          return;
        }
      }
      change(exchange, response, from, to);
    };
  }

  /// What is to be changed must be possible.
  private void check(String from, String to) {
    String fromKey = from.toLowerCase(Locale.ROOT);
    String toKey = to.toLowerCase(Locale.ROOT);
    if (!from.isEmpty()
        && !to.isEmpty()
        && !fromKey.equals(toKey)
        && !tables.containsKey(new Way(fromKey, toKey))) {
      throw ConfigException.withoutPosition(missing(from, to));
    }
  }

  private static String missing(String from, String to) {
    return "no \"charset_map\" between the charsets \"" + from + "\" and \"" + to + "\"";
  }

  /// The charset that is wanted, or null where nothing is done.
  private @Nullable String destination(
      Exchange exchange,
      Response response,
      @Nullable Template wanted,
      boolean mayOverride,
      MediaTypes types,
      String from) {
    String overriding = response.charsetOverride();
    if (overriding != null && !overriding.isEmpty()) {
      if (known.contains(overriding.toLowerCase(Locale.ROOT))) {
        return overriding;
      }
      exchange.log(Level.ERROR, "unknown charset \"" + overriding + "\" to override");
      return null;
    }
    if (wanted == null || wanted.isEmpty()) {
      return null;
    }
    boolean concerned = from.isEmpty() ? types.contain(response.contentType()) : mayOverride;
    return concerned ? wanted.evaluate(exchange) : null;
  }

  private void change(Exchange exchange, Response response, String from, String to) {
    String fromKey = from.toLowerCase(Locale.ROOT);
    String toKey = to.toLowerCase(Locale.ROOT);
    if (fromKey.equals(toKey)) {
      name(response, to);
      return;
    }
    String encoding = response.first(FieldName.CONTENT_ENCODING);
    boolean bothKnown = known.contains(fromKey) && known.contains(toKey);
    if (bothKnown && encoding != null && !encoding.isEmpty()) {
      return;
    }
    CharsetTable table = tables.get(new Way(fromKey, toKey));
    if (table == null) {
      exchange.log(Level.ERROR, missing(from, to));
      return;
    }
    name(response, to);
    if (table.changesLength()) {
      response.contentLength(Response.UNKNOWN_LENGTH);
    }
    if (!exchange.isHeadAlone()) {
      exchange.filterBody(new RecodedBody(exchange, table));
    }
  }

  /// Names the charset in `Content-Type`; not in redirects, as nginx does not.
  private static void name(Response response, String charset) {
    String type = MediaTypes.name(String.valueOf(response.contentType()));
    boolean redirect = response.status() == 301 || response.status() == 302;
    response.contentType(redirect || charset.isEmpty() ? type : type + "; charset=" + charset);
  }
}

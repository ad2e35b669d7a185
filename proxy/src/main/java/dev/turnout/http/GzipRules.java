package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which clients get compressed answers: `gzip_proxied`, `gzip_http_version`, `gzip_disable`; and
/// `gzip_vary`. What `gzip`, `gunzip` and `gzip_static` of one location ask. Immutable.
public final class GzipRules {
  private static final Setting<Boolean> VARY = Setting.of("gzip_vary", false);
  private static final Setting<Set<Proxied>> PROXIED =
      Setting.of("gzip_proxied", Set.of(Proxied.OFF));
  private static final Setting<Boolean> ONLY_11 = Setting.of("gzip_http_version", true);
  private static final Setting<List<Regex>> DISABLED = Setting.listOf("gzip_disable");
  private static final Setting<Boolean> NOT_MSIE6 = Setting.of("gzip_disable msie6", false);
  private static final FieldName VIA = FieldName.of("Via");

  private enum Proxied {
    OFF,
    EXPIRED,
    NO_CACHE,
    NO_STORE,
    PRIVATE,
    NO_LAST_MODIFIED,
    NO_ETAG,
    AUTH,
    ANY
  }

  private final Set<Proxied> proxied;
  private final boolean only11;
  private final List<Regex> disabled;
  private final boolean notMsie6;
  private final boolean vary;

  private GzipRules(Scope scope) {
    proxied = Set.copyOf(scope.get(PROXIED));
    only11 = scope.get(ONLY_11);
    disabled = List.copyOf(scope.get(DISABLED));
    notMsie6 = scope.get(NOT_MSIE6);
    vary = scope.get(VARY);
  }

  /// The rules of this block.
  public static GzipRules of(Scope scope) {
    return new GzipRules(scope);
  }

  /// The directives, and the filter that says `Vary`. Comes behind all that compress.
  public static void register(HttpRegistry http) {
    http.directive("gzip_vary")
        .in(HTTP, SERVER, LOCATION)
        .flag(VARY)
        .defaultText("off")
        .summary("Answers that are compressed for some clients say `Vary: Accept-Encoding`.");
    Map<String, Proxied> words = new LinkedHashMap<>();
    for (Proxied word : Proxied.values()) {
      String text = word.name().toLowerCase(Locale.ROOT);
      words.put(
          text.equals("no_cache") || text.equals("no_store") ? text.replace('_', '-') : text, word);
    }
    http.directive("gzip_proxied")
        .in(HTTP, SERVER, LOCATION)
        .someOf(PROXIED, words)
        .defaultText("off")
        .summary("Which answers to requests that came through a proxy (`Via`) are compressed.");
    http.directive("gzip_http_version")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(ONLY_11, Map.of("1.0", false, "1.1", true))
        .defaultText("1.1")
        .summary("The lowest version of requests whose answers are compressed.");
    http.directive("gzip_disable")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read(GzipRules::disable)
        .syntax("regex ...")
        .summary(
            "Clients by `User-Agent` that get nothing compressed; `msie6` stands for MSIE 4 to 6.");
    http.filter(scope -> scope.get(VARY) ? GzipRules::addVary : null);
  }

  private static void addVary(Exchange exchange, Response response) {
    if (response.varies()) {
      response.headers().add("Vary", "Accept-Encoding");
    }
  }

  private static void disable(Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      if (d.argument(i).equals("msie6")) {
        scope.set(NOT_MSIE6, true);
      } else {
        scope.append(DISABLED, HttpRegistry.regex(d, i, d.argument(i), true));
      }
    }
  }

  /// `gzip_vary`.
  public boolean saysVary() {
    return vary;
  }

  /// True if the client takes this answer compressed.
  public boolean accept(Exchange exchange) {
    if (exchange.isSubrequest()) {
      return false; // what it gets becomes a part of something else
    }
    RequestHead request = exchange.request();
    Fields fields = request.fields();
    String encodings = fields.first(FieldName.ACCEPT_ENCODING);
    if (encodings == null || !acceptsGzip(encodings)) {
      return false;
    }
    if (only11 && request.version() < 11) {
      return false;
    }
    String agent = notMsie6 || !disabled.isEmpty() ? fields.first(FieldName.USER_AGENT) : null;
    if (agent != null && notMsie6 && isMsie6(agent)) {
      return false;
    }
    if (fields.find(VIA) >= 0 && !acceptProxied(exchange)) {
      return false;
    }
    return agent == null || disabled.stream().noneMatch(regex -> regex.test(agent));
  }

  /// True if a client with this field `Accept-Encoding` takes gzip, whatever the rules.
  public static boolean takesGzip(@Nullable String acceptEncoding) {
    return acceptEncoding != null && acceptsGzip(acceptEncoding);
  }

  /// True if `gzip` is named with a weight above zero.
  static boolean acceptsGzip(String field) {
    int at = 0;
    while (true) {
      at = indexOfIgnoreCase(field, "gzip", at);
      if (at < 0) {
        return false;
      }
      int end = at + 4;
      if (at == 0 || field.charAt(at - 1) == ',' || field.charAt(at - 1) == ' ') {
        return isWeighted(field, end);
      }
      at = end;
    }
  }

  private static int indexOfIgnoreCase(String text, String word, int from) {
    for (int at = from; at + word.length() <= text.length(); at++) {
      if (text.regionMatches(true, at, word, 0, word.length())) {
        return at;
      }
    }
    return -1;
  }

  /// What follows `gzip`: nothing, or a quantity that is not zero, with three decimals at most.
  private static boolean isWeighted(String field, int from) {
    int at = from;
    while (at < field.length() && field.charAt(at) == ' ') {
      at++;
    }
    if (at == field.length() || field.charAt(at) == ',') {
      return true;
    }
    if (field.charAt(at) != ';') {
      return false;
    }
    int comma = field.indexOf(',', at);
    String weight = field.substring(at + 1, comma < 0 ? field.length() : comma).strip();
    if (!weight.regionMatches(true, 0, "q=", 0, 2)) {
      return false;
    }
    String number = weight.substring(2).strip();
    if (number.isEmpty() || number.length() > 5) {
      return false;
    }
    if (number.charAt(0) == '1') {
      return number.matches("1(\\.0{0,3})?");
    }
    return number.matches("0\\.[0-9]{1,3}") && !number.matches("0\\.0+");
  }

  private static boolean isMsie6(String agent) {
    int at = agent.indexOf("MSIE ");
    if (at < 0 || at + 7 > agent.length() || agent.charAt(at + 6) != '.') {
      return false;
    }
    return switch (agent.charAt(at + 5)) {
      case '4', '5' -> true;
      case '6' -> agent.indexOf("SV1", at) < 0;
      default -> false;
    };
  }

  private boolean acceptProxied(Exchange exchange) {
    if (proxied.contains(Proxied.OFF)) {
      return false;
    }
    if (proxied.contains(Proxied.ANY)) {
      return true;
    }
    if (proxied.contains(Proxied.AUTH)
        && exchange.request().fields().find(FieldName.AUTHORIZATION) >= 0) {
      return true;
    }
    Response response = exchange.response();
    String expires = response.first(FieldName.EXPIRES);
    if (expires != null) {
      return proxied.contains(Proxied.EXPIRED) && isPast(exchange, expires);
    }
    String control = response.first(FieldName.CACHE_CONTROL);
    if (control != null) {
      return (proxied.contains(Proxied.NO_CACHE) && hasToken(control, "no-cache"))
          || (proxied.contains(Proxied.NO_STORE) && hasToken(control, "no-store"))
          || (proxied.contains(Proxied.PRIVATE) && hasToken(control, "private"));
    }
    if (proxied.contains(Proxied.NO_LAST_MODIFIED) && response.lastModified() != null) {
      return false;
    }
    return !proxied.contains(Proxied.NO_ETAG) || response.first(FieldName.ETAG) == null;
  }

  private static boolean isPast(Exchange exchange, String expires) {
    long time = HttpDate.parse(expires);
    if (time == HttpDate.INVALID) {
      return false;
    }
    @Nullable String date = exchange.response().date();
    long now = date == null ? exchange.worker().nowMillis() / 1000 : HttpDate.parse(date);
    return now != HttpDate.INVALID && time < now;
  }

  private static boolean hasToken(String control, String token) {
    List<String> words = new ArrayList<>(List.of(control.toLowerCase(Locale.ROOT).split(",", -1)));
    return words.stream().anyMatch(word -> word.strip().equals(token));
  }
}

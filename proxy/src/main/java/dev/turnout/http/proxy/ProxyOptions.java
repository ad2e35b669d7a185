package dev.turnout.http.proxy;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.TemplateText;
import dev.turnout.http.Capture;
import dev.turnout.http.Exchange;
import dev.turnout.http.FieldName;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import dev.turnout.http.TemplateSize;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import io.netty.util.NetUtil;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// What a location has been told about proxying that few locations are told: about cookies, the
/// address that connections come from, and what upstreams may say to us. Immutable.
///
/// @param cookies `proxy_cookie_domain` and its kind
/// @param ignored `proxy_ignore_headers`: ids of {@link FieldName} as bits
/// @param forceRanges `proxy_force_ranges`
/// @param limitRate `proxy_limit_rate`
/// @param passTrailers `proxy_pass_trailers`
/// @param bind `proxy_bind`, or null
/// @param body `proxy_set_body`, or null
/// @param receiveBuffer `proxy_socket_rcvbuf`, or 0
/// @param sendBuffer `proxy_socket_sndbuf`, or 0
/// @param store `proxy_store`, or null
record ProxyOptions(
    CookieRules cookies,
    long ignored,
    boolean forceRanges,
    Template limitRate,
    boolean passTrailers,
    @Nullable Template bind,
    @Nullable Template body,
    int receiveBuffer,
    int sendBuffer,
    StoreModule.@Nullable Store store) {
  private static final Setting<List<FieldRewrite>> DOMAINS = Setting.listOf("proxy_cookie_domain");
  private static final Setting<List<FieldRewrite>> PATHS = Setting.listOf("proxy_cookie_path");
  private static final Setting<List<CookieRules.Flags>> FLAGS =
      Setting.listOf("proxy_cookie_flags");
  private static final Setting<Long> IGNORED = Setting.of("proxy_ignore_headers", 0L);
  static final Setting<Long> FILE_WRITE =
      Setting.of("proxy_temp_file_write_size", BufferSizes.UNSAID);
  private static final Setting<Boolean> FORCE_RANGES = Setting.of("proxy_force_ranges", false);
  private static final Setting<@Nullable Template> LIMIT_RATE =
      Setting.of("proxy_limit_rate", null);
  private static final Setting<Boolean> PASS_TRAILERS = Setting.of("proxy_pass_trailers", false);
  private static final Setting<@Nullable Template> BIND = Setting.of("proxy_bind", null);
  private static final Setting<@Nullable Template> BODY = Setting.of("proxy_set_body", null);
  private static final Setting<Long> RECEIVE_BUFFER = Setting.of("proxy_socket_rcvbuf", 0L);
  private static final Setting<Long> SEND_BUFFER = Setting.of("proxy_socket_sndbuf", 0L);

  static void register(HttpRegistry http) {
    http.directive("proxy_cookie_domain")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 2)
        .repeatable()
        .read((d, scope) -> cookieRule(http, d, scope, DOMAINS))
        .syntax("off | domain replacement")
        .defaultText("off")
        .summary("How the domain of an upstream's cookies is changed.");
    http.directive("proxy_cookie_path")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 2)
        .repeatable()
        .read((d, scope) -> cookieRule(http, d, scope, PATHS))
        .syntax("off | path replacement")
        .defaultText("off")
        .summary("How the path of an upstream's cookies is changed.");
    http.directive("proxy_cookie_flags")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 4)
        .repeatable()
        .read((d, scope) -> cookieFlags(http, d, scope))
        .syntax("off | cookie [flag ...]")
        .defaultText("off")
        .summary("Flags that an upstream's cookies get or lose.");
    http.directive("proxy_ignore_headers")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .read(ProxyOptions::ignore)
        .syntax("field ...")
        .summary("Fields of responses that are not obeyed, such as `X-Accel-Redirect`.");
    http.directive("proxy_force_ranges")
        .in(HTTP, SERVER, LOCATION)
        .flag(FORCE_RANGES)
        .defaultText("off")
        .summary(
            "A part of an upstream's response may be asked for, whether it offers that or not.");
    http.directive("proxy_limit_rate")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(LIMIT_RATE, TemplateSize.read(http, d)))
        .syntax("rate")
        .defaultText("0")
        .summary("How many bytes of a response are read in a second; 0 is no limit.");
    http.directive("proxy_pass_trailers")
        .in(HTTP, SERVER, LOCATION)
        .flag(PASS_TRAILERS)
        .defaultText("off")
        .summary("Trailer fields of an upstream's response go to the client.");
    withoutCache(http);
    http.directive("proxy_bind")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 2)
        .read((d, scope) -> bind(http, d, scope))
        .syntax("address | off")
        .summary("The address that connections to upstreams come from.")
        .differs("`transparent` is refused.");
    http.directive("proxy_set_body")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(BODY, http.template(d, 0)))
        .syntax("value")
        .summary("The body of requests to upstreams, in place of the client's.");
    http.directive("proxy_socket_rcvbuf")
        .in(HTTP, SERVER, LOCATION)
        .size(RECEIVE_BUFFER)
        .summary("SO_RCVBUF of connections to upstreams.");
    http.directive("proxy_socket_sndbuf")
        .in(HTTP, SERVER, LOCATION)
        .size(SEND_BUFFER)
        .summary("SO_SNDBUF of connections to upstreams.");
    http.directive("proxy_temp_file_write_size")
        .in(HTTP, SERVER, LOCATION)
        .size(FILE_WRITE)
        .summary("Accepted: responses are not written to temporary files.");
    for (String name :
        List.of(
            "proxy_send_lowat", "proxy_headers_hash_max_size", "proxy_headers_hash_bucket_size")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .size(Setting.of(name, 0L))
          .summary("Accepted: nothing here depends on it.");
    }
  }

  /// What holds in this block.
  static ProxyOptions of(Scope scope) {
    Template rate = scope.get(LIMIT_RATE);
    Template bind = scope.get(BIND);
    return new ProxyOptions(
        new CookieRules(
            scope.get(DOMAINS).stream()
                .filter(rule -> !(rule instanceof FieldRewrite.None))
                .toList(),
            scope.get(PATHS).stream().filter(rule -> !(rule instanceof FieldRewrite.None)).toList(),
            scope.get(FLAGS)),
        scope.get(IGNORED),
        scope.get(FORCE_RANGES),
        rate == null ? Template.empty() : rate,
        scope.get(PASS_TRAILERS),
        bind == null || bind.isEmpty() ? null : bind,
        scope.get(BODY),
        (int) Math.min(Integer.MAX_VALUE, scope.get(RECEIVE_BUFFER)),
        (int) Math.min(Integer.MAX_VALUE, scope.get(SEND_BUFFER)),
        StoreModule.of(scope));
  }

  private static void cookieRule(
      HttpRegistry http, Directive d, Scope scope, Setting<List<FieldRewrite>> rules) {
    String from = d.argument(0);
    if (d.argumentCount() == 1) {
      if (!from.equals("off")) {
        throw ConfigException.at(d, 0, "invalid parameter \"" + from + "\"");
      }
      scope.append(rules, new FieldRewrite.None());
      return;
    }
    boolean domain = rules.equals(DOMAINS);
    Template to = http.template(d, 1, domain ? withoutDot(d.argument(1)) : d.argument(1));
    if (from.startsWith("~")) {
      boolean star = !domain && from.startsWith("~*");
      String source = from.substring(star ? 2 : 1);
      scope.append(
          rules, new FieldRewrite.Pattern(Capture.compile(http, d, 0, source, star || domain), to));
    } else {
      Template what = http.template(d, 0, domain ? withoutDot(from) : from);
      scope.append(
          rules, domain ? new FieldRewrite.Domain(what, to) : new FieldRewrite.Prefix(what, to));
    }
  }

  /// What configurations say to have no cache, or to go past one, and what is so here.
  private static void withoutCache(HttpRegistry http) {
    http.directive("proxy_cache")
        .in(HTTP, SERVER, LOCATION)
        .read((d, _) -> {
          if (!d.argument(0).equals("off")) {
            throw ConfigException.at(
                d, 0, "\"proxy_cache\" is not supported by turnout: there is no cache");
          }
        })
        .syntax("off")
        .defaultText("off")
        .summary("Accepted: nothing is cached.")
        .differs("Zones are refused.");
    for (String name : List.of("proxy_cache_bypass", "proxy_no_cache")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .atLeast(1)
          .repeatable()
          .read((d, _) -> {
            for (int i = 0; i < d.argumentCount(); i++) {
              Template _ = http.template(d, i);
            }
          })
          .syntax("string ...")
          .summary("Accepted: nothing is cached.");
    }
  }

  private static String withoutDot(String domain) {
    return domain.startsWith(".") ? domain.substring(1) : domain;
  }

  private static void cookieFlags(HttpRegistry http, Directive d, Scope scope) {
    String name = d.argument(0);
    if (d.argumentCount() == 1) {
      if (!name.equals("off")) {
        throw ConfigException.at(d, 0, "invalid parameter \"" + name + "\"");
      }
      scope.append(FLAGS, new CookieRules.Flags(null, Template.empty(), List.of()));
      return;
    }
    List<Template> words = new ArrayList<>();
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (TemplateText.parse(word).isLiteral()
          && !word.matches("(?i)(no)?(secure|httponly|samesite)|samesite=(strict|lax|none)")) {
        scope.warn(d, "invalid value \"" + word + "\" in \"proxy_cookie_flags\", ignored");
      }
      words.add(http.template(d, i));
    }
    boolean pattern = name.startsWith("~");
    scope.append(
        FLAGS,
        pattern
            ? new CookieRules.Flags(
                Capture.compile(http, d, 0, name.substring(1), true), Template.empty(), words)
            : new CookieRules.Flags(null, http.template(d, 0), words));
  }

  private static void ignore(Directive d, Scope scope) {
    long bits = 0;
    for (int i = 0; i < d.argumentCount(); i++) {
      int known =
          switch (d.argument(i).toLowerCase(Locale.ROOT)) {
            case "x-accel-redirect" -> FieldName.X_ACCEL_REDIRECT;
            case "x-accel-expires" -> FieldName.X_ACCEL_EXPIRES;
            case "x-accel-limit-rate" -> FieldName.X_ACCEL_LIMIT_RATE;
            case "x-accel-buffering" -> FieldName.X_ACCEL_BUFFERING;
            case "x-accel-charset" -> FieldName.X_ACCEL_CHARSET;
            case "expires" -> FieldName.EXPIRES;
            case "cache-control" -> FieldName.CACHE_CONTROL;
            case "set-cookie" -> FieldName.SET_COOKIE;
            case "vary" -> FieldName.VARY;
            default -> throw ConfigException.at(d, i, "invalid value \"" + d.argument(i) + "\"");
          };
      bits |= 1L << known;
    }
    scope.set(IGNORED, bits);
  }

  private static void bind(HttpRegistry http, Directive d, Scope scope) {
    String address = d.argument(0);
    if (d.argumentCount() == 2) {
      String what = d.argument(1);
      throw ConfigException.at(
          d,
          1,
          what.equals("transparent")
              ? "the \"transparent\" parameter of \"proxy_bind\" is not supported"
              : "invalid parameter \"" + what + "\"");
    }
    if (address.equals("off")) {
      scope.set(BIND, Template.empty());
      return;
    }
    Template template = http.template(d, 0);
    if (template.isConstant() && local(address) == null) {
      throw ConfigException.at(d, 0, "invalid address \"" + address + "\"");
    }
    scope.set(BIND, template);
  }

  /// True if an upstream's field of this well-known name is not obeyed.
  boolean ignores(int known) {
    return (ignored & 1L << known) != 0;
  }

  /// Where connections come from in this exchange; null for where the system says.
  @Nullable SocketAddress localAddress(Exchange exchange) {
    if (bind == null) {
      return null;
    }
    String text = bind.evaluate(exchange);
    SocketAddress address = text.isEmpty() ? null : local(text);
    if (address == null && !text.isEmpty()) {
      exchange.log(Level.ERROR, "invalid local address \"" + text + "\"");
    }
    return address;
  }

  /// An address with or without a port; null if it is none.
  private static @Nullable SocketAddress local(String text) {
    try {
      if (NetUtil.isValidIpV4Address(text) || NetUtil.isValidIpV6Address(text)) {
        return new InetSocketAddress(text, 0);
      }
      int colon = text.lastIndexOf(':');
      String host = colon < 0 ? "" : text.substring(0, colon);
      boolean numeric = NetUtil.isValidIpV4Address(host) || host.startsWith("[");
      return numeric ? ListenAddress.parse(text, 0) : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }
}

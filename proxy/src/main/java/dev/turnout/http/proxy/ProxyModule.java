package dev.turnout.http.proxy;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LIMIT_EXCEPT;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.TemplateText;
import dev.turnout.config.Units;
import dev.turnout.http.Capture;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.ResolverModule;
import dev.turnout.http.Template;
import dev.turnout.http.proxy.Failure.Condition;
import dev.turnout.http.proxy.RequestComposer.SetHeader;
import dev.turnout.net.resolve.Resolver;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// `proxy_pass` and the directives around it.
public final class ProxyModule implements HttpModule {
  private static final Setting<@Nullable Pass> PASS = Setting.local("proxy_pass", null);
  private static final Setting<Boolean> PROXIES = Setting.local("proxy_pass in a server", false);
  private static final Setting<List<SetHeader>> SET_HEADERS = Setting.listOf("proxy_set_header");
  private static final Setting<List<String>> HIDE = Setting.listOf("proxy_hide_header");
  private static final Setting<List<String>> PASS_HEADER = Setting.listOf("proxy_pass_header");
  private static final Setting<Long> CONNECT_TIMEOUT = Setting.of("proxy_connect_timeout", 60_000L);
  private static final Setting<Long> SEND_TIMEOUT = Setting.of("proxy_send_timeout", 60_000L);
  private static final Setting<Long> READ_TIMEOUT = Setting.of("proxy_read_timeout", 60_000L);
  private static final Setting<Boolean> BUFFERING = Setting.of("proxy_buffering", true);
  private static final Setting<Boolean> REQUEST_BUFFERING =
      Setting.of("proxy_request_buffering", true);
  private static final Setting<Long> BUFFER_SIZE = Setting.of("proxy_buffer_size", 4096L);
  private static final Setting<BufferSizes.Buffers> BUFFERS =
      Setting.of("proxy_buffers", new BufferSizes.Buffers(8, 4096));
  private static final Setting<Long> BUSY_SIZE =
      Setting.of("proxy_busy_buffers_size", BufferSizes.UNSAID);
  private static final Setting<Long> MOST_IN_FILE =
      Setting.of("proxy_max_temp_file_size", BufferSizes.UNSAID);
  private static final Setting<Set<Condition>> NEXT_UPSTREAM =
      Setting.of("proxy_next_upstream", Condition.STANDARD);
  private static final Setting<Integer> TRIES = Setting.of("proxy_next_upstream_tries", 0);
  private static final Setting<Long> TRIES_TIMEOUT = Setting.of("proxy_next_upstream_timeout", 0L);
  private static final Setting<Boolean> HTTP_11 = Setting.of("proxy_http_version", true);
  private static final Setting<Boolean> IGNORE_ABORT =
      Setting.of("proxy_ignore_client_abort", false);
  private static final Setting<Boolean> INTERCEPT = Setting.of("proxy_intercept_errors", false);
  private static final Setting<Boolean> PASS_FIELDS =
      Setting.of("proxy_pass_request_headers", true);
  private static final Setting<Boolean> PASS_BODY = Setting.of("proxy_pass_request_body", true);
  private static final Setting<Boolean> SOCKET_KEEPALIVE =
      Setting.of("proxy_socket_keepalive", false);
  private static final Setting<@Nullable Template> METHOD = Setting.of("proxy_method", null);
  private static final Setting<List<Redirect>> REDIRECTS = Setting.listOf("proxy_redirect");

  private final Supplier<ProxyLoops> loops;
  private final LiteralUpstreams literals = new LiteralUpstreams();
  private final Map<String, Upstream> implicit = new HashMap<>(); // filled while it is built
  private @Nullable HttpRegistry http;

  /// What `proxy_pass` says: a target known now, or one by variables.
  private record Pass(
      Directive directive, Supplier<ProxyTarget> target, boolean hasUri, @Nullable String url) {}

  /// One `proxy_redirect`: `default`, `off`, or a rule.
  private sealed interface Redirect {
    record Standard(Directive directive) implements Redirect {}

    record Off() implements Redirect {}

    record Rule(FieldRewrite rule) implements Redirect {}
  }

  /// @param loops the process's proxying loops, there once the configuration is read
  public ProxyModule(Supplier<ProxyLoops> loops) {
    this.loops = loops;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("proxy_pass")
        .in(LOCATION, LOCATION_IF, LIMIT_EXCEPT)
        .read(this::pass)
        .syntax("URL")
        .summary(
            "Where requests go: an upstream, an address, or what variables name. With a URI it stands"
                + " for the location's prefix.");
    headers(http);
    timeouts(http);
    bodies(http);
    retries(http);
    http.keep(scope -> {
      BufferSizes sizes =
          new BufferSizes(
              scope.get(BUFFER_SIZE),
              scope.get(BUFFERS),
              scope.get(BUSY_SIZE),
              scope.get(MOST_IN_FILE),
              scope.get(ProxyOptions.FILE_WRITE));
      sizes.check();
      return sizes;
    });
    ProxyOptions.register(http);
    StoreModule.register(http);
    ProxyVariables.register(http);
  }

  private void headers(HttpRegistry http) {
    http.directive("proxy_set_header")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .repeatable()
        .read((d, scope) ->
            scope.append(SET_HEADERS, new SetHeader(d.argument(0), http.template(d, 1))))
        .syntax("field value")
        .defaultText("Host $proxy_host")
        .summary("A field of the request to the upstream; an empty value takes it out.");
    http.directive("proxy_hide_header")
        .in(HTTP, SERVER, LOCATION)
        .repeatable()
        .read((d, scope) -> scope.append(HIDE, d.argument(0)))
        .syntax("field")
        .summary("A field of responses that the client does not get.");
    http.directive("proxy_pass_header")
        .in(HTTP, SERVER, LOCATION)
        .repeatable()
        .read((d, scope) -> scope.append(PASS_HEADER, d.argument(0)))
        .syntax("field")
        .summary("A field of responses that is otherwise hidden and the client gets.");
    http.directive("proxy_http_version")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(HTTP_11, Map.of("1.0", false, "1.1", true))
        .defaultText("1.1")
        .summary("The version of HTTP that upstreams are spoken to in.");
    http.directive("proxy_method")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(METHOD, http.template(d, 0)))
        .syntax("method")
        .summary("The method of requests to the upstream.");
    http.directive("proxy_redirect")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 2)
        .repeatable()
        .read(this::redirect)
        .syntax("default | off | redirect replacement")
        .defaultText("default")
        .summary("How Location and Refresh of an upstream are changed.");
  }

  private static void timeouts(HttpRegistry http) {
    http.directive("proxy_connect_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(CONNECT_TIMEOUT)
        .defaultText("60s")
        .summary("How long connecting may take.");
    http.directive("proxy_send_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(SEND_TIMEOUT)
        .defaultText("60s")
        .summary("How long the upstream may take nothing of the request.");
    http.directive("proxy_read_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(READ_TIMEOUT)
        .defaultText("60s")
        .summary("How long the upstream may be silent.");
    http.directive("proxy_ignore_client_abort")
        .in(HTTP, SERVER, LOCATION)
        .flag(IGNORE_ABORT)
        .defaultText("off")
        .summary("The request goes on when the client is gone.");
    http.directive("proxy_socket_keepalive")
        .in(HTTP, SERVER, LOCATION)
        .flag(SOCKET_KEEPALIVE)
        .defaultText("off")
        .summary("SO_KEEPALIVE on connections to upstreams.");
  }

  private static void bodies(HttpRegistry http) {
    http.directive("proxy_buffering")
        .in(HTTP, SERVER, LOCATION)
        .flag(BUFFERING)
        .defaultText("on")
        .summary("Whether responses are read ahead of the client.")
        .differs(
            "Responses always stream with bounded memory; the upstream waits while the client does"
                + " not read.");
    http.directive("proxy_request_buffering")
        .in(HTTP, SERVER, LOCATION)
        .flag(REQUEST_BUFFERING)
        .defaultText("on")
        .summary(
            "The body of a request is read whole before it goes on; off: it goes as it comes.");
    http.directive("proxy_buffer_size")
        .in(HTTP, SERVER, LOCATION)
        .size(BUFFER_SIZE)
        .defaultText("4k")
        .summary("The largest head of a response.");
    http.directive("proxy_buffers")
        .in(HTTP, SERVER, LOCATION)
        .arguments(2)
        .read((d, scope) -> {
          long number = Units.number(d.argument(0)).orElse(0);
          long size = Units.size(d.argument(1)).orElse(0);
          if (number == 0 || size == 0) {
            throw ConfigException.directive(d, "invalid value");
          }
          scope.set(BUFFERS, new BufferSizes.Buffers(number, size));
        })
        .syntax("number size")
        .defaultText("8 4k")
        .summary("Accepted: what is read ahead is bounded per connection.");
    http.directive("proxy_busy_buffers_size")
        .in(HTTP, SERVER, LOCATION)
        .size(BUSY_SIZE)
        .summary("Accepted: what is read ahead is bounded per connection.");
    http.directive("proxy_max_temp_file_size")
        .in(HTTP, SERVER, LOCATION)
        .size(MOST_IN_FILE)
        .summary("Accepted: responses are not written to temporary files.");
    http.directive("proxy_pass_request_body")
        .in(HTTP, SERVER, LOCATION)
        .flag(PASS_BODY)
        .defaultText("on")
        .summary("The body of a request goes to the upstream.");
    http.directive("proxy_pass_request_headers")
        .in(HTTP, SERVER, LOCATION)
        .flag(PASS_FIELDS)
        .defaultText("on")
        .summary("The client's fields go to the upstream.");
    http.directive("proxy_intercept_errors")
        .in(HTTP, SERVER, LOCATION)
        .flag(INTERCEPT)
        .defaultText("off")
        .summary("Answers of 300 and more are given to `error_page`.");
  }

  private static void retries(HttpRegistry http) {
    Map<String, Condition> words = new LinkedHashMap<>();
    for (Condition condition : Condition.values()) {
      words.put(condition.name().toLowerCase(Locale.ROOT), condition);
    }
    http.directive("proxy_next_upstream")
        .in(HTTP, SERVER, LOCATION)
        .someOf(NEXT_UPSTREAM, words)
        .defaultText("error timeout")
        .summary("What lets a request be tried at the next server.");
    http.directive("proxy_next_upstream_tries")
        .in(HTTP, SERVER, LOCATION)
        .number(TRIES, 0, Integer.MAX_VALUE)
        .defaultText("0")
        .summary("How many servers a request is tried at; 0: all.");
    http.directive("proxy_next_upstream_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(TRIES_TIMEOUT)
        .defaultText("0")
        .summary("How long after the first try another may begin; 0: always.");
  }

  // ---- proxy_pass

  /// Whether requests of this location are passed on.
  public static boolean isProxied(Scope location) {
    return location.get(PASS) != null;
  }

  /// Whether requests of some location of a block's server are passed on; complete once all of it
  /// is read.
  public static boolean isInProxyingServer(Scope scope) {
    Scope server = scope.enclosing(SERVER);
    return server != null && server.get(PROXIES);
  }

  private void pass(Directive d, Scope scope) {
    Scope server = scope.enclosing(SERVER);
    if (server != null) {
      server.set(PROXIES, true);
    }
    String url = d.argument(0);
    TemplateText text = TemplateText.parse(url);
    if (scope.isSet(PASS)) {
      throw ConfigException.directive(d, "is duplicate");
    }
    Pass pass = text.isLiteral() ? fixed(d, scope, url) : byVariables(d, scope, url);
    scope.set(PASS, pass);
    scope.set(HttpRegistry.CONTENT, location -> handler(location, pass));
    CoreModule.redirectDirectories(scope);
  }

  private Pass byVariables(Directive d, Scope scope, String url) {
    boolean schemeKnown = url.regionMatches(true, 0, "http://", 0, 7);
    if (!schemeKnown && url.regionMatches(true, 0, "https://", 0, 8)) {
      throw ConfigException.at(d, 0, "https protocol is not supported in \"proxy_pass\"");
    }
    Template rest = registry().template(d, 0, schemeKnown ? url.substring(7) : url);
    Supplier<ProxyTarget> target =
        () ->
            new ProxyTarget.ByName(
                rest,
                !schemeKnown,
                registry().environment().upstreams(),
                implicit,
                literals,
                names(scope));
    return new Pass(d, target, false, null);
  }

  private static @Nullable NamedUpstreams names(Scope scope) {
    Resolver resolver = ResolverModule.resolver(scope);
    return resolver == null
        ? null
        : new NamedUpstreams(resolver, ResolverModule.timeoutMillis(scope));
  }

  private Pass fixed(Directive d, Scope scope, String url) {
    if (url.regionMatches(true, 0, "https://", 0, 8)) {
      throw ConfigException.at(d, 0, "https protocol is not supported in \"proxy_pass\"");
    }
    if (!url.regionMatches(true, 0, "http://", 0, 7)) {
      throw ConfigException.at(d, 0, "invalid URL prefix");
    }
    String rest = url.substring(7);
    String host;
    @Nullable String uri = null;
    if (rest.startsWith("unix:")) {
      int colon = rest.indexOf(':', 5);
      host = colon < 0 ? rest : rest.substring(0, colon);
      uri = colon < 0 || colon + 1 == rest.length() ? null : rest.substring(colon + 1);
    } else {
      int end = 0;
      while (end < rest.length() && rest.charAt(end) != '/' && rest.charAt(end) != '?') {
        end++;
      }
      host = rest.substring(0, end);
      uri = end == rest.length() ? null : rest.substring(end);
    }
    if (host.isEmpty()) {
      throw ConfigException.at(d, 0, "no host in upstream \"" + rest + "\"");
    }
    if (uri != null && !mayHaveUri(scope)) {
      throw ConfigException.at(
          d,
          "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside"
              + " named location, or inside \"if\" statement, or inside \"limit_except\" block");
    }
    boolean unix = host.startsWith("unix:");
    String shown = unix ? "localhost" : host;
    String path = uri;
    Supplier<ProxyTarget> target =
        () ->
            new ProxyTarget.Fixed(
                new ProxyTarget.Resolved(
                    upstream(d, host), shown, unix ? "" : ProxyTarget.port(host), path, false));
    return new Pass(d, target, uri != null, "http://" + host + (uri == null ? "" : uri));
  }

  private static boolean mayHaveUri(Scope scope) {
    return scope.context() == Context.LOCATION && CoreModule.isPrefixLocation(scope);
  }

  /// The upstream of this name, or one made for a literal address or a name that resolves now.
  private Upstream upstream(Directive d, String host) {
    Upstream declared = registry().upstreams().find(host);
    if (declared != null) {
      return declared;
    }
    return implicit.computeIfAbsent(
        ProxyTarget.withPort(host), _ -> LiteralUpstreams.single(host, addresses(d, host)));
  }

  /// The addresses that a `server` or a literal `proxy_pass` names, looked up now.
  static PeerAddress[] addresses(Directive d, String host) {
    try {
      return ServerAddress.lookUp(host).toArray(new PeerAddress[0]);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, e.getMessage() + " in upstream \"" + host + "\"");
    }
  }

  private ProxyHandler handler(Scope location, Pass pass) {
    ProxyTarget target = pass.target().get();
    List<SetHeader> set = location.get(SET_HEADERS);
    boolean http11 = location.get(HTTP_11);
    ProxySettings settings =
        new ProxySettings(
            target,
            new RequestComposer(set, location.get(PASS_FIELDS), http11),
            location.get(CONNECT_TIMEOUT),
            location.get(SEND_TIMEOUT),
            location.get(READ_TIMEOUT),
            location.get(BUFFERING),
            location.get(REQUEST_BUFFERING),
            (int) Math.min(Integer.MAX_VALUE, location.get(BUFFER_SIZE)),
            new RetryPolicy(conditions(location), location.get(TRIES), location.get(TRIES_TIMEOUT)),
            new HiddenFields(location.get(HIDE), location.get(PASS_HEADER)),
            redirects(location, pass),
            location.get(IGNORE_ABORT),
            location.get(INTERCEPT),
            location.get(PASS_BODY),
            location.get(METHOD),
            location.get(SOCKET_KEEPALIVE),
            ProxyOptions.of(location));
    return new ProxyHandler(loops.get(), settings, CoreModule.locationName(location));
  }

  private static Set<Condition> conditions(Scope location) {
    Set<Condition> words = location.get(NEXT_UPSTREAM);
    return words.contains(Condition.OFF) ? Set.of() : words;
  }

  // ---- proxy_redirect

  private void redirect(Directive d, Scope scope) {
    String first = d.argument(0);
    if (d.argumentCount() == 1) {
      switch (first) {
        case "off" -> scope.append(REDIRECTS, new Redirect.Off());
        case "default" -> {
          if (scope.own(PASS) == null) {
            throw ConfigException.at(
                d,
                "\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive");
          }
          scope.append(REDIRECTS, new Redirect.Standard(d));
        }
        default -> throw ConfigException.at(d, 0, "invalid parameter \"" + first + "\"");
      }
      return;
    }
    Template to = registry().template(d, 1);
    FieldRewrite rule =
        first.startsWith("~")
            ? new FieldRewrite.Pattern(pattern(d, first), to)
            : new FieldRewrite.Prefix(registry().template(d, 0), to);
    scope.append(REDIRECTS, new Redirect.Rule(rule));
  }

  private Capture pattern(Directive d, String text) {
    boolean ignoreCase = text.startsWith("~*");
    return Capture.compile(registry(), d, 0, text.substring(ignoreCase ? 2 : 1), ignoreCase);
  }

  private static List<FieldRewrite> redirects(Scope location, Pass pass) {
    List<Redirect> said = location.get(REDIRECTS);
    if (said.isEmpty()) {
      return pass.url() == null ? List.of() : List.of(standard(location, pass.url()));
    }
    List<FieldRewrite> rules = new ArrayList<>();
    for (Redirect one : said) {
      switch (one) {
        case Redirect.Off() -> {
          return List.of();
        }
        case Redirect.Standard(Directive d) -> {
          if (pass.url() == null) {
            throw ConfigException.at(
                d,
                "\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with"
                    + " variables");
          }
          rules.add(standard(location, pass.url()));
        }
        case Redirect.Rule(FieldRewrite rule) -> rules.add(rule);
      }
    }
    return rules;
  }

  private static FieldRewrite standard(Scope location, String url) {
    int slash = url.indexOf('/', 7);
    boolean hasUri = slash >= 0;
    String from = hasUri ? url : url + "/";
    String to = hasUri ? CoreModule.locationName(location) : "/";
    return new FieldRewrite.Prefix(Template.constant(from), Template.constant(to));
  }

  private HttpRegistry registry() {
    HttpRegistry there = http;
    if (there == null) {
      throw new IllegalStateException("the proxy module is not registered");
    }
    return there;
  }
}

package dev.turnout.http;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.MAIN;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Context;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.CoreSettings.BodyInFile;
import dev.turnout.http.CoreSettings.Lingering;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.log.LogSink;
import dev.turnout.net.ListenAddress;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The core of the HTTP plane: `http`, `server`, `location`, `listen`, `server_name`, and what
/// nginx's core module sets for a location.
public final class CoreModule implements HttpModule {
  static final Setting<List<Listen>> LISTENS = Setting.local("listen", List.of());
  static final Setting<List<ServerName>> NAMES = Setting.local("server_name", List.of());
  static final Setting<Boolean> FOR_OPERATORS = Setting.local("for operators", false);
  static final Setting<@Nullable LocationName> LOCATION_NAME = Setting.local("location", null);
  static final Setting<Boolean> INTERNAL = Setting.local("internal", false);
  static final Setting<Boolean> AUTO_REDIRECT = Setting.local("auto redirect", false);

  static final Setting<Long> HEADER_TIMEOUT = Setting.of("client_header_timeout", 60_000L);
  static final Setting<Long> HEADER_BUFFER = Setting.of("client_header_buffer_size", 1024L);
  static final Setting<Buffers> LARGE_BUFFERS =
      Setting.of("large_client_header_buffers", new Buffers(4, 8192));
  static final Setting<Integer> MAX_HEADERS = Setting.of("max_headers", 1000);
  static final Setting<Boolean> UNDERSCORES = Setting.of("underscores_in_headers", false);
  static final Setting<Boolean> IGNORE_INVALID = Setting.of("ignore_invalid_headers", true);
  static final Setting<Boolean> MERGE_SLASHES = Setting.of("merge_slashes", true);

  private static final Setting<@Nullable Root> ROOT = Setting.of("root", null);
  private static final Setting<String> DEFAULT_TYPE = Setting.of("default_type", "text/plain");
  private static final Setting<Map<String, String>> TYPES =
      Setting.of("types", Map.of("html", "text/html", "gif", "image/gif", "jpg", "image/jpeg"));
  private static final Setting<Long> MAX_BODY = Setting.of("client_max_body_size", 1L << 20);
  private static final Setting<Long> BODY_BUFFER = Setting.of("client_body_buffer_size", 16384L);
  private static final Setting<Long> BODY_TIMEOUT = Setting.of("client_body_timeout", 60_000L);
  private static final Setting<BodyInFile> BODY_IN_FILE =
      Setting.of("client_body_in_file_only", BodyInFile.OFF);
  private static final Setting<Boolean> BODY_IN_ONE_BUFFER =
      Setting.of("client_body_in_single_buffer", false);
  private static final Setting<String> BODY_TEMP_PATH =
      Setting.of("client_body_temp_path", "client_body_temp");
  private static final Setting<Long> SEND_TIMEOUT = Setting.of("send_timeout", 60_000L);
  private static final Setting<KeepaliveTimeout> KEEPALIVE_TIMEOUT =
      Setting.of("keepalive_timeout", new KeepaliveTimeout(75_000, -1));
  private static final Setting<Integer> KEEPALIVE_REQUESTS = Setting.of("keepalive_requests", 1000);
  private static final Setting<Long> KEEPALIVE_TIME = Setting.of("keepalive_time", 3_600_000L);
  private static final Setting<Lingering> LINGERING = Setting.of("lingering_close", Lingering.ON);
  private static final Setting<Long> LINGERING_TIME = Setting.of("lingering_time", 30_000L);
  private static final Setting<Long> LINGERING_TIMEOUT = Setting.of("lingering_timeout", 5_000L);
  private static final Setting<Boolean> CHUNKED = Setting.of("chunked_transfer_encoding", true);
  private static final Setting<Boolean> ABSOLUTE_REDIRECT = Setting.of("absolute_redirect", true);
  private static final Setting<Boolean> PORT_IN_REDIRECT = Setting.of("port_in_redirect", true);
  private static final Setting<Boolean> NAME_IN_REDIRECT =
      Setting.of("server_name_in_redirect", false);
  private static final Setting<String> SERVER_TOKENS = Setting.of("server_tokens", "on");
  private static final Setting<List<ErrorPages.Page>> ERROR_PAGES = Setting.listOf("error_page");
  private static final Setting<List<ErrorLog.Target>> ERROR_LOGS = Setting.listOf("error_log");
  private static final Setting<Long> KEEPALIVE_MIN = Setting.of("keepalive_min_timeout", 0L);
  private static final Setting<Boolean> RECURSIVE = Setting.of("recursive_error_pages", false);
  private static final Setting<Long> AUTH_DELAY = Setting.of("auth_delay", 0L);
  private static final Setting<Boolean> MSIE_PADDING = Setting.of("msie_padding", true);
  private static final Setting<Boolean> MSIE_REFRESH = Setting.of("msie_refresh", false);
  private static final Setting<List<Template>> EARLY_HINTS = Setting.listOf("early_hints");
  private static final Setting<Boolean> SENDFILE = Setting.of("sendfile", false);

  private final Map<List<ErrorLog.Target>, ErrorLog> errorLogs = new HashMap<>();
  private @Nullable HttpRegistry http;
  private @Nullable Scope block;

  /// The address and parameters of one `listen` directive.
  record Listen(
      SocketAddress address,
      boolean isDefault,
      boolean explicit,
      ListenSettings.Socket socket,
      boolean proxyProtocol,
      Directive directive) {}

  /// One argument of `server_name`.
  record ServerName(String text, @Nullable Capture pattern) {}

  /// The arguments of `location`.
  record LocationName(Kind kind, String name, @Nullable Capture pattern) {
    enum Kind {
      EXACT,
      PREFIX,
      PREFIX_FIRST,
      PATTERN,
      NAMED
    }
  }

  record Buffers(int number, int size) {}

  private record Root(Template path, boolean alias, int prefix) {}

  private record KeepaliveTimeout(long millis, long headerSeconds) {}

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    blocks(http);
    requestHeads(http);
    files(http);
    bodies(http);
    connections(http);
    responses(http);
    accepted(http);
  }

  private void blocks(HttpRegistry http) {
    http.directive("http")
        .in(MAIN)
        .block(HTTP, (_, scope) -> block = scope)
        .summary("The block that everything about HTTP stands in.");
    http.directive("server")
        .in(HTTP)
        .repeatable()
        .block(SERVER, (_, _) -> {})
        .summary("A virtual server: what is listened on, under which names, and its locations.");
    http.directive("location")
        .in(SERVER, LOCATION)
        .arguments(1, 2)
        .repeatable()
        .block(LOCATION, this::location)
        .syntax("[ = | ~ | ~* | ^~ ] uri | @name")
        .summary(
            "Settings for a part of the URIs: the exact one, those with a prefix, or those that match"
                + " a regular expression. The path is compared decoded and normalised.");
    http.directive("listen")
        .in(SERVER)
        .atLeast(1)
        .repeatable()
        .read(this::listen)
        .syntax("address[:port] | port | unix:path [default_server] [parameters]")
        .defaultText("*:80")
        .summary("An address that the server takes connections on.");
    http.directive("server_name")
        .in(SERVER)
        .atLeast(1)
        .repeatable()
        .read(this::serverName)
        .syntax("name ...")
        .defaultText("\"\"")
        .summary(
            "The names of the server: exact, with a wildcard at the start or end, or a regular"
                + " expression after `~`, whose named groups become variables.");
    http.directive("internal")
        .in(LOCATION)
        .arguments(0)
        .read((_, scope) -> scope.set(INTERNAL, true))
        .summary("Only internal redirects come to this location; other requests get 404.");
    http.directive("error_log")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read(this::errorLog)
        .syntax("file | stderr | syslog:... [level]")
        .defaultText("logs/error.log error")
        .summary("Where errors of this block's requests are told, and from which level on.");
    http.directive("error_page")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .atLeast(2)
        .repeatable()
        .read(this::errorPage)
        .syntax("code ... [=[response]] uri")
        .summary("A page, a redirect or a named location in the place of these answers.");
  }

  private static void requestHeads(HttpRegistry http) {
    http.directive("client_header_timeout")
        .in(HTTP, SERVER)
        .time(HEADER_TIMEOUT)
        .defaultText("60s")
        .summary("How long a request head may take; then 408.");
    http.directive("client_header_buffer_size")
        .in(HTTP, SERVER)
        .size(HEADER_BUFFER)
        .defaultText("1k")
        .summary("The usual size of a request head.");
    http.directive("large_client_header_buffers")
        .in(HTTP, SERVER)
        .arguments(2)
        .read((d, scope) ->
            scope.set(
                LARGE_BUFFERS,
                new Buffers(
                    (int) positive(d, 0, Units.number(d.argument(0))),
                    (int) positive(d, 1, Units.size(d.argument(1))))))
        .syntax("number size")
        .defaultText("4 8k")
        .summary(
            "How large a request head may be. A request line longer than one buffer gets 414, a"
                + " longer head 431.")
        .differs("nginx answers 400 where Turnout answers 431.");
    http.directive("max_headers")
        .in(HTTP, SERVER)
        .number(MAX_HEADERS, 1, Integer.MAX_VALUE)
        .defaultText("1000")
        .summary("How many field lines a request may have.");
    http.directive("underscores_in_headers")
        .in(HTTP, SERVER)
        .flag(UNDERSCORES)
        .defaultText("off")
        .summary("Names with underscores are usual names.");
    http.directive("ignore_invalid_headers")
        .in(HTTP, SERVER)
        .flag(IGNORE_INVALID)
        .defaultText("on")
        .summary("Fields with unusual names are dropped.");
    http.directive("merge_slashes")
        .in(HTTP, SERVER)
        .flag(MERGE_SLASHES)
        .defaultText("on")
        .summary("Several slashes in a row count as one.");
  }

  private void files(HttpRegistry http) {
    http.directive("root")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .read((d, scope) -> scope.set(ROOT, root(d, scope, false)))
        .syntax("path")
        .defaultText("html")
        .summary("The directory that the path of a request is looked up in.");
    http.directive("alias")
        .in(LOCATION)
        .read((d, scope) -> scope.set(ROOT, root(d, scope, true)))
        .syntax("path")
        .summary("The directory that stands for the location's own prefix.");
    http.directive("default_type")
        .in(HTTP, SERVER, LOCATION)
        .text(DEFAULT_TYPE)
        .syntax("mime-type")
        .defaultText("text/plain")
        .summary("The media type of answers whose extension says none.");
    http.directive("types")
        .in(HTTP, SERVER, LOCATION)
        .repeatable()
        .freeBlock(CoreModule::types)
        .summary("Media types and the extensions that they belong to.");
  }

  private static void bodies(HttpRegistry http) {
    http.directive("client_max_body_size")
        .in(HTTP, SERVER, LOCATION)
        .offset(MAX_BODY)
        .defaultText("1m")
        .summary("How large a request body may be; then 413. 0 takes any.");
    http.directive("client_body_buffer_size")
        .in(HTTP, SERVER, LOCATION)
        .size(BODY_BUFFER)
        .defaultText("16k")
        .summary("How much of a request body is kept in memory; the rest goes to a file.");
    http.directive("client_body_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(BODY_TIMEOUT)
        .defaultText("60s")
        .summary("How long the client may be silent while its body is read; then 408.");
    http.directive("client_body_in_file_only")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(
            BODY_IN_FILE,
            Map.of("off", BodyInFile.OFF, "clean", BodyInFile.CLEAN, "on", BodyInFile.ON))
        .defaultText("off")
        .summary("Request bodies always go to a file, which is kept (`on`) or removed (`clean`).");
    http.directive("client_body_in_single_buffer")
        .in(HTTP, SERVER, LOCATION)
        .flag(BODY_IN_ONE_BUFFER)
        .defaultText("off")
        .summary("Accepted: `$request_body` has a body that is in memory in either case.");
    http.directive("client_body_temp_path")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 4)
        .read((d, scope) -> scope.set(BODY_TEMP_PATH, TemporaryPath.read(http, d, scope)))
        .syntax("path [level1 [level2 [level3]]]")
        .defaultText("client_body_temp")
        .summary("Where request bodies are kept that do not fit in memory.")
        .differs("The levels are accepted; files are not spread over directories.");
  }

  private static void connections(HttpRegistry http) {
    http.directive("send_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(SEND_TIMEOUT)
        .defaultText("60s")
        .summary("How long the client may take nothing of an answer; then it is cut off.");
    http.directive("keepalive_timeout")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 2)
        .read(CoreModule::keepaliveTimeout)
        .syntax("timeout [header_timeout]")
        .defaultText("75s")
        .summary("How long an idle connection is kept; 0 closes after each answer.");
    http.directive("keepalive_requests")
        .in(HTTP, SERVER, LOCATION)
        .number(KEEPALIVE_REQUESTS, 0, Integer.MAX_VALUE)
        .defaultText("1000")
        .summary("How many requests a connection may carry.");
    http.directive("keepalive_time")
        .in(HTTP, SERVER, LOCATION)
        .time(KEEPALIVE_TIME)
        .defaultText("1h")
        .summary("How long a connection may carry requests.");
    http.directive("keepalive_min_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(KEEPALIVE_MIN)
        .defaultText("0")
        .summary("How long an idle connection is kept even when the node is ending.");
    http.directive("lingering_close")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(
            LINGERING, Map.of("off", Lingering.OFF, "on", Lingering.ON, "always", Lingering.ALWAYS))
        .defaultText("on")
        .summary("What the client still sends is read before the connection is closed.");
    http.directive("lingering_time")
        .in(HTTP, SERVER, LOCATION)
        .time(LINGERING_TIME)
        .defaultText("30s")
        .summary("How long a lingering close may take.");
    http.directive("lingering_timeout")
        .in(HTTP, SERVER, LOCATION)
        .time(LINGERING_TIMEOUT)
        .defaultText("5s")
        .summary("How long a lingering close waits for more.");
  }

  private static void responses(HttpRegistry http) {
    http.directive("recursive_error_pages")
        .in(HTTP, SERVER, LOCATION)
        .flag(RECURSIVE)
        .defaultText("off")
        .summary("An error of an `error_page` may have an `error_page` itself.");
    http.directive("auth_delay")
        .in(HTTP, SERVER, LOCATION)
        .time(AUTH_DELAY)
        .defaultText("0s")
        .summary("How long answers with status 401 are held back, against guessing.");
    http.directive("msie_padding")
        .in(HTTP, SERVER, LOCATION)
        .flag(MSIE_PADDING)
        .defaultText("on")
        .summary(
            "Built-in error pages for Internet Explorer and Chrome are made longer than what these"
                + " would replace by pages of their own.");
    http.directive("msie_refresh")
        .in(HTTP, SERVER, LOCATION)
        .flag(MSIE_REFRESH)
        .defaultText("off")
        .summary("Internet Explorer gets a page that refreshes itself in place of a redirect.");
    http.directive("early_hints")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read((d, scope) -> {
          for (int i = 0; i < d.argumentCount(); i++) {
            scope.append(EARLY_HINTS, http.template(d, i));
          }
        })
        .syntax("string ...")
        .summary(
            "An upstream's 103 answers go to the client if one of the strings is neither empty nor"
                + " 0.");
    http.directive("chunked_transfer_encoding")
        .in(HTTP, SERVER, LOCATION)
        .flag(CHUNKED)
        .defaultText("on")
        .summary("Answers of unknown length to HTTP/1.1 clients go in chunks.");
    http.directive("absolute_redirect")
        .in(HTTP, SERVER, LOCATION)
        .flag(ABSOLUTE_REDIRECT)
        .defaultText("on")
        .summary("Redirects name scheme and host.");
    http.directive("port_in_redirect")
        .in(HTTP, SERVER, LOCATION)
        .flag(PORT_IN_REDIRECT)
        .defaultText("on")
        .summary("Absolute redirects name the port.");
    http.directive("server_name_in_redirect")
        .in(HTTP, SERVER, LOCATION)
        .flag(NAME_IN_REDIRECT)
        .defaultText("off")
        .summary("Absolute redirects name the server's first name, not the request's host.");
    http.directive("server_tokens")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(SERVER_TOKENS, Map.of("on", "on", "off", "off", "build", "on"))
        .defaultText("on")
        .summary("`Server` and the built-in pages name the nginx version that is followed.");
  }

  /// What is read and has no effect, because Turnout's way of working has no such choice.
  private static void accepted(HttpRegistry http) {
    http.directive("sendfile")
        .in(HTTP, SERVER, LOCATION, LOCATION_IF)
        .flag(SENDFILE)
        .defaultText("off")
        .summary("Accepted: files are always sent by sendfile(2) where nothing changes them.");
    for (String name : List.of("tcp_nopush", "tcp_nodelay", "reset_timedout_connection")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .flag(Setting.of(name, true))
          .summary("Accepted: heads and small bodies always leave together, without delay.");
    }
    for (String name : List.of("connection_pool_size", "request_pool_size")) {
      http.directive(name)
          .in(HTTP, SERVER)
          .size(Setting.of(name, 0L))
          .summary("Accepted: memory is not taken from pools of a size to be told.");
    }
    http.directive("send_lowat")
        .in(HTTP, SERVER, LOCATION)
        .size(Setting.of("send_lowat", 0L))
        .summary("Accepted: it has an effect on FreeBSD only.");
    for (String name : List.of("fastcgi_temp_path", "uwsgi_temp_path", "scgi_temp_path")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .arguments(1, 4)
          .read((d, _) -> TemporaryPath.checked(d))
          .summary("Accepted without effect, since configurations set it globally.");
    }
    for (String name :
        List.of(
            "server_names_hash_max_size",
            "server_names_hash_bucket_size",
            "variables_hash_max_size",
            "variables_hash_bucket_size")) {
      http.directive(name)
          .in(HTTP)
          .number(Setting.of(name, 0L), 0, Long.MAX_VALUE)
          .summary("Accepted: Turnout's tables size themselves.");
    }
    for (String name : List.of("types_hash_max_size", "types_hash_bucket_size")) {
      http.directive(name)
          .in(HTTP, SERVER, LOCATION)
          .number(Setting.of(name, 0L), 0, Long.MAX_VALUE)
          .summary("Accepted: Turnout's tables size themselves.");
    }
  }

  private void location(Directive d, Scope scope) {
    LocationName name = locationName(d);
    Scope parent = scope.parent();
    LocationName outer = parent == null ? null : parent.own(LOCATION_NAME);
    if (outer != null) {
      checkNesting(d, name, outer);
    }
    scope.set(LOCATION_NAME, name);
  }

  /// What the server around `scope` listens on.
  public static List<SocketAddress> listens(Scope scope) {
    Scope server = scope.enclosing(Context.SERVER);
    return server == null
        ? List.of()
        : HttpBuilder.listens(server).stream().map(Listen::address).toList();
  }

  private LocationName locationName(Directive d) {
    String first = d.argument(0);
    if (d.argumentCount() == 2) {
      String name = d.argument(1);
      return switch (first) {
        case "=" -> new LocationName(LocationName.Kind.EXACT, name, null);
        case "^~" -> new LocationName(LocationName.Kind.PREFIX_FIRST, name, null);
        case "~" -> pattern(d, 1, name, false);
        case "~*" -> pattern(d, 1, name, true);
        default -> throw ConfigException.at(d, 0, "invalid location modifier \"" + first + "\"");
      };
    }
    if (first.startsWith("=")) {
      return new LocationName(LocationName.Kind.EXACT, first.substring(1), null);
    }
    if (first.startsWith("^~")) {
      return new LocationName(LocationName.Kind.PREFIX_FIRST, first.substring(2), null);
    }
    if (first.startsWith("~*")) {
      return pattern(d, 0, first.substring(2), true);
    }
    if (first.startsWith("~")) {
      return pattern(d, 0, first.substring(1), false);
    }
    if (first.startsWith("@")) {
      return new LocationName(LocationName.Kind.NAMED, first, null);
    }
    return new LocationName(LocationName.Kind.PREFIX, first, null);
  }

  private LocationName pattern(Directive d, int i, String source, boolean ignoreCase) {
    return new LocationName(
        LocationName.Kind.PATTERN, source, Capture.compile(registry(), d, i, source, ignoreCase));
  }

  private static void checkNesting(Directive d, LocationName name, LocationName outer) {
    String inner = name.name();
    String where = outer.name();
    switch (outer.kind()) {
      case EXACT ->
          throw ConfigException.at(
              d,
              "location \"" + inner + "\" cannot be inside the exact location \"" + where + "\"");
      case NAMED ->
          throw ConfigException.at(
              d,
              "location \"" + inner + "\" cannot be inside the named location \"" + where + "\"");
      case PREFIX, PREFIX_FIRST -> {
        if (name.kind() == LocationName.Kind.NAMED) {
          throw ConfigException.at(
              d, "named location \"" + inner + "\" can be on the server level only");
        }
        if (name.kind() != LocationName.Kind.PATTERN && !inner.startsWith(where)) {
          throw ConfigException.at(
              d, "location \"" + inner + "\" is outside location \"" + where + "\"");
        }
      }
      case PATTERN -> {
        if (name.kind() == LocationName.Kind.NAMED) {
          throw ConfigException.at(
              d, "named location \"" + inner + "\" can be on the server level only");
        }
        if (name.kind() != LocationName.Kind.PATTERN && !inner.startsWith(where)) {
          throw ConfigException.at( // nginx compares with the text of the expression
              d, "location \"" + inner + "\" is outside location \"" + where + "\"");
        }
      }
    }
  }

  private void listen(Directive d, Scope scope) {
    List<SocketAddress> addresses;
    try {
      addresses = ListenAddress.parseAll(d.argument(0), 80);
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, e.getMessage() + " of the \"listen\" directive");
    }
    boolean isDefault = false;
    boolean explicit = false;
    int backlog = -1;
    int receive = -1;
    int send = -1;
    boolean reusePort = false;
    boolean ipv6Only = true;
    ListenSettings.KeepAlive keepAlive = ListenSettings.KeepAlive.OFF;
    boolean proxyProtocol = false;
    boolean deferred = false;
    int fastOpen = -1;
    for (int i = 1; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      String value = equals < 0 ? "" : word.substring(equals + 1);
      switch (name) {
        case "default_server", "default" -> isDefault = true;
        case "bind" -> explicit = true;
        case "backlog" -> {
          explicit = true;
          backlog = (int) parameter(d, i, Units.number(value), "invalid backlog \"" + value + "\"");
        }
        case "rcvbuf" -> {
          explicit = true;
          receive = (int) parameter(d, i, Units.size(value), "invalid rcvbuf \"" + value + "\"");
        }
        case "sndbuf" -> {
          explicit = true;
          send = (int) parameter(d, i, Units.size(value), "invalid sndbuf \"" + value + "\"");
        }
        case "reuseport" -> {
          explicit = true;
          reusePort = true;
        }
        case "ipv6only" -> {
          explicit = true;
          ipv6Only = onOff(d, i, "ipv6only", value);
        }
        case "so_keepalive" -> {
          explicit = true;
          keepAlive = keepAlive(d, i, value);
        }
        case "proxy_protocol" -> proxyProtocol = true;
        case "deferred" -> {
          explicit = true;
          deferred = true;
        }
        case "fastopen" -> {
          explicit = true;
          fastOpen =
              (int) parameter(d, i, Units.number(value), "invalid fastopen \"" + value + "\"");
        }
        case "ssl", "http2", "quic" ->
            throw ConfigException.at(
                d, i, "the \"" + name + "\" parameter of \"listen\" is not supported");
        case "accept_filter", "setfib", "multipath" ->
            throw ConfigException.at(
                d, i, "the \"" + name + "\" parameter of \"listen\" is not supported");
        default -> throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    ListenSettings.Socket socket =
        new ListenSettings.Socket(
            backlog, receive, send, reusePort, ipv6Only, keepAlive, deferred, fastOpen);
    for (SocketAddress address : addresses) {
      scope.append(LISTENS, new Listen(address, isDefault, explicit, socket, proxyProtocol, d));
    }
  }

  private static long parameter(Directive d, int i, OptionalLong value, String message) {
    return value.orElseThrow(() -> ConfigException.at(d, i, message));
  }

  /// `on`, `off`, or `idle:interval:count`, each of which may be left out, but not all.
  private static ListenSettings.KeepAlive keepAlive(Directive d, int i, String value) {
    if (value.equals("on") || value.equals("off")) {
      return value.equals("on") ? ListenSettings.KeepAlive.ON : ListenSettings.KeepAlive.OFF;
    }
    String message = "invalid so_keepalive value: \"" + value + "\"";
    String[] parts = value.split(":", -1);
    if (parts.length > 3 || parts.length < 2 || String.join("", parts).isEmpty()) {
      throw ConfigException.at(d, i, message);
    }
    int[] numbers = {0, 0, 0};
    for (int part = 0; part < parts.length; part++) {
      if (!parts[part].isEmpty()) {
        OptionalLong number = part < 2 ? Units.seconds(parts[part]) : Units.number(parts[part]);
        long said = parameter(d, i, number, message);
        if (said == 0 || said > Integer.MAX_VALUE) {
          throw ConfigException.at(d, i, message);
        }
        numbers[part] = (int) said;
      }
    }
    return new ListenSettings.KeepAlive(true, numbers[0], numbers[1], numbers[2]);
  }

  private static boolean onOff(Directive d, int i, String name, String value) {
    return switch (value) {
      case "on" -> true;
      case "off" -> false;
      default -> throw ConfigException.at(d, i, "invalid " + name + " value: \"" + value + "\"");
    };
  }

  private void serverName(Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      String name = d.argument(i);
      if (name.startsWith("~")) {
        Capture pattern = Capture.compile(registry(), d, i, name.substring(1), true);
        scope.append(NAMES, new ServerName(name, pattern));
        continue;
      }
      if (name.indexOf('/') >= 0) {
        scope.warn(d, "server name \"" + name + "\" has suspicious symbols");
      }
      checkWildcard(d, i, name);
      scope.append(NAMES, new ServerName(name.toLowerCase(Locale.ROOT), null));
    }
  }

  private static void checkWildcard(Directive d, int i, String name) {
    int star = name.indexOf('*');
    boolean first = name.startsWith("*.") && name.indexOf('*', 1) < 0 && name.length() > 2;
    boolean last = name.endsWith(".*") && star == name.length() - 1 && name.length() > 2;
    if ((star >= 0 && !first && !last) || name.equals(".") || name.contains("..")) {
      throw ConfigException.at(
          d,
          i,
          "invalid server name or wildcard \"" + name + "\" on the \"server_name\" directive");
    }
  }

  private void errorPage(Directive d, Scope scope) {
    int last = d.argumentCount() - 1;
    int overwrite = -1;
    int codes = last;
    String option = d.argument(last - 1);
    if (option.startsWith("=")) {
      codes = last - 1;
      overwrite =
          option.length() == 1
              ? 0
              : (int)
                  parameter(
                      d,
                      last - 1,
                      Units.number(option.substring(1)),
                      "invalid value \"" + option + "\"");
    }
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < codes; i++) {
      String word = d.argument(i);
      long status = parameter(d, i, Units.number(word), "invalid value \"" + word + "\"");
      if (status == 499) {
        throw ConfigException.at(d, i, "value \"" + word + "\" is not allowed");
      }
      if (status < 300 || status > 599) {
        throw ConfigException.at(d, i, "value \"" + word + "\" must be between 300 and 599");
      }
      statuses.add((int) status);
    }
    if (statuses.isEmpty()) {
      throw ConfigException.at(d, "invalid number of arguments in \"error_page\" directive");
    }
    scope.append(
        ERROR_PAGES, new ErrorPages.Page(statuses, overwrite, registry().template(d, last)));
  }

  private void errorLog(Directive d, Scope scope) {
    Level level = Level.ERROR;
    if (d.argumentCount() > 1) {
      String word = d.argument(1);
      level =
          Level.named(word)
              .orElseThrow(() -> ConfigException.at(d, 1, "invalid log level \"" + word + "\""));
    }
    if (d.argumentCount() > 2) {
      throw ConfigException.at(d, 2, "invalid log level \"" + d.argument(2) + "\"");
    }
    scope.append(ERROR_LOGS, new ErrorLog.Target(sink(d, scope), level));
  }

  private LogSink sink(Directive d, Scope scope) {
    String target = d.argument(0);
    try {
      if (target.equals("stderr")) {
        return registry().environment().logs().stderr();
      }
      if (target.startsWith("syslog:")) {
        return registry().environment().logs().syslog(target);
      }
      return registry().environment().logs().open(path(scope, target));
    } catch (IOException e) {
      throw ConfigException.withoutPosition(String.valueOf(e.getMessage()));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 0, String.valueOf(e.getMessage()));
    }
  }

  private Root root(Directive d, Scope scope, boolean alias) {
    if (scope.isSet(ROOT)) {
      Root there = scope.own(ROOT);
      boolean other = there != null && there.alias() != alias;
      throw ConfigException.at(
          d,
          other
              ? "\""
                  + d.name()
                  + "\" directive is duplicate, \""
                  + (alias ? "root" : "alias")
                  + "\" directive was specified earlier"
              : "\"" + d.name() + "\" directive is duplicate");
    }
    LocationName name = scope.own(LOCATION_NAME);
    if (alias && name != null && name.kind() == LocationName.Kind.NAMED) {
      throw ConfigException.at(
          d, "the \"alias\" directive cannot be used inside the named location");
    }
    String text = d.argument(0);
    for (String self : List.of("document_root", "realpath_root")) {
      if (text.contains("$" + self) || text.contains("${" + self + "}")) {
        throw ConfigException.at(
            d, "the $" + self + " variable cannot be used in the \"" + d.name() + "\" directive");
      }
    }
    String full = text.startsWith("$") ? text : path(scope, text);
    if (!alias && full.length() > 1 && full.endsWith("/")) {
      full = full.substring(0, full.length() - 1);
    }
    boolean pattern = name != null && name.kind() == LocationName.Kind.PATTERN;
    int prefix = name == null || pattern ? -1 : name.name().length();
    return new Root(registry().template(d, 0, full), alias, prefix);
  }

  private static void types(Directive d, Scope scope) {
    Map<String, String> types = new HashMap<>();
    Map<String, String> own = scope.own(TYPES);
    if (own != null) {
      types.putAll(own);
    }
    for (Directive line : d.children()) {
      for (String extension : line.arguments()) {
        String before = types.put(extension.toLowerCase(Locale.ROOT), line.name());
        if (before != null && !before.equals(line.name())) {
          scope.warn(
              d,
              "duplicate extension \""
                  + extension
                  + "\", content type: \""
                  + line.name()
                  + "\", previous content type: \""
                  + before
                  + "\"");
        }
      }
    }
    scope.set(TYPES, Map.copyOf(types));
  }

  private static void keepaliveTimeout(Directive d, Scope scope) {
    long millis =
        Units.milliseconds(d.argument(0))
            .orElseThrow(
                () -> ConfigException.at(d, 0, "\"keepalive_timeout\" directive invalid value"));
    long header = -1;
    if (d.argumentCount() == 2) {
      header =
          Units.seconds(d.argument(1))
              .orElseThrow(
                  () -> ConfigException.at(d, 1, "\"keepalive_timeout\" directive invalid value"));
    }
    scope.set(KEEPALIVE_TIMEOUT, new KeepaliveTimeout(millis, header));
  }

  private static long positive(Directive d, int i, OptionalLong value) {
    if (value.isEmpty() || value.getAsLong() <= 0 || value.getAsLong() > Integer.MAX_VALUE) {
      throw ConfigException.at(d, i, "\"" + d.name() + "\" directive invalid value");
    }
    return value.getAsLong();
  }

  private HttpRegistry registry() {
    HttpRegistry there = http;
    if (there == null) {
      throw new IllegalStateException("the core module is not registered");
    }
    return there;
  }

  /// Gives the names of a server to `name`, or to `pattern` what was written as a regular
  /// expression. A server without names has the empty one.
  public static void serverNames(Scope server, Consumer<String> name, Consumer<Regex> pattern) {
    List<ServerName> names = server.get(NAMES);
    if (names.isEmpty()) {
      name.accept("");
    }
    for (ServerName each : names) {
      Capture capture = each.pattern();
      if (capture != null) {
        pattern.accept(capture.regex());
      } else {
        name.accept(each.text());
      }
    }
  }

  /// A file name of the configuration, completed with the prefix.
  public static String path(Scope scope, String name) {
    if (name.startsWith("/")) {
      return name;
    }
    return Path.of(scope.get(ConfigLoader.PREFIX)).resolve(name).toString()
        + (name.endsWith("/") ? "/" : "");
  }

  /// Called while a directive is read that makes `location` an interface for operators.
  public static void servesOperators(Scope location) {
    location.set(FOR_OPERATORS, true);
  }

  /// Where the main context's errors go, for locations that say nothing else.
  public static void mainErrorLog(Scope main, ErrorLog.Target target) {
    main.append(ERROR_LOGS, target);
  }

  /// Reads `error_log` of the main context.
  public void mainErrorLog(Directive d, Scope scope) {
    errorLog(d, scope);
  }

  /// True if the main context names an error log.
  public static boolean hasErrorLog(Scope main) {
    return main.isSet(ERROR_LOGS);
  }

  /// The error log of a block.
  public ErrorLog errorLog(Scope scope) {
    List<ErrorLog.Target> targets = scope.get(ERROR_LOGS);
    return errorLogs.computeIfAbsent(
        targets, key -> new ErrorLog(registry().environment().logs(), key));
  }

  /// The error log of the `http` block.
  public ErrorLog errorLog() {
    Scope scope = block;
    if (scope == null) {
      throw new IllegalStateException("there is no http block");
    }
    return errorLog(scope);
  }

  /// What the core module has been told about a block.
  CoreSettings settings(Scope scope) {
    Root root = scope.get(ROOT);
    if (root == null) {
      root = new Root(Template.constant(path(scope, "html")), false, 0);
    }
    KeepaliveTimeout keepalive = scope.get(KEEPALIVE_TIMEOUT);
    return new CoreSettings(
        root.alias() ? null : root.path(),
        root.alias() ? root.path() : null,
        root.prefix(),
        scope.get(DEFAULT_TYPE),
        scope.get(TYPES),
        scope.get(MAX_BODY),
        scope.get(BODY_BUFFER),
        scope.get(BODY_TIMEOUT),
        scope.get(BODY_IN_FILE),
        path(scope, scope.get(BODY_TEMP_PATH)),
        scope.get(SEND_TIMEOUT),
        keepalive.millis(),
        keepalive.headerSeconds(),
        scope.get(KEEPALIVE_REQUESTS),
        scope.get(KEEPALIVE_TIME),
        scope.get(KEEPALIVE_MIN),
        scope.get(LINGERING),
        scope.get(LINGERING_TIME),
        scope.get(LINGERING_TIMEOUT),
        scope.get(CHUNKED),
        scope.get(ABSOLUTE_REDIRECT),
        scope.get(PORT_IN_REDIRECT),
        scope.get(NAME_IN_REDIRECT),
        scope.get(SERVER_TOKENS).equals("on") ? Product.SERVER : Product.SERVER_WITHOUT_VERSION,
        new ErrorPages(scope.get(ERROR_PAGES)),
        scope.get(RECURSIVE),
        scope.get(AUTH_DELAY),
        scope.get(MSIE_PADDING),
        scope.get(MSIE_REFRESH),
        scope.get(EARLY_HINTS),
        errorLog(scope));
  }

  /// Requests for a prefix location's name without its last slash are redirected to it, as nginx
  /// does for `proxy_pass` and its kind.
  public static void redirectDirectories(Scope location) {
    LocationName name = location.own(LOCATION_NAME);
    if (name != null && name.name().endsWith("/")) {
      location.set(AUTO_REDIRECT, true);
    }
  }

  /// A location that limits the bodies of its requests itself: `client_max_body_size` holds there
  /// only if it is set there.
  public static void limitsBodiesItself(Scope location) {
    if (!location.isSet(MAX_BODY)) {
      location.set(MAX_BODY, 0L);
    }
  }

  /// True if the location is given by an exact name or a prefix.
  public static boolean isPrefixLocation(Scope location) {
    LocationName name = location.own(LOCATION_NAME);
    return name != null
        && name.kind() != LocationName.Kind.PATTERN
        && name.kind() != LocationName.Kind.NAMED;
  }

  /// The name of a location without its modifier; of an `if` inside one, that one's.
  public static String locationName(Scope scope) {
    Scope location = scope.enclosing(Context.LOCATION);
    LocationName name = location == null ? null : location.own(LOCATION_NAME);
    return name == null ? "" : name.name();
  }
}

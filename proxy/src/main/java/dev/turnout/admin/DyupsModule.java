package dev.turnout.admin;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.admin.gate.Ask;
import dev.turnout.admin.gate.Decision;
import dev.turnout.admin.gate.Dialect;
import dev.turnout.admin.gate.Gate;
import dev.turnout.admin.gate.GateModule;
import dev.turnout.admin.gate.Permit;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Operation;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Upstreams;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.log.Level;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// `dyups_interface`: upstreams are listed, set as a whole and removed, as the dyups module does it
/// (version 0.2.9 and Tengine), with its statuses and its texts to the letter.
///
/// A body is read by the readers of the `upstream` block. Nothing is "in sync soon" here: the
/// answer comes when the change is in the journal and every event loop acts on it.
public final class DyupsModule implements HttpModule {
  private static final Setting<Long> SIZE = Setting.local("dyups_shm_zone_size", 0L);
  private static final Setting<Long> TIMEOUT = Setting.local("dyups_read_msg_timeout", 0L);
  private static final Setting<Boolean> MESSAGE_LOG = Setting.local("dyups_read_msg_log", false);
  private static final Setting<Boolean> TRY_LOCK = Setting.local("dyups_trylock", false);

  private final UpstreamModule reader;
  private final ChangeWriter writer;
  private final GateModule gates;
  private @Nullable HttpRegistry http;

  /// @param reader what reads the content of an upstream
  /// @param writer the single writer of changes
  /// @param gates who may change what
  public DyupsModule(UpstreamModule reader, ChangeWriter writer, GateModule gates) {
    this.gates = gates;
    this.reader = reader;
    this.writer = writer;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("dyups_interface")
        .in(SERVER, LOCATION)
        .arguments(0)
        .read(this::read)
        .syntax("")
        .summary(
            "Answers `GET /list`, `/detail` and `/upstream/NAME`, sets an upstream with `POST"
                + " /upstream/NAME` and the content of an `upstream` block, and removes one with"
                + " `DELETE`, as the dyups module 0.2.9 does. Without `allow` or `deny` of its own"
                + " the location is for this machine only.")
        .differs(
            "It may stand in any location: these paths may also follow the location's own. Changes"
                + " survive reloads and restarts; fixed upstreams in `proxy_pass` follow them too."
                + " A body may have all that a block may have but `resolver` and `state`.");
    ignored(http);
  }

  private static void ignored(HttpRegistry http) {
    http.directive("dyups_shm_zone_size")
        .in(HTTP)
        .size(SIZE)
        .defaultText("2m")
        .summary("Nothing: there is no queue between processes that could be too small.");
    http.directive("dyups_read_msg_timeout")
        .in(HTTP)
        .time(TIMEOUT)
        .defaultText("1s")
        .summary("Nothing: a change is in force everywhere when it is answered.");
    http.directive("dyups_read_msg_log")
        .in(HTTP)
        .flag(MESSAGE_LOG)
        .defaultText("off")
        .summary("Nothing: there are no messages between processes.");
    http.directive("dyups_trylock")
        .in(HTTP)
        .flag(TRY_LOCK)
        .defaultText("off")
        .summary(
            "Nothing: changes wait for each other in order. `409` is answered, whatever this says,"
                + " when too many wait already.");
    http.directive("dyups_upstream_conf")
        .in(HTTP)
        .read(
            (d, scope) -> scope.warn(d, "\"dyups_upstream_conf\" is deprecated and has no effect"))
        .syntax("file")
        .summary("Nothing, as in the dyups module: what was changed is in the state directory.");
  }

  private void read(Directive d, Scope scope) {
    HttpRegistry registry = http;
    Scope around = scope.enclosing(HTTP);
    if (registry == null || around == null) {
      throw new IllegalStateException("not inside of http");
    }
    gates.protect(d, scope);
    Upstreams upstreams = registry.environment().upstreams();
    scope.set(
        HttpRegistry.CONTENT,
        location -> {
          String prefix = CoreModule.locationName(location);
          Gate gate = gates.gate(location, Dialect.of("dyups"));
          return exchange -> {
            boolean reads = exchange.method().equals("GET");
            switch (gate.check(exchange, reads ? Ask.read() : Ask.attempt())) {
              case Decision.Granted(Permit permit) ->
                  handle(exchange, permit, upstreams, prefix, around);
              case Decision.Refused refused -> refused.answer(exchange);
            }
          };
        });
  }

  private void handle(
      Exchange exchange, Permit permit, Upstreams upstreams, String prefix, Scope around) {
    List<String> parts = parts(exchange.path(), prefix);
    switch (exchange.method()) {
      case "GET" -> get(exchange, upstreams, parts);
      case "DELETE" -> delete(exchange, permit, parts);
      case "POST" ->
          exchange
              .body()
              .read(() -> {
                if (exchange.body().length() == 0) {
                  say(exchange, 204, "");
                } else {
                  post(exchange, permit, parts, around);
                }
              });
      default -> say(exchange, 405, "");
    }
  }

  /// The segments of the path. The module takes the whole path; where that does not begin with one
  /// of its words, what follows the location's own.
  private static List<String> parts(String path, String prefix) {
    List<String> whole = parts(path, 1);
    boolean known =
        !whole.isEmpty() && (is(whole, "list") || is(whole, "detail") || is(whole, "upstream"));
    if (known || prefix.length() < 2 || !path.startsWith(prefix)) {
      return whole;
    }
    int at = prefix.length();
    return parts(path, at < path.length() && path.charAt(at) == '/' ? at + 1 : at);
  }

  private static List<String> parts(String path, int from) {
    List<String> parts = new ArrayList<>();
    int at = from;
    while (at < path.length()) {
      int slash = path.indexOf('/', at);
      int end = slash < 0 ? path.length() : slash;
      parts.add(path.substring(at, end));
      at = end + 1;
    }
    return parts;
  }

  private static boolean is(List<String> parts, String first) {
    return parts.getFirst().equalsIgnoreCase(first);
  }

  private static void get(Exchange exchange, Upstreams upstreams, List<String> parts) {
    if (parts.isEmpty()) {
      exchange.finish(404);
      return;
    }
    StringBuilder text = new StringBuilder();
    if (is(parts, "list")) {
      upstreams.all().forEach(upstream -> text.append(upstream.name()).append('\n'));
    } else if (is(parts, "detail")) {
      upstreams.all().forEach(upstream -> detail(text, upstream.current().spec()));
    } else {
      Upstream upstream =
          is(parts, "upstream") && parts.size() == 2 ? upstreams.find(parts.get(1)) : null;
      if (upstream == null) {
        say(exchange, 404, "");
        return;
      }
      for (PeerSpec server : upstream.current().spec().servers()) {
        text.append("server ").append(place(server)).append('\n');
      }
    }
    say(exchange, text.isEmpty() ? 204 : 200, text.toString());
  }

  /// Where a server is; of one whose name is resolved all the time, the name.
  private static String place(PeerSpec server) {
    return server.address() instanceof PeerAddress.Unresolved named
        ? named.host() + ":" + named.port()
        : server.address().text();
  }

  private static void detail(StringBuilder text, UpstreamSpec spec) {
    text.append(spec.name()).append('\n');
    for (PeerSpec server : spec.servers()) {
      text.append("server ").append(place(server));
      text.append(" weight=").append(server.weight());
      text.append(" max_conns=").append(server.maxConns());
      text.append(" max_fails=").append(server.maxFails());
      text.append(" fail_timeout=").append(server.failTimeoutMillis() / 1000);
      text.append(" backup=").append(server.backup() ? 1 : 0);
      text.append(" down=").append(server.down() ? 1 : 0);
      text.append('\n');
    }
    text.append('\n');
  }

  private void delete(Exchange exchange, Permit permit, List<String> parts) {
    if (parts.size() != 2) {
      say(exchange, 405, "not support this interface");
    } else if (!is(parts, "upstream")) {
      say(exchange, 405, "not support this api");
    } else {
      submit(exchange, permit, "delete", new Operation.DeleteUpstream(parts.get(1)));
    }
  }

  /// What a body is: an upstream, or not one, and why.
  private sealed interface Reading {
    record Good(UpstreamSpec spec) implements Reading {}

    record Bad(String why) implements Reading {}
  }

  private void post(Exchange exchange, Permit permit, List<String> parts, Scope around) {
    if (parts.size() != 2 || !isName(parts.get(1))) {
      say(exchange, 404, "not support this interface");
      return;
    }
    if (!is(parts, "upstream")) {
      say(exchange, 404, "not support this api");
      return;
    }
    String name = parts.get(1);
    String text = exchange.body().text();
    FileChannel file = exchange.body().file();
    // Off the loop: names of servers are looked up, and a long body is in a file.
    exchange.offLoop(
        () -> reading(name, text != null ? text : content(file), around),
        (reading, failure) -> {
          switch (reading) {
            case Reading.Good(UpstreamSpec spec) ->
                submit(exchange, permit, "update", new Operation.PutUpstream(spec));
            case Reading.Bad(String why) -> {
              exchange.log(Level.ERROR, "[dyups] upstream \"" + name + "\": " + why);
              say(exchange, 500, "add server failed");
            }
            case null -> {
              exchange.log(Level.ERROR, "[dyups] reading the request body failed: " + failure);
              exchange.finish(500);
            }
          }
        },
        _ -> {});
  }

  /// Names end up in lists of one a line.
  private static boolean isName(String name) {
    return name.chars().allMatch(c -> c > ' ' && c != 0x7f);
  }

  private Reading reading(String name, String body, Scope around) {
    try {
      return new Reading.Good(reader.read(name, body, around));
    } catch (ConfigException e) {
      return new Reading.Bad(e.located());
    }
  }

  private static String content(@Nullable FileChannel file) throws IOException {
    if (file == null) {
      throw new IOException("the body is nowhere");
    }
    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(file.size()));
    while (bytes.hasRemaining() && file.read(bytes, bytes.position()) >= 0) {
      // until all of it is there
    }
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.ISO_8859_1);
  }

  private void submit(Exchange exchange, Permit permit, String what, Operation operation) {
    Decision.Refused refused = permit.may(Ask.of(List.of(operation)));
    if (refused != null) {
      refused.answer(exchange);
      return;
    }
    ChangeRequest request = ChangeRequest.of(permit.origin(""), operation);
    Submission.submit(writer, exchange, request, result -> tell(exchange, what, operation, result));
  }

  private static void tell(
      Exchange exchange, String what, Operation operation, ChangeResult result) {
    switch (result) {
      case ChangeResult.Applied applied -> {
        exchange.log(Level.NOTICE, "[dyups] " + what + ", revision " + applied.revision());
        say(exchange, 200, "success");
      }
      case ChangeResult.UnknownUpstream _ -> say(exchange, 404, "not found uptream");
      case ChangeResult.ForbiddenTarget(String message) -> say(exchange, 403, message);
      case ChangeResult.Guarded guarded -> say(exchange, 403, guarded.message());
      case ChangeResult.Refused refused -> say(exchange, 500, refused.message());
      case ChangeResult.StoreFailed failed -> {
        exchange.log(Level.ERROR, "[dyups] " + what + " was not stored: " + failed.message());
        say(exchange, 500, "not stored, nothing was changed: " + failed.message());
      }
      case ChangeResult.Unavailable _ ->
          // the module's answer to a delete that has to wait is empty
          say(
              exchange,
              409,
              operation instanceof Operation.DeleteUpstream ? "" : "wait and try again\n");
    }
  }

  private static void say(Exchange exchange, int status, String text) {
    exchange.respond(status, null, text.getBytes(StandardCharsets.ISO_8859_1));
  }
}

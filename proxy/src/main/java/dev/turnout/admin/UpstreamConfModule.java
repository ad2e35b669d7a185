package dev.turnout.admin;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;

import dev.turnout.cluster.Origin;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Scope;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.Effect;
import dev.turnout.control.Operation;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Upstreams;
import dev.turnout.http.UriEscape;
import dev.turnout.http.access.AccessModule;
import dev.turnout.http.proxy.UpstreamModule;
import dev.turnout.log.Level;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `upstream_conf`: what NGINX Plus had before its API. A group is shown and changed by the
/// arguments of a GET request, one change a request.
///
/// Its documentation tells the arguments, and the form of what is shown. It does not tell the texts
/// of errors: those are the API's where that has the same.
public final class UpstreamConfModule implements HttpModule {
  /// The parameters of a `server` directive that have a value.
  private static final List<String> VALUES =
      List.of("weight", "max_conns", "max_fails", "fail_timeout", "slow_start", "route");

  private static final Set<String> KNOWN =
      Set.of(
          "upstream",
          "stream",
          "id",
          "add",
          "remove",
          "server",
          "service",
          "backup",
          "down",
          "up",
          "drain",
          "weight",
          "max_conns",
          "max_fails",
          "fail_timeout",
          "slow_start",
          "route");

  private final UpstreamModule reader;
  private final ChangeWriter writer;
  private @Nullable HttpRegistry http;

  /// @param reader what reads the parameters of a server
  /// @param writer the single writer of changes
  public UpstreamConfModule(UpstreamModule reader, ChangeWriter writer) {
    this.reader = reader;
    this.writer = writer;
  }

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("upstream_conf")
        .in(LOCATION)
        .arguments(0)
        .read((_, scope) -> read(scope))
        .syntax("")
        .summary(
            "Shows and changes a group of servers by the arguments of a request"
                + " (`?upstream=NAME[&add=|&remove=][&id=N][&server=ADDRESS][&weight=N…]`), as NGINX"
                + " Plus did before it had its API. Without `allow` or `deny` of its own the location"
                + " is for this machine only.")
        .differs(
            "A name is looked up once. `up=` ends `drain=` too. `stream=` and `service=` are refused. A group needs no"
                + " `zone`.");
  }

  private void read(Scope scope) {
    HttpRegistry registry = http;
    Scope around = scope.enclosing(HTTP);
    if (registry == null || around == null) {
      throw new IllegalStateException("not inside of http");
    }
    AccessModule.onlyThisMachineByDefault(scope);
    registry.changesState(true);
    Upstreams upstreams = registry.environment().upstreams();
    scope.set(HttpRegistry.CONTENT, _ -> exchange -> handle(exchange, upstreams, around));
  }

  /// A request that is not one; the message is for who sent it.
  private static final class Misused extends Exception {
    private static final long serialVersionUID = 1;
    private final int status;

    Misused(int status, String message) {
      super(message);
      this.status = status;
    }
  }

  private void handle(Exchange exchange, Upstreams upstreams, Scope around) {
    if (!exchange.method().equals("GET")) {
      exchange.finish(405);
      return;
    }
    try {
      Map<String, String> arguments = arguments(exchange.args());
      Upstream upstream = upstream(upstreams, arguments);
      boolean changes =
          arguments.keySet().stream()
              .anyMatch(name -> !name.equals("upstream") && !name.equals("id") && !backup(name));
      if (changes) {
        change(exchange, upstream, arguments, around);
      } else {
        show(exchange, upstream, arguments.get("id"));
      }
    } catch (Misused e) {
      say(exchange, e.status, e.getMessage() + "\n");
    }
  }

  /// Once it was needed to see backup servers; alone it changes nothing.
  private static boolean backup(String name) {
    return name.equals("backup");
  }

  private static Map<String, String> arguments(@Nullable String query) throws Misused {
    Map<String, String> arguments = new HashMap<>();
    for (String part : query == null ? new String[0] : query.split("&", -1)) {
      if (part.isEmpty()) {
        continue;
      }
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals);
      if (!KNOWN.contains(name)) {
        throw new Misused(400, "unknown parameter \"" + name + "\"");
      }
      String value = equals < 0 ? "" : UriEscape.unescape(part.substring(equals + 1));
      if (arguments.put(name, value) != null) {
        throw new Misused(400, "\"" + name + "\" is given twice");
      }
    }
    for (String refused : List.of("stream", "service")) {
      if (arguments.containsKey(refused)) {
        throw new Misused(400, "\"" + refused + "\" is not supported");
      }
    }
    return arguments;
  }

  private static Upstream upstream(Upstreams upstreams, Map<String, String> arguments)
      throws Misused {
    String name = arguments.getOrDefault("upstream", "");
    if (name.isEmpty()) {
      throw new Misused(400, "missing \"upstream\" argument");
    }
    Upstream upstream = upstreams.find(name);
    if (upstream == null) {
      throw new Misused(404, "upstream \"" + name + "\" not found");
    }
    return upstream;
  }

  private static void show(Exchange exchange, Upstream upstream, @Nullable String id)
      throws Misused {
    List<PeerSpec> servers = upstream.current().spec().servers();
    if (id != null) {
      servers = List.of(server(upstream, id));
    }
    say(exchange, 200, lines(servers));
  }

  private static PeerSpec server(Upstream upstream, String id) throws Misused {
    OptionalLong number = dev.turnout.config.Units.number(id);
    if (number.isEmpty()) {
      throw new Misused(400, "invalid server ID");
    }
    for (PeerSpec server : upstream.current().spec().servers()) {
      if (server.id() == number.getAsLong()) {
        return server;
      }
    }
    throw new Misused(404, "server with ID \"" + id + "\" does not exist");
  }

  private static String lines(List<PeerSpec> servers) {
    StringBuilder text = new StringBuilder();
    servers.forEach(
        server -> text.append(server.line()).append(" # id=").append(server.id()).append('\n'));
    return text.toString();
  }

  private void change(
      Exchange exchange, Upstream upstream, Map<String, String> arguments, Scope around)
      throws Misused {
    boolean add = arguments.containsKey("add");
    boolean remove = arguments.containsKey("remove");
    String id = arguments.get("id");
    if (add && (remove || id != null)) {
      throw new Misused(400, "\"add\" goes with neither \"remove\" nor \"id\"");
    }
    if (!add && id == null) {
      throw new Misused(400, "missing \"id\" argument");
    }
    if (add && arguments.getOrDefault("server", "").isEmpty()) {
      throw new Misused(400, "missing \"server\" argument");
    }
    if (remove && id != null) {
      PeerSpec gone = server(upstream, id);
      submit(exchange, upstream, true, List.of(new UpstreamChange.Remove(gone.id())));
      return;
    }
    PeerSpec present = id == null ? null : server(upstream, id);
    String words = words(arguments, present);
    // Off the loop: a name is looked up.
    exchange.<List<UpstreamChange>>offLoop(
        () -> {
          List<PeerSpec> read = reader.readServer(words, around);
          return present == null
              ? read.stream().<UpstreamChange>map(UpstreamChange.Add::new).toList()
              : List.of(new UpstreamChange.Update(present.id(), patch(arguments, read)));
        },
        (changes, failure) -> {
          if (changes != null) {
            submit(exchange, upstream, false, changes);
          } else {
            say(exchange, 400, why(failure) + "\n");
          }
        },
        _ -> {});
  }

  private static String why(@Nullable Throwable failure) {
    Throwable cause = failure == null ? null : failure.getCause();
    return cause instanceof ConfigException e
        ? e.messageText()
        : String.valueOf(cause == null ? failure : cause.getMessage());
  }

  /// The arguments as a `server` directive would have them.
  private static String words(Map<String, String> arguments, @Nullable PeerSpec present) {
    List<String> words = new ArrayList<>();
    String server = arguments.get("server");
    words.add(server != null ? server : present == null ? "" : present.address().text());
    for (String name : VALUES) {
      String value = arguments.get(name);
      if (value != null) {
        words.add(name + "=" + value);
      }
    }
    for (String flag : List.of("down", "drain")) {
      if (arguments.containsKey(flag)) {
        words.add(flag);
      }
    }
    if (present == null && arguments.containsKey("backup")) {
      words.add("backup");
    }
    StringBuilder line = new StringBuilder();
    for (String word : words) {
      line.append('"').append(word.replace("\\", "\\\\").replace("\"", "\\\"")).append("\" ");
    }
    return line.toString();
  }

  private static PeerPatch patch(Map<String, String> arguments, List<PeerSpec> read) {
    if (read.size() != 1) {
      throw new IllegalArgumentException("the name has more than one address");
    }
    PeerSpec said = read.getFirst();
    PeerPatch patch = PeerPatch.NOTHING;
    for (String name : arguments.keySet()) {
      patch =
          switch (name) {
            case "server" -> patch.withServer(said.server(), said.address());
            case "weight" -> patch.withWeight(said.weight());
            case "max_conns" -> patch.withMaxConns(said.maxConns());
            case "max_fails" -> patch.withMaxFails(said.maxFails());
            case "fail_timeout" -> patch.withFailTimeout(said.failTimeoutMillis());
            case "slow_start" -> patch.withSlowStart(said.slowStartMillis());
            case "route" -> patch.withRoute(said.route());
            case "down" -> patch.withDown(true);
            case "drain" -> patch.withDrain(true);
            case "up" -> patch.withDown(false).withDrain(false);
            default -> patch;
          };
    }
    return patch;
  }

  private void submit(
      Exchange exchange, Upstream upstream, boolean showRest, List<UpstreamChange> changes) {
    Operation[] operations =
        changes.stream()
            .map(change -> new Operation.EditUpstream(upstream.name(), change))
            .toArray(Operation[]::new);
    ChangeRequest request =
        ChangeRequest.of(Origin.of("upstream_conf", exchange.clientAddress()), operations);
    Submission.submit(writer, exchange, request, result -> tell(exchange, showRest, result));
  }

  private static void tell(Exchange exchange, boolean showRest, ChangeResult result) {
    switch (result) {
      case ChangeResult.Applied applied -> {
        List<PeerSpec> shown = new ArrayList<>();
        for (Effect effect : applied.effects()) {
          if (effect instanceof Effect.Servers(List<PeerSpec> touched, var after)) {
            shown.addAll(showRest ? after.servers() : touched);
          }
        }
        say(exchange, 200, lines(shown));
      }
      case ChangeResult.UnknownUpstream unknown -> say(exchange, 404, unknown.message() + "\n");
      case ChangeResult.ForbiddenTarget(String message) -> say(exchange, 403, message + "\n");
      case ChangeResult.Guarded guarded -> say(exchange, 403, guarded.message() + "\n");
      case ChangeResult.Refused refused -> say(exchange, 400, refused.message() + "\n");
      case ChangeResult.StoreFailed failed -> {
        exchange.log(Level.ERROR, "upstream_conf: not stored: " + failed.message());
        say(exchange, failed.status(), "not stored, nothing was changed: " + failed.message());
      }
      case ChangeResult.Unavailable unavailable -> say(exchange, 503, unavailable.message() + "\n");
    }
  }

  private static void say(Exchange exchange, int status, String text) {
    exchange.response().headers().add("Cache-Control", "no-store");
    exchange.respond(status, "text/plain", text.getBytes(StandardCharsets.ISO_8859_1));
  }
}

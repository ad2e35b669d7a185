package dev.turnout.admin.control;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.config.ConfigException;
import dev.turnout.config.NearestNames;
import dev.turnout.control.Operation;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Operations as `POST /changes` describes them.
final class OperationReader {
  static final int MOST_OPERATIONS = 10_000;
  private static final int LONGEST_NAME = 255;
  private static final List<String> KINDS =
      List.of(
          "add_server",
          "update_server",
          "remove_server",
          "replace_servers",
          "create_upstream",
          "delete_upstream",
          "set_key",
          "delete_key",
          "clear_zone",
          "restore");

  private static final ServerReader OF_NEW_UPSTREAM = new ServerReader(false);

  private final Function<String, @Nullable KeyvalZone> zones;
  private final Function<String, ServerReader> readers;
  private final BlockReader blocks;

  /// Reads what the block of an upstream says.
  @FunctionalInterface
  interface BlockReader {
    /// The upstream of this name whose block has this content; it may have no servers.
    ///
    /// @throws dev.turnout.config.ConfigException if it would be refused
    UpstreamSpec read(String name, String content);
  }

  /// @param zones finds a key-value zone by its name
  /// @param readers what reads the servers of an upstream
  /// @param blocks what reads the settings of new upstreams
  OperationReader(
      Function<String, @Nullable KeyvalZone> zones,
      Function<String, ServerReader> readers,
      BlockReader blocks) {
    this.zones = zones;
    this.readers = readers;
    this.blocks = blocks;
  }

  /// Operations, and where in the body each is described: one description may be several.
  static final class Described {
    final List<Operation> operations = new ArrayList<>();
    private final List<String> places = new ArrayList<>();

    void add(Operation operation, String place) {
      operations.add(operation);
      places.add(place);
    }

    String place(int operation) {
      return places.get(operation);
    }
  }

  Described read(List<Members> bodies, String place) {
    if (bodies.isEmpty() || bodies.size() > MOST_OPERATIONS) {
      throw Problem.invalid(
          bodies.size() + " operations", place, "from 1 to " + MOST_OPERATIONS + " of them");
    }
    Described described = new Described();
    for (int i = 0; i < bodies.size(); i++) {
      read(bodies.get(i), place + "/" + i, described);
    }
    return described;
  }

  private void read(Members body, String place, Described to) {
    String kind = body.needText("op");
    switch (kind) {
      case "add_server" -> {
        String upstream = body.needText("upstream");
        List<PeerSpec> servers = readers.apply(upstream).servers(body.needObject("server"), false);
        for (PeerSpec server : servers) {
          to.add(new Operation.EditUpstream(upstream, new UpstreamChange.Add(server)), place);
        }
      }
      case "update_server" ->
          to.add(
              edit(
                  body,
                  new UpstreamChange.Update(id(body), reader(body).patch(body.needObject("set")))),
              place);
      case "remove_server" -> to.add(edit(body, new UpstreamChange.Remove(id(body))), place);
      case "replace_servers" ->
          to.add(edit(body, new UpstreamChange.Replace(servers(body, reader(body)))), place);
      case "create_upstream" ->
          to.add(new Operation.CreateUpstream(upstream(body, "upstream")), place);
      case "delete_upstream" ->
          to.add(new Operation.DeleteUpstream(body.needText("upstream")), place);
      case "set_key" -> {
        KeyvalZone zone = zone(body);
        String key = key(body);
        to.add(
            setKey(
                zone,
                key,
                body.needText("value"),
                body.millis("expire"),
                body.place("expire"),
                Boolean.TRUE.equals(body.truth("if_absent")),
                body.text("if_value")),
            place);
      }
      case "delete_key" -> {
        String expected = body.text("if_value");
        String key = key(body);
        to.add(
            new Operation.EditZone(
                zone(body),
                List.of(new KeyvalChange.Delete(key)),
                expected == null ? List.of() : List.of(new KeyvalCondition.Holds(key, expected))),
            place);
      }
      case "clear_zone" ->
          to.add(
              new Operation.EditZone(zone(body), List.of(new KeyvalChange.Clear()), List.of()),
              place);
      case "restore" ->
          to.add(new Operation.Restore(body.needNumber("revision", 0, Long.MAX_VALUE)), place);
      default -> {
        List<String> near = NearestNames.of(kind, KINDS);
        throw Problem.of(400, "unknown_operation", "there is no operation \"" + kind + "\"")
            .at(body.place("op"))
            .hint(
                near.isEmpty()
                    ? "one of " + String.join(", ", KINDS)
                    : "did you mean " + String.join(" or ", near) + "?");
      }
    }
    body.end();
  }

  private ServerReader reader(Members body) {
    return readers.apply(body.needText("upstream"));
  }

  private static Operation edit(Members body, UpstreamChange change) {
    return new Operation.EditUpstream(body.needText("upstream"), change);
  }

  private static long id(Members body) {
    return body.needNumber("id", 0, Long.MAX_VALUE);
  }

  private static String key(Members body) {
    String key = body.needText("key");
    if (key.isEmpty()) {
      throw Problem.invalid("the key is empty", body.place("key"), "");
    }
    return key;
  }

  static Operation setKey(
      KeyvalZone zone,
      String key,
      String value,
      @Nullable Long expireMillis,
      String expirePlace,
      boolean ifAbsent,
      @Nullable String ifValue) {
    if (expireMillis != null && zone.timeoutMillis() == 0) {
      throw Problem.invalid(
          "values of zone \"" + zone.name() + "\" do not end",
          expirePlace,
          "leave it out, or give the zone a timeout in the configuration");
    }
    List<KeyvalCondition> conditions = new ArrayList<>();
    if (ifAbsent) {
      conditions.add(new KeyvalCondition.Absent(key));
    }
    if (ifValue != null) {
      conditions.add(new KeyvalCondition.Holds(key, ifValue));
    }
    return new Operation.EditZone(
        zone, List.of(new KeyvalChange.Put(key, value, expireMillis)), conditions);
  }

  private KeyvalZone zone(Members body) {
    String name = body.needText("zone");
    KeyvalZone zone = zones.apply(name);
    if (zone == null) {
      throw Problem.of(404, "unknown_zone", "there is no zone \"" + name + "\"")
          .at(body.place("zone"))
          .hint("zones are defined by keyval_zone in the configuration");
    }
    return zone;
  }

  /// A whole list of servers.
  static List<PeerSpec> servers(Members body, ServerReader reader) {
    List<PeerSpec> servers = new ArrayList<>();
    for (Members server : body.needObjects("servers")) {
      servers.addAll(reader.servers(server, true));
    }
    return servers;
  }

  /// A new upstream.
  ///
  /// @param nameField what its name is called
  UpstreamSpec upstream(Members body, String nameField) {
    String name = body.needText(nameField);
    if (name.isEmpty()
        || name.length() > LONGEST_NAME
        || name.chars().anyMatch(c -> c <= ' ' || c == '/' || c == 0x7f)) {
      throw Problem.invalid(
          "\"" + name + "\" is not the name of an upstream",
          body.place(nameField),
          "up to " + LONGEST_NAME + " bytes without spaces, control characters and slashes");
    }
    UpstreamSpec said = body.has("config") ? block(body, name) : settings(body, name);
    BalancingMethod method = said.method();
    List<PeerSpec> servers = new ArrayList<>(said.servers());
    if (body.has("servers")) {
      for (Members server : body.needObjects("servers")) {
        servers.addAll(OF_NEW_UPSTREAM.servers(server, false));
      }
    }
    if (!method.allowsBackup() && servers.stream().anyMatch(PeerSpec::backup)) {
      throw Problem.invalid(method.text() + " has no use for a backup", body.place("servers"), "");
    }
    if (!method.allowsSlowStart()
        && servers.stream().anyMatch(server -> server.slowStartMillis() > 0)) {
      throw Problem.invalid(method.text() + " has no slow start", body.place("servers"), "");
    }
    List<PeerSpec> unnumbered =
        servers.stream().map(server -> server.withId(PeerSpec.UNASSIGNED)).toList();
    return UpstreamSpec.of(name, unnumbered, method, said.keepalive(), said.options());
  }

  /// An upstream without servers by the fields for what most want to say.
  private static UpstreamSpec settings(Members body, String name) {
    Long keepalive = body.number("keepalive", 0, Integer.MAX_VALUE);
    Keepalive usual = Keepalive.DEFAULT;
    return UpstreamSpec.of(
        name,
        List.of(),
        method(body),
        keepalive == null
            ? usual
            : new Keepalive(
                keepalive.intValue(), usual.requests(), usual.timeMillis(), usual.timeoutMillis()));
  }

  /// An upstream by what its block would say: sticky sessions, checks, a queue, …
  private UpstreamSpec block(Members body, String name) {
    for (String other : List.of("method", "keepalive")) {
      if (body.has(other)) {
        throw Problem.invalid(
            "\"" + other + "\" beside \"config\"", body.place(other), "say it in \"config\"");
      }
    }
    String content = body.needText("config");
    try {
      return blocks.read(name, content);
    } catch (ConfigException e) {
      throw Problem.invalid(
          e.located(),
          body.place("config"),
          "what an upstream block has, such as sticky cookie srv_id; check interval=3s;");
    }
  }

  private static BalancingMethod method(Members body) {
    String text = body.text("method", "round_robin");
    if (text.startsWith("hash ")) {
      throw Problem.invalid(
          "an upstream that is made at run time cannot have \"hash\"",
          body.place("method"),
          "its key is an expression of the configuration: declare the upstream there");
    }
    try {
      return BalancingMethod.parse(text);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          String.valueOf(e.getMessage()),
          body.place("method"),
          "round_robin, least_conn, least_time header, pack, ip_hash, random or random two");
    }
  }
}

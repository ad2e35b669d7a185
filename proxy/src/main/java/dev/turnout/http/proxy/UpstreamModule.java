package dev.turnout.http.proxy;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.cluster.file.ServerListFile;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Naming;
import dev.turnout.http.ResolverModule;
import dev.turnout.http.UpstreamZones;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Canary;
import dev.turnout.upstream.HealthOptions;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamOptions;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.sticky.Sticky;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// `upstream`, `server` inside it, the balancing methods, and `keepalive` with its limits.
public final class UpstreamModule implements HttpModule {
  private static final Set<String> SERVERS_ONLY = Set.of("server");

  /// What an upstream that is made at run time may have: what its spec holds.
  private static final Set<String> AT_RUN_TIME =
      Set.of(
          "server",
          "least_conn",
          "least_time",
          "pack",
          "queue",
          "ip_hash",
          "random",
          "hash",
          "zone",
          "sticky",
          "keepalive",
          "keepalive_requests",
          "keepalive_time",
          "keepalive_timeout");

  private static final Setting<List<PeerSpec>> SERVERS = Setting.local("server", List.of());
  private static final Setting<BalancingMethod> METHOD =
      Setting.local("balancing method", new BalancingMethod.RoundRobin());
  private static final Setting<Integer> CONNECTIONS =
      Setting.local("keepalive", Keepalive.DEFAULT.connections());
  private static final Setting<Integer> REQUESTS =
      Setting.local("keepalive_requests", Keepalive.DEFAULT.requests());
  private static final Setting<Long> TIME =
      Setting.local("keepalive_time", Keepalive.DEFAULT.timeMillis());
  private static final Setting<Long> TIMEOUT =
      Setting.local("keepalive_timeout", Keepalive.DEFAULT.timeoutMillis());

  private static final Setting<@Nullable Zone> ZONE = Setting.local("zone", null);
  private static final Setting<Boolean> SHARED = Setting.local("store", false);
  private static final long SMALLEST_ZONE = 8 * 4096; // nginx's: eight pages

  private final ResolverModule resolvers;
  private final StickyModule sticky;
  private final Function<Scope, HealthOptions> health;
  private final Set<String> atRunTime;
  private @Nullable HttpRegistry http;

  /// @param resolvers who resolves names of servers at run time
  /// @param sticky what reads `sticky` inside of upstreams
  /// @param health what a block says of health
  /// @param healthDirectives in which directives
  public UpstreamModule(
      ResolverModule resolvers,
      StickyModule sticky,
      Function<Scope, HealthOptions> health,
      Set<String> healthDirectives) {
    this.resolvers = resolvers;
    this.sticky = sticky;
    this.health = health;
    atRunTime = new HashSet<>(AT_RUN_TIME);
    atRunTime.addAll(healthDirectives);
  }

  /// A `zone`, and the directive that it was declared with.
  private record Zone(Directive directive, UpstreamZones.Zone zone) {}

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("upstream")
        .in(HTTP)
        .arguments(1)
        .repeatable()
        .block(UPSTREAM, (_, _) -> {})
        .closing(this::declare)
        .syntax("name")
        .summary("A group of servers that requests are passed to.");
    http.directive("server")
        .in(UPSTREAM)
        .atLeast(1)
        .repeatable()
        .read(UpstreamModule::server)
        .syntax(
            "address [weight=] [max_conns=] [max_fails=] [fail_timeout=] [slow_start=] [backup]"
                + " [down] [drain] [route=] [resolve] [service=]"
                + " [canary=percent% [canary_good=] [canary_bad=]]")
        .summary(
            "One server of the group, or, of a name, one for each of its addresses; with `resolve`"
                + " they follow what name servers say. Turnout's own: `canary=5%` gives a server"
                + " that has to show first that it does well this share of the requests, whatever"
                + " the balancing method; after `canary_good` answers below 500 (by default 100) it"
                + " is one like the others, at `canary_bad` others or failed attempts (1) it is"
                + " removed.");
    http.directive("least_conn")
        .in(UPSTREAM)
        .arguments(0)
        .repeatable()
        .read((d, scope) -> method(d, scope, new BalancingMethod.LeastConnections()))
        .summary("The server with the fewest requests for its weight.");
    http.directive("pack")
        .in(UPSTREAM)
        .arguments(0, 1)
        .read(UpstreamModule::pack)
        .syntax("[requests]")
        .defaultText("pack 10")
        .summary(
            "Turnout's own: the first server of the list that has fewer requests than this, times its"
                + " weight; when all are full, the one with the fewest. The last servers become idle"
                + " when there is little to do: see `autoscale`, which may learn the number.");
    http.directive("least_time")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read(UpstreamModule::leastTime)
        .syntax("header | last_byte [inflight]")
        .summary(
            "The server that would be done first: by how long the head or all of its responses took on"
                + " average, and how many requests it has.");
    http.directive("ip_hash")
        .in(UPSTREAM)
        .arguments(0)
        .repeatable()
        .read((d, scope) -> method(d, scope, new BalancingMethod.IpHash()))
        .summary("The server by the client's address.");
    http.directive("random")
        .in(UPSTREAM)
        .arguments(0, 2)
        .repeatable()
        .read(UpstreamModule::random)
        .syntax("[two [least_conn | least_time=header | least_time=last_byte]]")
        .summary("A server by chance, or the less busy or the faster of two.");
    http.directive("hash")
        .in(UPSTREAM)
        .arguments(1, 2)
        .repeatable()
        .read(this::hash)
        .syntax("key [consistent]")
        .summary("The server by a key.")
        .differs(
            "With `consistent` there are four million points at most: where the weights of a group"
                + " come to more than 25000, each server gets its share of them.");
    http.directive("zone")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read(UpstreamModule::zone)
        .syntax("name [size]")
        .summary(
            "Names the zone of the group's state, and lets the group be checked, shown and changed at"
                + " run time; such a group may be empty.")
        .differs(
            "The state of every group is shared by all event loops; the size is not reserved.");
    http.directive("store")
        .in(UPSTREAM)
        .arguments(0)
        .read((_, scope) -> scope.set(SHARED, true))
        .summary(
            "All nodes with the same `state_store` share what is changed of the group at run time."
                + " Once it was changed, what the store has counts, and the block is what the group"
                + " would be without. Groups that are made at run time are always shared.");
    keepalive(http);
  }

  /// Whether an upstream's block has a `zone`.
  public static boolean hasZone(Scope upstream) {
    return upstream.isSet(ZONE);
  }

  private static void zone(Directive d, Scope scope) {
    String name = d.argument(0);
    if (name.isEmpty()) {
      throw ConfigException.at(d, 0, "invalid zone name \"" + name + "\"");
    }
    long size = 0;
    if (d.argumentCount() == 2) {
      size =
          Units.size(d.argument(1))
              .orElseThrow(
                  () -> ConfigException.at(d, 1, "invalid zone size \"" + d.argument(1) + "\""));
      if (size < SMALLEST_ZONE) {
        throw ConfigException.at(d, 1, "zone \"" + name + "\" is too small");
      }
    }
    scope.set(ZONE, new Zone(d, new UpstreamZones.Zone(name, size)));
  }

  private static void keepalive(HttpRegistry http) {
    http.directive("keepalive")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read(UpstreamModule::connections)
        .syntax("connections [local]")
        .defaultText("32")
        .summary("How many idle connections to the group's servers each event loop keeps.")
        .differs("Idle connections are shared by all locations; `local` is accepted.");
    http.directive("keepalive_requests")
        .in(UPSTREAM)
        .number(REQUESTS, 0, Integer.MAX_VALUE)
        .defaultText("1000")
        .summary("How many requests go over one connection.");
    http.directive("keepalive_time")
        .in(UPSTREAM)
        .time(TIME)
        .defaultText("1h")
        .summary("How long a connection is used.");
    http.directive("keepalive_timeout")
        .in(UPSTREAM)
        .time(TIMEOUT)
        .defaultText("60s")
        .summary("How long a connection may idle.");
  }

  private void declare(Directive d, Scope scope) {
    String name = d.argument(0);
    Upstreams.Plan upstreams = registry().upstreams();
    ServerListFile list = scope.get(ServerListModule.LIST);
    Zone zone = scope.get(ZONE);
    FollowedList followed = scope.get(FollowedList.SETTING);
    if (list != null) {
      readList(d, scope, list);
    } else if (followed != null) {
      followed.beginning(scope).ifPresent(lines -> replaceServers(scope, lines));
    } else if (scope.get(SERVERS).isEmpty() && zone == null) {
      throw ConfigException.at(d, "no servers are inside upstream");
    } else if (zone == null && scope.get(SERVERS).stream().allMatch(PeerSpec::backup)) {
      throw ConfigException.at(d.position(), "no servers in upstream \"" + name + "\"");
    }
    if (upstreams.find(name) != null) {
      throw ConfigException.at(d, "duplicate upstream \"" + name + "\"");
    }
    if (zone != null) {
      registry().sharedZones().claim(zone.directive(), 0, zone.zone().name(), "zone");
      registry().upstreamZones().declare(zone.directive(), name, zone.zone());
    }
    upstreams.declare(spec(name, scope, sticky.declare(name, scope)), list);
    if (followed != null) {
      upstreams.follow(name);
    }
    if (scope.get(SHARED)) {
      if (followed != null) {
        throw ConfigException.at(
                d, "the servers of upstream \"" + name + "\" are found out, and not shared")
            .withHelp("without \"store\" each node follows the source by itself");
      }
      if (list != null) {
        throw ConfigException.at(d, "\"state\" and \"store\" do not go together")
            .withHelp("what nodes share is kept in the state directory, too");
      }
      upstreams.share(name);
    }
    boolean named = isNamed(scope.get(SERVERS));
    registry()
        .beforeBuild(() -> {
          Naming naming = resolvers.naming(scope);
          if (naming != null) {
            upstreams.resolveBy(name, naming);
          } else if (named) {
            throw ConfigException.at(
                d, "no resolver defined to resolve names at run time in upstream \"" + name + "\"");
          }
        });
  }

  private void readList(Directive d, Scope scope, ServerListFile list) {
    if (scope.get(FollowedList.SETTING) != null) {
      throw ConfigException.at(d, "the servers of upstream \"" + d.argument(0) + "\" are found out")
          .withHelp("\"state\" cannot hold them: the node remembers them by itself");
    }
    if (!scope.get(SERVERS).isEmpty()) {
      throw ConfigException.at(d, "\"state\" directive is incompatible with \"server\"")
          .withHelp("the servers of the group are in \"" + list.file() + "\"");
    }
    String user = registry().upstreams().userOf(list);
    if (user != null) {
      throw ConfigException.at(
          d, "state file \"" + list.file() + "\" is in use by upstream \"" + user + "\"");
    }
    try {
      Scope lines = Scope.detached(UPSTREAM, scope);
      lines.set(METHOD, scope.get(METHOD)); // it decides what a server may have
      list.read()
          .ifPresent(
              text -> registry().readInside(lines, list.file().toString(), text, SERVERS_ONLY));
      lines.get(SERVERS).forEach(server -> scope.append(SERVERS, server));
    } catch (IOException e) {
      throw ConfigException.at(d, String.valueOf(e.getMessage()));
    }
  }

  private void replaceServers(Scope scope, FollowedList.Lines lines) {
    Scope inside = Scope.detached(UPSTREAM, scope);
    inside.set(METHOD, scope.get(METHOD)); // it decides what a server may have
    registry().readInside(inside, lines.name(), lines.text(), SERVERS_ONLY);
    scope.set(SERVERS, List.of());
    inside.get(SERVERS).forEach(server -> scope.append(SERVERS, server));
  }

  private HttpRegistry registry() {
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the upstream module is not registered");
    }
    return registry;
  }

  private UpstreamSpec spec(String name, Scope scope, @Nullable Sticky bound) {
    Zone zone = scope.get(ZONE);
    Keepalive keepalive =
        new Keepalive(
            scope.get(CONNECTIONS), scope.get(REQUESTS), scope.get(TIME), scope.get(TIMEOUT));
    UpstreamOptions options =
        new UpstreamOptions(
            zone == null ? null : zone.zone().name(),
            bound,
            scope.get(QueueModule.QUEUE),
            health.apply(scope));
    return UpstreamSpec.of(name, scope.get(SERVERS), scope.get(METHOD), keepalive, options);
  }

  private static boolean isNamed(List<PeerSpec> servers) {
    return servers.stream().anyMatch(one -> one.address() instanceof PeerAddress.Unresolved);
  }

  /// What an `upstream` block with this content would be. It may look names up, so it may wait.
  ///
  /// @param around the block that the upstream would stand in
  /// @throws ConfigException if it would be refused
  public UpstreamSpec read(String name, String content, Scope around) {
    UpstreamSpec spec = readAny(name, content, around);
    if (spec.servers().isEmpty()) {
      throw ConfigException.withoutPosition("no servers are inside upstream");
    }
    return spec;
  }

  /// As [#read], for a block that need not have servers.
  public UpstreamSpec readAny(String name, String content, Scope around) {
    Scope scope = Scope.detached(UPSTREAM, around);
    registry().readInside(scope, "upstream \"" + name + "\"", content, atRunTime);
    return spec(name, resolvable(scope), StickyModule.sticky(scope));
  }

  /// The servers that one `server` directive with these words would be: one for each address of a
  /// name. It may look the name up, so it may wait.
  ///
  /// @throws ConfigException if it would be refused
  public List<PeerSpec> readServer(String words, Scope around) {
    Scope scope = Scope.detached(UPSTREAM, around);
    registry().readInside(scope, "server", "server " + words + ";", SERVERS_ONLY);
    return resolvable(scope).get(SERVERS);
  }

  /// The servers that a list of `server` directives would be. It may look names up, so it may wait.
  ///
  /// @param name how the text is called in errors
  /// @param upstream the block that they are for
  /// @throws ConfigException if one of them would be refused
  public List<PeerSpec> readServers(String name, String text, Scope upstream) {
    Scope scope = Scope.detached(UPSTREAM, upstream);
    scope.set(METHOD, upstream.get(METHOD)); // it decides what a server may have
    registry().readInside(scope, name, text, SERVERS_ONLY);
    return resolvable(scope).get(SERVERS);
  }

  private static Scope resolvable(Scope scope) {
    if (isNamed(scope.get(SERVERS)) && ResolverModule.resolver(scope) == null) {
      throw ConfigException.withoutPosition("no resolver defined to resolve names at run time");
    }
    return scope;
  }

  private static void connections(Directive d, Scope scope) {
    long number =
        Units.number(d.argument(0))
            .orElseThrow(() ->
                ConfigException.at(
                    d, 0, "invalid value \"" + d.argument(0) + "\" in \"keepalive\" directive"));
    if (d.argumentCount() == 2 && !d.argument(1).equals("local")) {
      throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
    }
    scope.set(CONNECTIONS, (int) Math.min(number, Integer.MAX_VALUE));
  }

  private static void method(Directive d, Scope scope, BalancingMethod method) {
    if (scope.isSet(METHOD)) {
      scope.warn(d, "load balancing method redefined");
    }
    boolean backup = scope.get(SERVERS).stream().anyMatch(PeerSpec::backup);
    if (backup && !method.allowsBackup() && !(method instanceof BalancingMethod.IpHash)) {
      scope.warn(d, "backup servers take no requests with this balancing method");
    }
    scope.set(METHOD, method);
  }

  private static void pack(Directive d, Scope scope) {
    int requests = BalancingMethod.Pack.USUAL;
    if (d.argumentCount() == 1) {
      requests =
          (int)
              Units.number(d.argument(0)).stream()
                  .filter(number -> number >= 1 && number <= 1_000_000)
                  .findFirst()
                  .orElseThrow(() ->
                      ConfigException.at(
                              d, 0, "invalid value \"" + d.argument(0) + "\" in \"pack\" directive")
                          .withHelp("a number of requests from 1 on"));
    }
    method(d, scope, new BalancingMethod.Pack(requests));
  }

  private static void random(Directive d, Scope scope) {
    if (d.argumentCount() == 0) {
      method(d, scope, new BalancingMethod.Random(false));
      return;
    }
    if (!d.argument(0).equals("two")) {
      throw ConfigException.at(d, 0, "invalid parameter \"" + d.argument(0) + "\"");
    }
    BalancingMethod.LeastTime time =
        d.argumentCount() == 1
            ? null
            : switch (d.argument(1)) {
              case "least_conn" -> null;
              case "least_time=header" -> new BalancingMethod.LeastTime(true, false);
              case "least_time=last_byte" -> new BalancingMethod.LeastTime(false, false);
              default ->
                  throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
            };
    method(d, scope, new BalancingMethod.Random(true, time));
  }

  private static void leastTime(Directive d, Scope scope) {
    if (d.argumentCount() == 2 && !d.argument(1).equals("inflight")) {
      throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
    }
    boolean header =
        switch (d.argument(0)) {
          case "header" -> true;
          case "last_byte" -> false;
          default -> throw ConfigException.at(d, 0, "invalid value \"" + d.argument(0) + "\"");
        };
    method(d, scope, new BalancingMethod.LeastTime(header, d.argumentCount() == 2));
  }

  private void hash(Directive d, Scope scope) {
    registry().template(d, 0); // its variables must be there
    boolean consistent = false;
    if (d.argumentCount() == 2) {
      if (!d.argument(1).equals("consistent")) {
        throw ConfigException.at(d, 1, "invalid parameter \"" + d.argument(1) + "\"");
      }
      consistent = true;
    }
    method(d, scope, new BalancingMethod.Hash(d.argument(0), consistent));
  }

  private static void server(Directive d, Scope scope) {
    Parameters said = new Parameters();
    for (int i = 1; i < d.argumentCount(); i++) {
      said.read(d, i);
    }
    BalancingMethod method = scope.get(METHOD);
    if (said.backup && !method.allowsBackup()) {
      throw ConfigException.at(d, "balancing method does not support parameter \"backup\"");
    }
    if (said.slowStart > 0 && !method.allowsSlowStart()) {
      throw ConfigException.at(d, "balancing method does not support parameter \"slow_start\"");
    }
    List<PeerSpec> specs = new ArrayList<>();
    for (PeerAddress address : said.addresses(d)) {
      specs.add(said.spec(d, address));
    }
    for (PeerSpec spec : specs) {
      scope.append(SERVERS, spec);
    }
  }

  /// The parameters of one `server`, as they are read.
  private static final class Parameters {
    private int weight = 1;
    private int maxConns;
    private int maxFails = 1;
    private long failTimeout = 10_000;
    private long slowStart;
    private boolean backup;
    private boolean down;
    private boolean drain;
    private String route = "";
    private boolean resolve;
    private String service = "";
    private int canary;
    private int canaryGood;
    private int canaryBad;

    void read(Directive d, int i) {
      String word = d.argument(i);
      int equals = word.indexOf('=');
      String name = equals < 0 ? word : word.substring(0, equals);
      String value = equals < 0 ? "" : word.substring(equals + 1);
      switch (name) {
        case "weight" -> {
          weight = number(d, i, word, value);
          if (weight == 0) {
            throw invalid(d, i, word);
          }
        }
        case "max_conns" -> maxConns = number(d, i, word, value);
        case "max_fails" -> maxFails = number(d, i, word, value);
        case "fail_timeout" -> failTimeout = seconds(d, i, word, value) * 1000;
        case "slow_start" -> slowStart = seconds(d, i, word, value) * 1000;
        case "backup" -> backup = true;
        case "down" -> down = true;
        case "drain" -> drain = true;
        case "route" -> route = route(d, i, value);
        case "resolve" -> resolve = true;
        case "canary" -> {
          if (!value.endsWith("%")) {
            throw invalid(d, i, word).withHelp("a share, such as canary=5%");
          }
          canary = count(d, i, word, value.substring(0, value.length() - 1));
        }
        case "canary_good" -> canaryGood = count(d, i, word, value);
        case "canary_bad" -> canaryBad = count(d, i, word, value);
        case "service" -> {
          service = value;
          if (service.isEmpty()) {
            throw ConfigException.at(d, i, equals < 0 ? unknown(word) : "service is empty");
          }
        }
        default -> throw invalid(d, i, word);
      }
    }

    private static String unknown(String word) {
      return "invalid parameter \"" + word + "\"";
    }

    /// The places that the server's address names, or the name that is resolved at run time.
    PeerAddress[] addresses(Directive d) {
      String server = d.argument(0);
      if (!service.isEmpty() && !resolve) {
        throw ConfigException.at(
            d, 0, "service upstream \"" + server + "\" requires \"resolve\" parameter");
      }
      boolean named = ServerAddress.isName(server);
      if (!service.isEmpty() && named && server.indexOf(':') >= 0) {
        throw ConfigException.at(d, 0, "service upstream \"" + server + "\" may not have port");
      }
      if (!service.isEmpty() && !named) {
        throw ConfigException.at(d, 0, "service upstream \"" + server + "\" requires domain name");
      }
      return resolve && named
          ? new PeerAddress[] {unresolved(d, server)}
          : ProxyModule.addresses(d, server);
    }

    private PeerAddress unresolved(Directive d, String server) {
      try {
        return ServerAddress.unresolved(server, service);
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, 0, e.getMessage() + " in upstream \"" + server + "\"");
      }
    }

    PeerSpec spec(Directive d, PeerAddress address) {
      PeerSpec spec =
          PeerSpec.of(d.argument(0), address)
              .withWeight(weight)
              .withMaxConns(maxConns)
              .withFailures(maxFails, failTimeout)
              .withSlowStart(slowStart)
              .withBackup(backup)
              .withDown(down)
              .withDrain(drain)
              .withRoute(route);
      try {
        return spec.withCanary(canary());
      } catch (IllegalArgumentException e) {
        throw ConfigException.at(d, "invalid canary: " + e.getMessage());
      }
    }

    private @Nullable Canary canary() {
      if (canary == 0 && canaryGood + canaryBad > 0) {
        throw new IllegalArgumentException("its share is missing, such as canary=5%");
      }
      return canary == 0
          ? null
          : new Canary(
              canary,
              canaryGood == 0 ? Canary.GOOD : canaryGood,
              canaryBad == 0 ? Canary.BAD : canaryBad);
    }

    private static int count(Directive d, int i, String word, String value) {
      int count = number(d, i, word, value);
      if (count == 0) {
        throw invalid(d, i, word);
      }
      return count;
    }

    private static String route(Directive d, int i, String value) {
      if (value.isEmpty()) {
        throw ConfigException.at(d, i, "route is empty");
      }
      if (value.length() > PeerSpec.MAX_ROUTE) {
        throw ConfigException.at(d, i, "route is longer than " + PeerSpec.MAX_ROUTE);
      }
      return value;
    }

    private static int number(Directive d, int i, String word, String value) {
      OptionalLong number = Units.number(value);
      if (number.isEmpty() || number.getAsLong() > Integer.MAX_VALUE) {
        throw invalid(d, i, word);
      }
      return (int) number.getAsLong();
    }

    private static long seconds(Directive d, int i, String word, String value) {
      return Units.seconds(value).orElseThrow(() -> invalid(d, i, word));
    }

    private static ConfigException invalid(Directive d, int i, String word) {
      return ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
    }
  }
}

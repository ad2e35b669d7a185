package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Context;
import dev.turnout.config.Scope;
import dev.turnout.http.CoreModule.Listen;
import dev.turnout.http.CoreModule.LocationName;
import dev.turnout.http.CoreModule.ServerName;
import dev.turnout.http.h1.HeadLimits;
import dev.turnout.net.ListenAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Builds a {@link Generation} from a configuration that has been read. Used once.
public final class HttpBuilder {
  private final HttpRegistry http;
  private final CoreModule core;
  private final Map<Scope, Location> made = new HashMap<>(); // in the server that is being built

  public HttpBuilder(HttpRegistry http, CoreModule core) {
    this.http = http;
    this.core = core;
  }

  private record Built(Scope scope, VirtualServer server, List<Listen> listens) {}

  /// Builds it.
  ///
  /// @throws ConfigException if what was read does not fit together
  public Generation build(Scope main, int number, int workers) {
    http.beforeBuild().forEach(Runnable::run);
    List<String> unknown = http.variables().bind();
    if (!unknown.isEmpty()) {
      throw ConfigException.withoutPosition("unknown \"" + unknown.getFirst() + "\" variable");
    }
    List<Built> servers = new ArrayList<>();
    for (Scope block : main.children(Context.HTTP)) {
      for (Scope scope : block.children(Context.SERVER)) {
        servers.add(new Built(scope, server(scope), listens(scope)));
      }
    }
    Generation generation =
        new Generation(
            number,
            System.currentTimeMillis(),
            listenSettings(servers),
            http.variables().slotCount(),
            http.exchangeSlotCount(),
            http.variables(),
            http.sticky(),
            http.choosers(),
            http.debugged(),
            workers);
    http.built(generation);
    return generation;
  }

  static List<Listen> listens(Scope scope) {
    List<Listen> own = scope.get(CoreModule.LISTENS);
    if (!own.isEmpty() || scope.directive() == null) {
      return own;
    }
    SocketAddress standard = ListenAddress.parse("*:80", 80);
    return List.of(
        new Listen(
            standard, false, false, ListenSettings.Socket.STANDARD, false, scope.directive()));
  }

  private VirtualServer server(Scope scope) {
    Map<String, Location> named = new HashMap<>();
    LocationTree.Builder tree = new LocationTree.Builder();
    for (Scope child : scope.children(Context.LOCATION)) {
      addLocation(child, tree, named);
    }
    List<ServerName> names = scope.get(CoreModule.NAMES);
    Location base = http.location("", scope, core.settings(scope), false, null, null);
    String first = names.isEmpty() ? "" : names.getFirst().text();
    VirtualServer server =
        new VirtualServer(
            first.startsWith(".") ? first.substring(1) : first,
            names(names),
            base,
            tree.build(),
            named);
    made.forEach((at, location) -> http.place(at, new HttpRegistry.Place(server, location)));
    made.clear();
    return server;
  }

  /// The names of one server alone; a name may stand twice.
  private static Predicate<String> names(List<ServerName> names) {
    HostPatterns<Boolean> patterns = new HostPatterns<>();
    List<Regex> expressions = new ArrayList<>();
    names.stream()
        .filter(name -> name.pattern() == null)
        .map(ServerName::text)
        .distinct()
        .forEach(name -> {
          try {
            patterns.add(name, true);
          } catch (IllegalArgumentException _) {
            // `.a.test` beside `a.test`, or what is no host name and so never asked for
          }
        });
    names.forEach(name -> {
      Capture pattern = name.pattern();
      if (pattern != null) {
        expressions.add(pattern.regex());
      }
    });
    return host ->
        patterns.find(host) != null
            || expressions.stream().anyMatch(expression -> expression.test(host));
  }

  private void addLocation(Scope scope, LocationTree.Builder tree, Map<String, Location> named) {
    LocationName name = scope.get(CoreModule.LOCATION_NAME);
    if (name == null) {
      throw new IllegalStateException("a location without a name");
    }
    buildConditionals(name, scope);
    LocationTree.Builder inner = new LocationTree.Builder();
    for (Scope child : scope.children(Context.LOCATION)) {
      addLocation(child, inner, named);
    }
    Location location =
        http.location(
            name.name(),
            scope,
            core.settings(scope),
            scope.get(CoreModule.INTERNAL),
            inner.isEmpty() ? null : inner.build(),
            except(name, scope));
    made.put(scope, location);
    boolean added = true;
    switch (name.kind()) {
      case EXACT -> added = tree.exact(name.name(), location, autoRedirect(scope));
      case PREFIX -> added = tree.prefix(name.name(), location, false, autoRedirect(scope));
      case PREFIX_FIRST -> added = tree.prefix(name.name(), location, true, autoRedirect(scope));
      case PATTERN -> tree.pattern(pattern(name), location);
      case NAMED -> added = named.put(name.name(), location) == null;
    }
    if (!added && scope.directive() != null) {
      throw ConfigException.at(scope.directive(), "duplicate location \"" + name.name() + "\"");
    }
  }

  private void buildConditionals(LocationName name, Scope scope) {
    for (Scope child : scope.children(Context.LOCATION_IF)) {
      buildConditionals(name, child);
      http.conditional(
          child, http.location(name.name(), child, core.settings(child), false, null, null));
    }
  }

  private Location.@Nullable Except except(LocationName name, Scope scope) {
    for (Scope child : scope.children(Context.LIMIT_EXCEPT)) {
      Location rules = http.location(name.name(), child, core.settings(child), false, null, null);
      return new Location.Except(child.get(LimitExceptModule.METHODS), rules);
    }
    return null;
  }

  private static boolean autoRedirect(Scope scope) {
    return scope.get(CoreModule.AUTO_REDIRECT);
  }

  private static Capture pattern(LocationName name) {
    Capture pattern = name.pattern();
    if (pattern == null) {
      throw new IllegalStateException("a pattern without an expression");
    }
    return pattern;
  }

  /// One address while its servers are collected.
  private static final class Address {
    private final ServerNames.Builder names = new ServerNames.Builder();
    private final Map<VirtualServer, Boolean> servers = new LinkedHashMap<>();
    private @Nullable Listen options;
    private @Nullable Scope first;
    private @Nullable Scope standard;
    private boolean proxyProtocol;
  }

  private Map<SocketAddress, ListenSettings> listenSettings(List<Built> servers) {
    Map<SocketAddress, Address> addresses = new LinkedHashMap<>();
    for (Built built : servers) {
      for (Listen listen : built.listens()) {
        add(addresses.computeIfAbsent(listen.address(), _ -> new Address()), built, listen);
      }
    }
    Map<SocketAddress, ListenSettings> settings = new LinkedHashMap<>();
    Map<SocketAddress, Map<SocketAddress, ListenSettings.Local>> underWildcard = new HashMap<>();
    for (Map.Entry<SocketAddress, Address> entry : addresses.entrySet()) {
      SocketAddress wildcard = wildcardOf(entry.getKey());
      Address over = wildcard == null ? null : addresses.get(wildcard);
      if (wildcard != null && over != null && over != entry.getValue()) {
        underWildcard
            .computeIfAbsent(wildcard, _ -> new HashMap<>())
            .put(
                entry.getKey(),
                new ListenSettings.Local(
                    entry.getValue().names.build(), entry.getValue().proxyProtocol));
      }
    }
    for (Map.Entry<SocketAddress, Address> entry : addresses.entrySet()) {
      SocketAddress wildcard = wildcardOf(entry.getKey());
      boolean bound =
          wildcard == null || wildcard.equals(entry.getKey()) || !addresses.containsKey(wildcard);
      if (bound) {
        settings.put(
            entry.getKey(),
            settings(entry.getValue(), underWildcard.getOrDefault(entry.getKey(), Map.of())));
      }
    }
    return settings;
  }

  /// The address that takes connections for all addresses of this port, or null for unix sockets.
  private static @Nullable SocketAddress wildcardOf(SocketAddress address) {
    if (!(address instanceof InetSocketAddress inet) || inet.getPort() == 0) {
      return null;
    }
    boolean v4 = inet.getAddress() instanceof java.net.Inet4Address;
    return ListenAddress.parse((v4 ? "0.0.0.0:" : "[::]:") + inet.getPort(), 80);
  }

  private static void add(Address address, Built built, Listen listen) {
    if (listen.isDefault() && address.standard != null && address.standard != built.scope()) {
      throw ConfigException.at(
          listen.directive(),
          "a duplicate default server for " + ListenAddress.text(listen.address()));
    }
    if (address.servers.putIfAbsent(built.server(), true) != null) {
      throw ConfigException.at(
          listen.directive(), "a duplicate listen " + ListenAddress.text(listen.address()));
    }
    if (address.first == null) {
      address.first = built.scope();
    }
    if (listen.isDefault()) {
      address.standard = built.scope();
    }
    if (listen.explicit()) {
      if (address.options != null && address.options.explicit()) {
        throw ConfigException.at(
            listen.directive(),
            "duplicate listen options for " + ListenAddress.text(listen.address()));
      }
      address.options = listen;
    } else if (address.options == null) {
      address.options = listen;
    }
    address.proxyProtocol |= listen.proxyProtocol();
    address.names.server(built.server(), listen.isDefault());
    List<ServerName> names = built.scope().get(CoreModule.NAMES);
    for (ServerName name : names) {
      addName(address, built, listen, name);
    }
  }

  private static void addName(Address address, Built built, Listen listen, ServerName name) {
    if (name.pattern() != null) {
      address.names.pattern(name.pattern(), built.server());
    } else if (!address.names.name(name.text(), built.server())) {
      built
          .scope()
          .warn(
              listen.directive(),
              "conflicting server name \""
                  + name.text()
                  + "\" on "
                  + ListenAddress.text(listen.address())
                  + ", ignored");
    }
  }

  private ListenSettings settings(Address address, Map<SocketAddress, ListenSettings.Local> local) {
    Scope scope = address.standard != null ? address.standard : address.first;
    Listen options = address.options;
    if (scope == null || options == null) {
      throw new IllegalStateException("an address without a server");
    }
    CoreModule.Buffers large = scope.get(CoreModule.LARGE_BUFFERS);
    HeadLimits limits =
        new HeadLimits(
            (int) Math.min(Integer.MAX_VALUE, scope.get(CoreModule.HEADER_BUFFER)),
            large.number(),
            large.size(),
            scope.get(CoreModule.MAX_HEADERS),
            scope.get(CoreModule.UNDERSCORES),
            scope.get(CoreModule.IGNORE_INVALID));
    return new ListenSettings(
        address.names.build(),
        local,
        options.socket(),
        address.proxyProtocol,
        scope.get(CoreModule.HEADER_TIMEOUT),
        scope.get(CoreModule.MERGE_SLASHES),
        limits);
  }
}

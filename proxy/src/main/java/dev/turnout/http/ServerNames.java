package dev.turnout.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The virtual servers of one listening address and the search through them, in nginx's order:
/// exact name, longest wildcard that begins with `*`, longest that ends with `*`, first regular
/// expression, default server. Immutable once built.
public final class ServerNames {
  private final VirtualServer defaultServer;
  private final VirtualServer nameless;
  private final Map<String, VirtualServer> exact;
  private final Map<String, VirtualServer> suffixes;
  private final Map<String, VirtualServer> prefixes;
  private final List<Pattern> patterns;
  private final boolean single;

  private record Pattern(Capture capture, VirtualServer server) {}

  private ServerNames(
      VirtualServer defaultServer,
      Map<String, VirtualServer> exact,
      Map<String, VirtualServer> suffixes,
      Map<String, VirtualServer> prefixes,
      List<Pattern> patterns) {
    this.defaultServer = defaultServer;
    this.exact = Map.copyOf(exact);
    this.suffixes = Map.copyOf(suffixes);
    this.prefixes = Map.copyOf(prefixes);
    this.patterns = List.copyOf(patterns);
    this.nameless = exact.getOrDefault("", defaultServer);
    this.single =
        suffixes.isEmpty()
            && prefixes.isEmpty()
            && patterns.isEmpty()
            && exact.values().stream().allMatch(server -> server == defaultServer);
  }

  /// Collects the servers of one address.
  public static final class Builder {
    private final Map<String, VirtualServer> exact = new HashMap<>();
    private final Map<String, VirtualServer> suffixes = new HashMap<>();
    private final Map<String, VirtualServer> prefixes = new HashMap<>();
    private final List<Pattern> patterns = new ArrayList<>();
    private @Nullable VirtualServer first;
    private @Nullable VirtualServer chosen;

    /// Adds a server, without names yet.
    public void server(VirtualServer server, boolean isDefault) {
      if (first == null) {
        first = server;
      }
      if (isDefault) {
        chosen = server;
      }
    }

    /// Adds a name of a server; false if another server has it already.
    public boolean name(String name, VirtualServer server) {
      if (name.startsWith("*.")) {
        return suffixes.putIfAbsent(name.substring(1), server) == null;
      }
      if (name.startsWith(".")) {
        return exact.putIfAbsent(name.substring(1), server) == null
            && suffixes.putIfAbsent(name, server) == null; // whole or not at all, as in nginx
      }
      if (name.endsWith(".*")) {
        return prefixes.putIfAbsent(name.substring(0, name.length() - 1), server) == null;
      }
      return exact.putIfAbsent(name, server) == null;
    }

    /// Adds a regular expression of a server; its named captures become variables.
    public void pattern(Capture capture, VirtualServer server) {
      patterns.add(new Pattern(capture, server));
    }

    /// The names that were added.
    ///
    /// @throws IllegalStateException if no server was added
    public ServerNames build() {
      VirtualServer standard = chosen != null ? chosen : first;
      if (standard == null) {
        throw new IllegalStateException("an address without a server");
      }
      return new ServerNames(standard, exact, suffixes, prefixes, patterns);
    }
  }

  /// The server for requests that name none, or none that is known.
  public VirtualServer defaultServer() {
    return defaultServer;
  }

  /// The server for this host, which is canonical (lower case, no port, no trailing dot) or null.
  public VirtualServer find(@Nullable String host, Exchange exchange) {
    if (single) {
      return defaultServer;
    }
    if (host == null) {
      return nameless;
    }
    VirtualServer server = exact.get(host);
    if (server != null) {
      return server;
    }
    if (!suffixes.isEmpty()) {
      for (int dot = host.indexOf('.'); dot >= 0; dot = host.indexOf('.', dot + 1)) {
        server = dot == 0 ? null : suffixes.get(host.substring(dot));
        if (server != null) {
          return server;
        }
      }
    }
    if (!prefixes.isEmpty()) {
      for (int dot = host.lastIndexOf('.'); dot > 0; dot = host.lastIndexOf('.', dot - 1)) {
        server = prefixes.get(host.substring(0, dot + 1));
        if (server != null) {
          return server;
        }
      }
    }
    for (Pattern pattern : patterns) {
      if (pattern.capture.matches(host, exchange)) {
        return pattern.server;
      }
    }
    return defaultServer;
  }
}

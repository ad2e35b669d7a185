package dev.turnout.http;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One `server {}`: its names, its locations, and its own settings outside any location. Immutable
/// once built.
public final class VirtualServer {
  private final String name;
  private final Location base;
  private final LocationTree locations;
  private final Map<String, Location> named;

  VirtualServer(String name, Location base, LocationTree locations, Map<String, Location> named) {
    this.name = name;
    this.base = base;
    this.locations = locations;
    this.named = Map.copyOf(named);
  }

  /// The first of its names, empty if it has none: `$server_name`.
  public String name() {
    return name;
  }

  /// Settings and handlers outside any location.
  public Location base() {
    return base;
  }

  /// The location for a path, null if none matches.
  public @Nullable Location find(String path, Exchange exchange) {
    return locations.find(path, exchange);
  }

  /// The location `@name`.
  public @Nullable Location named(String name) {
    return named.get(name);
  }
}

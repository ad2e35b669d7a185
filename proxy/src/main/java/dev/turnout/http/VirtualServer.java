package dev.turnout.http;

import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One `server {}`: its names, its locations, and its own settings outside any location. Immutable
/// once built.
public final class VirtualServer {
  private final String name;
  private final Location base;
  private final LocationTree locations;
  private final Map<String, Location> named;
  private final Predicate<String> names;

  VirtualServer(
      String name,
      Predicate<String> names,
      Location base,
      LocationTree locations,
      Map<String, Location> named) {
    this.name = name;
    this.names = names;
    this.base = base;
    this.locations = locations;
    this.named = Map.copyOf(named);
  }

  /// The first of its names, empty if it has none: `$server_name`.
  public String name() {
    return name;
  }

  /// Whether one of its names is this host, and not only that it is asked for want of another.
  public boolean isNamed(String host) {
    return names.test(host);
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

package dev.turnout.http;

import dev.turnout.metrics.TrafficZone;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The `status_zone`s of the process. A zone keeps its counters over every reload that names it.
/// Written by the control plane, read by anyone.
public final class StatusZones {
  private volatile Named current = new Named(Map.of(), Map.of());

  /// The zones of one configuration, by name.
  private record Named(Map<String, TrafficZone> servers, Map<String, TrafficZone> locations) {}

  /// The zones that servers count in.
  public Collection<TrafficZone> servers() {
    return current.servers().values();
  }

  /// The zones that locations count in.
  public Collection<TrafficZone> locations() {
    return current.locations().values();
  }

  /// The zone of this name that servers count in.
  public @Nullable TrafficZone server(String name) {
    return current.servers().get(name);
  }

  /// The zone of this name that locations count in.
  public @Nullable TrafficZone location(String name) {
    return current.locations().get(name);
  }

  /// The zones of a configuration that is about to take over.
  Plan plan() {
    return new Plan();
  }

  /// The zones of one configuration. Used by one thread.
  final class Plan implements HttpRegistry.Pending {
    private final Map<String, TrafficZone> servers = new HashMap<>();
    private final Map<String, TrafficZone> locations = new HashMap<>();

    private Plan() {}

    /// The zone of this name for servers: the one that is there, or new.
    TrafficZone server(String name) {
      return servers.computeIfAbsent(name, _ -> kept(current.servers(), name));
    }

    /// The zone of this name for locations: the one that is there, or new.
    TrafficZone location(String name) {
      return locations.computeIfAbsent(name, _ -> kept(current.locations(), name));
    }

    private static TrafficZone kept(Map<String, TrafficZone> there, String name) {
      TrafficZone zone = there.get(name);
      return zone != null ? zone : new TrafficZone(name);
    }

    @Override
    public void activate() {
      current = new Named(Map.copyOf(servers), Map.copyOf(locations));
    }

    @Override
    public void abandon() {
      // nothing was opened
    }
  }
}

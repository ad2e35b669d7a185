package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The `zone` of each upstream that has one. All state of an upstream is shared by the loops here,
/// zone or not; the zone is what the interfaces for operators know the upstream's state by, and
/// upstreams without one are not for them to change.
///
/// Written by the control thread, read by anyone.
public final class UpstreamZones {
  private volatile Map<String, Zone> byUpstream = Map.of();

  /// A zone as declared.
  ///
  /// @param name its name, which several upstreams may share
  /// @param size in bytes; 0 where another upstream's line says it
  public record Zone(String name, long size) {}

  /// The zone of the upstream of this name in the configuration that is in force; null: it has
  /// none.
  public @Nullable Zone of(String upstream) {
    return byUpstream.get(key(upstream));
  }

  private static String key(String upstream) {
    return upstream.toLowerCase(Locale.ROOT);
  }

  /// The zones of a configuration that is being read.
  Plan plan() {
    return new Plan();
  }

  /// The zones of one configuration. Used by one thread.
  public final class Plan implements HttpRegistry.Pending {
    private final Map<String, Zone> next = new HashMap<>();
    private final Map<String, Long> sizes = new HashMap<>();

    private Plan() {}

    /// Declares the zone of an upstream; `d` is its `zone` directive.
    public void declare(Directive d, String upstream, Zone zone) {
      Long before = zone.size() == 0 ? null : sizes.putIfAbsent(zone.name(), zone.size());
      if (before != null && before != zone.size()) {
        throw ConfigException.at(
            d,
            "the size "
                + zone.size()
                + " of shared memory zone \""
                + zone.name()
                + "\" conflicts with already declared size "
                + before);
      }
      next.put(key(upstream), zone);
    }

    /// All is read: every zone has its size.
    void complete() {
      next.replaceAll((_, zone) -> {
        Long size = sizes.get(zone.name());
        if (size == null) {
          throw ConfigException.withoutPosition(
              "zero size shared memory zone \"" + zone.name() + "\"");
        }
        return new Zone(zone.name(), size);
      });
    }

    @Override
    public void activate() {
      byUpstream = Map.copyOf(next);
    }

    @Override
    public void abandon() {
      next.clear();
    }
  }
}

package dev.turnout.cluster.share;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Under which key which thing is in a store.
///
/// A zone's entry is under the zone's prefix and the entry's key, as it is: so a switch is `PREFIX`
/// + host → the name of the upstream, which people and other programs read and write. All else
///   begins with `@` after the store's prefix.
///
/// @param prefix of the store
/// @param zones the prefixes of the zones that are shared, by name
public record Layout(String prefix, Map<String, String> zones) {
  private static final String OWN = "@";

  /// What a key stands for.
  public sealed interface Thing {
    /// An entry of a key-value zone.
    record ZoneKey(String zone, String key) implements Thing {}

    /// A group of servers.
    ///
    /// @param name in lower case
    record Group(String name) implements Thing {}
  }

  public Layout {
    zones = Map.copyOf(zones);
  }

  /// Where the zones of a configuration are.
  ///
  /// @param wanted by name of the zone the prefix that it is given; empty: the store's own
  /// @throws IllegalArgumentException if two would be in one place
  public static Layout of(String prefix, Map<String, String> wanted) {
    Map<String, String> zones = new LinkedHashMap<>();
    for (Map.Entry<String, String> one : wanted.entrySet()) {
      String place = one.getValue().isEmpty() ? prefix : one.getValue();
      for (Map.Entry<String, String> other : zones.entrySet()) {
        if (place.startsWith(other.getValue()) || other.getValue().startsWith(place)) {
          throw new IllegalArgumentException(
              "the keys of zone \"%s\" would be among those of zone \"%s\""
                  .formatted(one.getKey(), other.getKey()));
        }
      }
      if (!place.equals(prefix) && (place.startsWith(prefix) || prefix.startsWith(place))) {
        throw new IllegalArgumentException(
            "the keys of zone \"%s\" would be among the store's own, \"%s\""
                .formatted(one.getKey(), prefix));
      }
      zones.put(one.getKey(), place);
    }
    return new Layout(prefix, zones);
  }

  /// The keys of the [Replica].
  public Replica.Names names(String node) {
    return new Replica.Names(prefix + OWN + "cluster", prefix + OWN + "by:", node);
  }

  /// What is to be followed.
  public Collection<String> prefixes() {
    Set<String> all = new LinkedHashSet<>();
    all.add(prefix);
    all.addAll(zones.values());
    return all;
  }

  /// The key of an entry of a shared zone; null if it can have none, as it would be one of ours, or
  /// is no visible ASCII.
  public @Nullable String key(String zone, String key) {
    String place = zones.get(zone);
    boolean text = !key.isEmpty() && key.chars().allMatch(c -> c > ' ' && c <= '~');
    return place == null || !text || (place.equals(prefix) && key.startsWith(OWN))
        ? null
        : place + key;
  }

  /// The key of a group.
  public String group(String name) {
    return prefix + OWN + "group:" + name.toLowerCase(Locale.ROOT);
  }

  /// What a key stands for; null if for nothing that is served.
  public @Nullable Thing thing(String key) {
    String groups = prefix + OWN + "group:";
    if (key.startsWith(groups)) {
      return new Thing.Group(key.substring(groups.length()).toLowerCase(Locale.ROOT));
    }
    if (key.startsWith(prefix + OWN)) {
      return null;
    }
    for (Map.Entry<String, String> zone : zones.entrySet()) {
      if (key.startsWith(zone.getValue()) && key.length() > zone.getValue().length()) {
        return new Thing.ZoneKey(zone.getKey(), key.substring(zone.getValue().length()));
      }
    }
    return null;
  }
}

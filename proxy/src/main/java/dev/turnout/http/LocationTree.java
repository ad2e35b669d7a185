package dev.turnout.http;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The locations of one block and the search through them, in nginx's order: exact, then the
/// longest prefix, then (unless that prefix says `^~`) the regular expressions as written. Those
/// inside of the prefix are asked before those beside it. Immutable.
public final class LocationTree {
  private final Map<String, Location> exact;
  private final PrefixTree<Prefix> prefixes;
  private final List<Pattern> patterns;
  private final Map<String, Location> autoRedirects;

  private record Prefix(Location location, boolean winsOverPatterns) {}

  private record Pattern(Capture capture, Location location) {}

  private LocationTree(
      Map<String, Location> exact,
      PrefixTree<Prefix> prefixes,
      List<Pattern> patterns,
      Map<String, Location> autoRedirects) {
    this.exact = exact;
    this.prefixes = prefixes;
    this.patterns = patterns;
    this.autoRedirects = autoRedirects;
  }

  /// Collects locations as they are read.
  public static final class Builder {
    private final Map<String, Location> exact = new HashMap<>();
    private final Map<String, Prefix> prefixes = new HashMap<>();
    private final List<Pattern> patterns = new ArrayList<>();
    private final Map<String, Location> autoRedirects = new HashMap<>();

    /// `location = name`; false if there is one already.
    public boolean exact(String name, Location location) {
      return exact(name, location, false);
    }

    /// `location = name`, where a request for the name without its last slash may be redirected to
    /// it; false if there is one already.
    public boolean exact(String name, Location location, boolean autoRedirect) {
      if (exact.putIfAbsent(name, location) != null) {
        return false;
      }
      redirect(name, location, autoRedirect);
      return true;
    }

    private void redirect(String name, Location location, boolean autoRedirect) {
      if (autoRedirect && name.length() > 1 && name.endsWith("/")) {
        autoRedirects.putIfAbsent(name.substring(0, name.length() - 1), location);
      }
    }

    /// `location name` and, with `winsOverPatterns`, `location ^~ name`. With `autoRedirect` a
    /// request for the name without its last slash is redirected to it. False if there is one
    /// already.
    public boolean prefix(
        String name, Location location, boolean winsOverPatterns, boolean autoRedirect) {
      if (prefixes.putIfAbsent(name, new Prefix(location, winsOverPatterns)) != null) {
        return false;
      }
      redirect(name, location, autoRedirect);
      return true;
    }

    /// `location ~ regex` and `location ~* regex`.
    public void pattern(Capture capture, Location location) {
      patterns.add(new Pattern(capture, location));
    }

    /// True if nothing was added.
    public boolean isEmpty() {
      return exact.isEmpty() && prefixes.isEmpty() && patterns.isEmpty();
    }

    /// The tree of what was added.
    public LocationTree build() {
      autoRedirects
          .keySet()
          .removeIf(name -> exact.containsKey(name) || prefixes.containsKey(name));
      PrefixTree<Prefix> tree = new PrefixTree<>();
      new TreeMap<>(prefixes).forEach(tree::put);
      return new LocationTree(
          Map.copyOf(exact), tree, List.copyOf(patterns), Map.copyOf(autoRedirects));
    }
  }

  /// The location for this path. Captures of a regular expression that matched go into the
  /// exchange.
  public @Nullable Location find(String path, Exchange exchange) {
    return find(path, exchange, false);
  }

  /// With `finalOnly` only what no pattern around this block is asked after: an exact match, a
  /// redirect to a directory, or a pattern.
  private @Nullable Location find(String path, Exchange exchange, boolean finalOnly) {
    Location found = exact.isEmpty() ? null : exact.get(path);
    if (found != null) {
      return found;
    }
    if (!autoRedirects.isEmpty()) {
      Location directory = autoRedirects.get(path);
      if (directory != null) {
        exchange.wantSlash();
        return directory;
      }
    }
    Prefix prefix = prefixes.longest(path);
    Location best = null;
    if (prefix != null) {
      best = prefix.location;
      LocationTree nested = best.nested();
      if (nested != null) {
        Location inner = nested.find(path, exchange, true);
        if (inner != null) {
          return inner;
        }
        best = nested.longest(path, best);
      }
      if (prefix.winsOverPatterns) {
        return finalOnly ? null : best;
      }
    }
    for (Pattern pattern : patterns) {
      if (pattern.capture.matches(path, exchange)) {
        Location matched = pattern.location;
        LocationTree nested = matched.nested();
        Location inner = nested == null ? null : nested.find(path, exchange);
        return inner == null ? matched : inner;
      }
    }
    return finalOnly ? null : best;
  }

  /// By prefixes alone; `otherwise` if none fits.
  private Location longest(String path, Location otherwise) {
    Prefix prefix = prefixes.longest(path);
    if (prefix == null) {
      return otherwise;
    }
    LocationTree nested = prefix.location.nested();
    return nested == null ? prefix.location : nested.longest(path, prefix.location);
  }
}

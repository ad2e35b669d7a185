package dev.turnout.http.access;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import dev.turnout.log.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The zones of one kind of limit in one configuration: declared and named while it is read, in any
/// order, and there once it is built.
///
/// @param <C> what such a zone holds
final class LimitZones<C> {
  private final HttpRegistry http;
  private final String directive;
  private final Map<String, Declared<C>> declared = new LinkedHashMap<>();
  private final Set<String> used = new LinkedHashSet<>();
  private final Map<String, Zone<C>> zones = new HashMap<>();

  /// A kind of content.
  ///
  /// @param make makes that of a zone of so many bytes
  record Kind<C>(Class<C> type, LongFunction<C> make) {}

  private record Declared<C>(
      ZoneSize size, Template key, String keyText, long rate, Kind<? extends C> kind) {}

  /// A zone, ready for use.
  ///
  /// @param name its name
  /// @param key what its entries are found by
  /// @param keyText the key as written
  /// @param rate of a `limit_req_zone`: thousandths of a request per second
  /// @param content what it holds
  record Zone<C>(String name, Template key, String keyText, long rate, C content) {
    /// True if the key has more than `most` bytes; that is logged, and the request goes by.
    boolean isTooLong(Exchange exchange, String value, int most) {
      if (value.length() <= most) {
        return false;
      }
      exchange.log(
          Level.ERROR,
          "the value of the \"%s\" key is more than %d bytes: \"%s\""
              .formatted(keyText, most, value));
      return true;
    }
  }

  /// @param directive what declares such zones
  LimitZones(HttpRegistry http, String directive) {
    this.http = http;
    this.directive = directive;
    http.beforeBuild(this::prepare);
  }

  void declare(Directive d, @Nullable ZoneSize size, long rate, Kind<? extends C> kind) {
    if (size == null || size.name().isEmpty()) {
      throw ConfigException.at(d, "\"" + d.name() + "\" must have \"zone\" parameter");
    }
    http.sharedZones().claim(d, 0, size.name(), directive);
    Declared<C> mine = new Declared<>(size, http.template(d, 0), d.argument(0), rate, kind);
    Declared<C> before = declared.putIfAbsent(size.name(), mine);
    if (before != null) {
      throw ConfigException.at(
          d,
          d.name()
              + " \""
              + size.name()
              + "\" is already bound to key \""
              + before.keyText()
              + "\"");
    }
  }

  /// Notes that argument `i` of a directive names a zone.
  void use(Directive d, int i, String name) {
    http.sharedZones().claim(d, i, name, directive);
    used.add(name);
  }

  boolean areUsed() {
    return !used.isEmpty();
  }

  private void prepare() {
    for (String name : used) {
      if (!declared.containsKey(name)) {
        throw ConfigException.withoutPosition("zero size shared memory zone \"" + name + "\"")
            .withHelp("no " + directive + " declares it")
            .suggesting(name, declared.keySet());
      }
    }
    declared.forEach((name, zone) -> zones.put(name, zone(name, zone)));
  }

  private Zone<C> zone(String name, Declared<C> zone) {
    C content = content(name, zone, zone.kind());
    return new Zone<>(name, zone.key(), zone.keyText(), zone.rate(), content);
  }

  private <K extends C> C content(String name, Declared<C> zone, Kind<K> kind) {
    return http.sharedZones()
        .content(name, directive, zone.size().bytes(), zone.keyText(), kind.type(), kind.make());
  }

  /// All of them, once the configuration is read.
  Collection<Zone<C>> all() {
    return zones.values();
  }

  /// The zone of this name, once the configuration is read.
  Zone<C> find(String name) {
    Zone<C> zone = zones.get(name);
    if (zone == null) {
      throw new IllegalStateException("zone \"" + name + "\" is not built");
    }
    return zone;
  }
}

package dev.turnout.http.rewrite;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.cluster.KeyvalType;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.ZoneRefused;
import dev.turnout.cluster.ZoneRegistry;
import dev.turnout.cluster.ZoneSpec;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import dev.turnout.http.Variable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// `keyval_zone` and `keyval`, as NGINX Plus has them: a variable whose value is looked up, by a
/// key, in a zone that changes at run time.
public final class KeyvalModule implements HttpModule {
  private final List<ZoneSpec> zones = new ArrayList<>();
  private final Map<String, Declared> declared = new HashMap<>();
  private final Map<String, Use> uses = new HashMap<>();
  private final Map<String, String> shared = new LinkedHashMap<>();
  private @Nullable HttpRegistry http;
  private ZoneRegistry.@Nullable Plan plan;

  /// A zone of this configuration: found by name while it is read, there once it is built.
  public static final class Declared {
    private @Nullable KeyvalZone zone;

    /// The zone.
    public KeyvalZone zone() {
      KeyvalZone there = zone;
      if (there == null) {
        throw new IllegalStateException("the configuration is not built yet");
      }
      return there;
    }
  }

  /// What a `keyval` looks up in a zone.
  ///
  /// @param key the key that is looked up
  /// @param otherwise the value where the zone has none, null for the empty string
  public record Use(Template key, @Nullable String otherwise) {}

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("keyval_zone")
        .in(HTTP)
        .atLeast(1)
        .repeatable()
        .read(this::zone)
        .syntax(
            "zone=name:size [state=file | store[=prefix]] [timeout=time] [type=string | ip | prefix]")
        .summary(
            "A table of keys and values that changes at run time. With `state` it is kept on disk: a"
                + " change is answered when it is there. Nothing is ever evicted: a change that does"
                + " not fit is refused. With `timeout` an entry is gone after that time. `type=ip`"
                + " finds the smallest network that an address is in, `type=prefix` the longest key"
                + " that a text begins with. With `store` all nodes with the same `state_store` have"
                + " the same table: each entry is under the prefix of the store, or one of its own,"
                + " and its key.")
        .differs("A relative `state` begins at the prefix. `sync` is refused by name.");
    http.directive("keyval")
        .in(HTTP)
        .arguments(3, 4)
        .repeatable()
        .read(this::keyval)
        .syntax("key $variable zone=name [default=value]")
        .summary("A variable whose value is looked up in the zone.")
        .differs("`default=` is Turnout's: the value where the zone has none.");
    http.beforeBuild(this::prepare);
    http.pending(
        new HttpRegistry.Pending() {
          @Override
          public void activate() {
            if (plan != null) {
              plan.activate();
            }
          }

          @Override
          public void abandon() {
            if (plan != null) {
              plan.abandon();
            }
          }
        });
  }

  private void zone(Directive d, Scope scope) {
    String name = "";
    long size = 0;
    Path state = null;
    KeyvalType type = KeyvalType.STRING;
    long timeout = 0;
    String store = null;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("zone=")) {
        int colon = word.lastIndexOf(':');
        OptionalLong bytes =
            colon < 0 ? OptionalLong.empty() : Units.size(word.substring(colon + 1));
        if (colon <= 5 || bytes.isEmpty()) {
          throw ConfigException.at(d, i, "invalid zone size \"" + word + "\"")
              .withHelp("a zone is written zone=name:1m");
        }
        name = word.substring(5, colon);
        size = bytes.getAsLong();
        if (size < 8192) {
          throw ConfigException.at(d, i, "zone \"" + word.substring(5) + "\" is too small");
        }
      } else if (word.startsWith("state=")) {
        state = Path.of(CoreModule.path(scope, word.substring(6))).normalize();
      } else if (word.startsWith("timeout=")) {
        timeout = timeout(d, i, word);
      } else if (word.startsWith("type=")) {
        type = type(d, i, word);
      } else if (word.equals("store") || word.startsWith("store=")) {
        store = word.length() <= 6 ? "" : word.substring(6);
        if (!store.chars().allMatch(c -> c > ' ' && c <= '~') || store.startsWith("@")) {
          throw ConfigException.at(d, i, "invalid prefix \"" + store + "\"")
              .withHelp("a prefix is visible ASCII and does not begin with \"@\"");
        }
      } else if (word.equals("sync")) {
        throw ConfigException.at(
            d, i, "the \"" + word + "\" parameter of \"keyval_zone\" is not supported");
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    if (name.isEmpty()) {
      throw ConfigException.at(d, "\"keyval_zone\" must have \"zone\" parameter");
    }
    if (zones.stream().map(ZoneSpec::name).anyMatch(name::equals)) {
      throw ConfigException.at(d, "duplicate zone \"" + name + "\"");
    }
    if (store != null && (state != null || timeout > 0)) {
      throw ConfigException.at(
              d,
              "\"store\" and \""
                  + (state != null ? "state" : "timeout")
                  + "\" of zone \""
                  + name
                  + "\" do not go together")
          .withHelp(
              state != null
                  ? "what nodes share is kept in the state directory, too"
                  : "entries that end by themselves are not shared");
    }
    if (store != null) {
      shared.put(name, store);
    }
    zones.add(new ZoneSpec(name, size, state, type, timeout));
  }

  private static long timeout(Directive d, int i, String word) {
    return Units.milliseconds(word.substring(8)).stream()
        .filter(millis -> millis > 0)
        .findFirst()
        .orElseThrow(() ->
            ConfigException.at(d, i, "invalid timeout value \"" + word + "\"")
                .withHelp("a timeout is 30s, 5m or 1h"));
  }

  private static KeyvalType type(Directive d, int i, String word) {
    return switch (word.substring(5)) {
      case "string" -> KeyvalType.STRING;
      case "ip" -> KeyvalType.IP;
      case "prefix" -> KeyvalType.PREFIX;
      default ->
          throw ConfigException.at(d, i, "invalid type \"" + word + "\"")
              .withHelp("the types are string, ip and prefix");
    };
  }

  private void keyval(Directive d, Scope scope) {
    String variable = d.argument(1);
    if (!variable.startsWith("$") || variable.length() == 1) {
      throw ConfigException.at(d, 1, "invalid variable name \"" + variable + "\"");
    }
    String zone = "";
    String otherwise = null;
    for (int i = 2; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      if (word.startsWith("zone=")) {
        zone = word.substring(5);
      } else if (word.startsWith("default=")) {
        otherwise = word.substring(8);
      } else {
        throw ConfigException.at(d, i, "invalid parameter \"" + word + "\"");
      }
    }
    if (zone.isEmpty()) {
      throw ConfigException.at(d, "\"keyval\" must have \"zone\" parameter");
    }
    HttpRegistry registry = http;
    if (registry == null) {
      throw new IllegalStateException("the keyval module is not registered");
    }
    Template key = registry.template(d, 0);
    Declared in = find(zone);
    uses.putIfAbsent(zone, new Use(key, otherwise));
    try {
      registry.variables().define(variable.substring(1), new Looked(in, key, otherwise));
    } catch (IllegalArgumentException e) {
      throw ConfigException.at(d, 1, String.valueOf(e.getMessage()));
    }
  }

  /// The zone of this name, which may be declared later in the file.
  public Declared find(String name) {
    return declared.computeIfAbsent(name, _ -> new Declared());
  }

  /// The zones that nodes share, by name, each with the prefix of its keys; empty: that of the
  /// store.
  public Map<String, String> shared() {
    return Collections.unmodifiableMap(shared);
  }

  /// How the first `keyval` of a zone looks it up, null if none does.
  public @Nullable Use use(String zone) {
    return uses.get(zone);
  }

  private void prepare() {
    HttpRegistry registry = http;
    if (registry == null) {
      return;
    }
    for (String name : declared.keySet()) {
      if (zones.stream().map(ZoneSpec::name).noneMatch(name::equals)) {
        throw ConfigException.withoutPosition("zone \"" + name + "\" is not defined")
            .suggesting(name, zones.stream().map(ZoneSpec::name).toList());
      }
    }
    try {
      ZoneRegistry.Plan ready = registry.environment().zones().prepare(zones);
      plan = ready;
      declared.forEach((name, handle) -> handle.zone = ready.zone(name));
      ready.warnings().forEach(registry::warn);
    } catch (ZoneRefused e) {
      throw ConfigException.withoutPosition(String.valueOf(e.getMessage()));
    }
  }

  private record Looked(Declared in, Template key, @Nullable String otherwise) implements Variable {
    @Override
    public @Nullable String value(Exchange exchange) {
      String found = in.zone().find(key.evaluate(exchange), exchange.worker().nowMillis());
      return found == null ? otherwise : found;
    }
  }
}

package dev.turnout.http.proxy;

import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// `zone` of an upstream. All loops share every upstream's state in any case, so what is left of it
/// is the name.
public final class UpstreamZoneModule implements HttpModule {
  /// The name of the upstream's `zone`; null if it has none.
  public static final Setting<@Nullable String> ZONE = Setting.local("zone", null);

  private static final long SMALLEST = 8 * 4096;

  private final Map<String, Long> sizes = new LinkedHashMap<>();
  private @Nullable HttpRegistry http;

  @Override
  public void register(HttpRegistry http) {
    this.http = http;
    http.directive("zone")
        .in(UPSTREAM)
        .arguments(1, 2)
        .read((d, scope) -> scope.set(ZONE, read(d)))
        .syntax("name [size]")
        .summary("Names the group's state, which the API then shows.")
        .differs("All loops share the state of every group, with a zone or without.");
    http.beforeBuild(this::check);
  }

  private String read(Directive d) {
    String name = d.argument(0);
    if (name.isEmpty()) {
      throw ConfigException.at(d, 0, "invalid zone name \"\"");
    }
    long size = 0;
    if (d.argumentCount() == 2) {
      size =
          Units.size(d.argument(1))
              .orElseThrow(
                  () -> ConfigException.at(d, 1, "invalid zone size \"" + d.argument(1) + "\""));
      if (size < SMALLEST) {
        throw ConfigException.at(d, 1, "zone \"" + name + "\" is too small");
      }
    }
    if (http != null) {
      http.sharedZones().claim(d, 0, name, "upstream");
    }
    declare(d, name, size);
    return name;
  }

  private void declare(Directive d, String name, long size) {
    long before = sizes.getOrDefault(name, 0L);
    if (before != 0 && size != 0 && before != size) {
      throw ConfigException.at(
          d,
          1,
          "the size "
              + size
              + " of shared memory zone \""
              + name
              + "\" conflicts with already declared size "
              + before);
    }
    sizes.put(name, Math.max(before, size));
  }

  private void check() {
    sizes.forEach((name, size) -> {
      if (size == 0) {
        throw ConfigException.withoutPosition("zero size shared memory zone \"" + name + "\"")
            .withHelp("one of the upstreams that share it says its size: zone " + name + " 64k");
      }
    });
  }
}

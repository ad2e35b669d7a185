package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongFunction;

/// What the zones of limits hold, carried from one configuration to the next: a zone that keeps its
/// name, use and size keeps its content. Owned by the control plane; guarded by its own monitor.
public final class SharedZones {
  private Map<String, Zone> current = Map.of();

  /// A zone in use.
  ///
  /// @param use the directive that declares it
  /// @param size its size in bytes, as configured
  /// @param key what its entries are found by, as written
  /// @param content the table itself, a {@link SharedTable} if it can be asked about
  public record Zone(String use, long size, String key, Object content) {}

  /// The zones of a configuration that is about to take over.
  Plan plan() {
    return new Plan();
  }

  /// The zones in use, by name.
  public synchronized Map<String, Zone> current() {
    return current;
  }

  private synchronized void replace(Map<String, Zone> next) {
    current = Map.copyOf(next);
  }

  /// The zones of one configuration. Names are common to all uses, as in nginx.
  public final class Plan implements HttpRegistry.Pending {
    private final Map<String, String> uses = new HashMap<>();
    private final Map<String, Zone> next = new HashMap<>();

    private Plan() {}

    /// Notes that argument `i` of a directive speaks of a zone for this use.
    public void claim(Directive d, int i, String name, String use) {
      String before = uses.putIfAbsent(name, use);
      if (before != null && !before.equals(use)) {
        throw ConfigException.at(
            d,
            i,
            "the shared memory zone \"" + name + "\" is already declared for a different use");
      }
    }

    /// The content of a zone: what the present configuration has in it, or new.
    ///
    /// @throws ConfigException if the present configuration finds entries by another key
    public <C> C content(
        String name, String use, long size, String key, Class<C> type, LongFunction<C> make) {
      Zone old = current().get(name);
      C content;
      if (old != null
          && old.use().equals(use)
          && old.size() == size
          && type.equals(old.content().getClass())) {
        if (!old.key().equals(key)) {
          throw ConfigException.withoutPosition(
              use
                  + " \""
                  + name
                  + "\" uses the \""
                  + key
                  + "\" key while previously it used the \""
                  + old.key()
                  + "\" key");
        }
        content = type.cast(old.content());
      } else {
        content = make.apply(size);
      }
      next.put(name, new Zone(use, size, key, content));
      return content;
    }

    @Override
    public void activate() {
      replace(next);
    }

    @Override
    public void abandon() {
      next.clear();
    }
  }
}

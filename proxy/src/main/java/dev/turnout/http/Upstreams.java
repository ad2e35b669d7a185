package dev.turnout.http;

import dev.turnout.upstream.HealthListener;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.balance.Balancers;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The upstreams of the process by name. They outlive configurations: a reload changes the list of
/// an upstream that stays, whose peers keep their state and connections.
///
/// Written by the control plane's one writer. Loops hold {@link Upstream}s themselves, or look a
/// name up in the snapshot.
public final class Upstreams {
  private final AtomicLong revision = new AtomicLong();
  private volatile Map<String, Upstream> byName = Map.of();
  private Consumer<Upstream> changed = _ -> {};
  private Consumer<Upstream> gone = _ -> {};
  private volatile HealthListener health = HealthListener.NONE;

  /// The upstream of this name, in any case, as nginx compares them.
  public @Nullable Upstream find(String name) {
    Map<String, Upstream> now = byName;
    Upstream exact = now.get(name);
    return exact != null ? exact : now.get(name.toLowerCase(Locale.ROOT));
  }

  /// Tells when the list of an upstream has changed, and when an upstream is no more.
  public void onChange(Consumer<Upstream> changed, Consumer<Upstream> gone) {
    this.changed = changed;
    this.gone = gone;
  }

  /// Tells what changes in the health of upstreams, besides whoever is told already.
  public void onHealth(HealthListener listener) {
    health = health.andThen(listener);
  }

  /// All of them.
  public Collection<Upstream> all() {
    return byName.values();
  }

  /// The names of all of them, as they were written.
  public List<String> displayNames() {
    return byName.values().stream().map(Upstream::name).toList();
  }

  /// The upstreams that a configuration being read declares.
  public Plan plan() {
    return new Plan();
  }

  /// The upstreams of one configuration; they take effect together, or never. Used by one thread.
  public final class Plan {
    private final Map<String, UpstreamSpec> specs = new HashMap<>();
    private final Map<String, Upstream> planned = new HashMap<>();

    /// Declares an upstream and returns it; what it is to be takes effect with [#activate].
    public Upstream declare(UpstreamSpec spec) {
      String key = spec.name().toLowerCase(Locale.ROOT);
      specs.put(key, spec);
      Upstream there = byName.get(key);
      Upstream upstream =
          there != null
              ? there
              : new Upstream(
                  spec,
                  revision.incrementAndGet(),
                  Balancers::create,
                  event -> health.changed(event));
      planned.put(key, upstream);
      return upstream;
    }

    /// The upstream of this name in the plan.
    public @Nullable Upstream find(String name) {
      return planned.get(name.toLowerCase(Locale.ROOT));
    }

    /// The names in the plan.
    public List<String> names() {
      return new ArrayList<>(planned.keySet());
    }

    /// Puts the plan in force.
    public void activate() {
      for (Map.Entry<String, Upstream> entry : planned.entrySet()) {
        Upstream upstream = entry.getValue();
        UpstreamSpec present = upstream.current().spec();
        UpstreamSpec wanted = specs.get(entry.getKey());
        if (wanted != null) {
          UpstreamSpec next = wanted.succeeding(present);
          if (!next.equals(present)) {
            upstream.publish(next, revision.incrementAndGet());
            changed.accept(upstream);
          }
        }
      }
      Map<String, Upstream> before = byName;
      byName = Map.copyOf(planned);
      before.forEach((name, upstream) -> {
        if (planned.get(name) != upstream) {
          gone.accept(upstream);
        }
      });
    }
  }
}

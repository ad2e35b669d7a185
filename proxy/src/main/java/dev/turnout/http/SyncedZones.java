package dev.turnout.http;

import dev.turnout.cluster.share.SyncedZone;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The zones of limits whose nodes tell each other what they count: `sync`. What tells them asks
/// for those in use.
public final class SyncedZones {
  private volatile List<SyncedZone> current = List.of();

  /// Those of the configuration in force.
  public List<SyncedZone> current() {
    return current;
  }

  /// Those of a configuration that is about to take over.
  Plan plan() {
    return new Plan();
  }

  /// What a configuration says of them.
  public final class Plan implements HttpRegistry.Pending {
    private final List<SyncedZone> next = new ArrayList<>();
    private @Nullable Directive asking; // the first
    private int askingAt;
    private boolean decided;
    private @Nullable String refusal;

    private Plan() {}

    /// Notes that argument `i` of a directive is `sync`.
    ///
    /// @throws ConfigException if it is known by now that it cannot be; else [#decide] throws it
    public void ask(Directive d, int i) {
      if (decided) {
        refuse(d, i);
      } else if (asking == null) {
        asking = d;
        askingAt = i;
      }
    }

    /// Says whether there is a store by which nodes can tell each other, once all is read.
    ///
    /// @param why there is not; null: there is
    public void decide(@Nullable String why) {
      decided = true;
      refusal = why;
      if (asking != null) {
        refuse(asking, askingAt);
      }
    }

    private void refuse(Directive d, int i) {
      if (refusal != null) {
        throw ConfigException.at(
                d, i, "the \"sync\" parameter of \"" + d.name() + "\" is not possible: " + refusal)
            .withHelp("nodes tell each other by a state_store redis://…");
      }
    }

    /// A zone that is synced once the configuration is in force.
    public void add(SyncedZone zone) {
      next.add(zone);
    }

    @Override
    public void activate() {
      current = List.copyOf(next);
    }

    @Override
    public void abandon() {
      next.clear();
    }
  }
}

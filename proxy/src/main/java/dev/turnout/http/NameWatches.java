package dev.turnout.http;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Who watches which name for which upstream. Owned by the control plane; guarded by its own
/// monitor.
final class NameWatches {
  private final IdentityHashMap<Upstream, Watched> watched = new IdentityHashMap<>();
  private final Consumer<Upstream> changed;
  private final LastAddresses last = new LastAddresses();
  private volatile AddressScreen screen = AddressScreen.NONE;

  /// The watches of one upstream by the ids of their servers.
  private record Watched(@Nullable Naming naming, Map<Long, NameWatch> watches) {}

  /// @param changed told when the addresses of an upstream have changed
  NameWatches(Consumer<Upstream> changed) {
    this.changed = changed;
  }

  /// The names of this upstream are resolved in this way from now on; null: not at all.
  synchronized void resolveBy(Upstream upstream, @Nullable Naming naming) {
    Watched before = watched.get(upstream);
    if (naming != null || before != null) {
      watch(upstream, naming, before);
    }
  }

  /// The list of this upstream has changed: new names are watched, and those that are gone are not.
  synchronized void listChanged(Upstream upstream) {
    Watched before = watched.get(upstream);
    if (before != null) {
      watch(upstream, before.naming, before);
    }
  }

  /// Where the addresses that are found are kept for the next start.
  void keepIn(Path file) {
    last.keepIn(file);
  }

  /// What names may turn out to be from now on.
  void screen(AddressScreen next) {
    screen = next;
  }

  private @Nullable String refusal(
      String upstream, PeerAddress.Unresolved name, InetSocketAddress address) {
    return screen.refusal(upstream, name, address);
  }

  synchronized boolean hasResolver(Upstream upstream) {
    return watched.containsKey(upstream);
  }

  private void watch(Upstream upstream, @Nullable Naming naming, @Nullable Watched before) {
    List<NameWatch> leaving = new ArrayList<>(before == null ? List.of() : before.watches.values());
    Map<Long, NameWatch> next = new HashMap<>();
    for (PeerSpec server : upstream.current().spec().servers()) {
      if (naming != null && server.address() instanceof PeerAddress.Unresolved name) {
        NameWatch there = before == null ? null : before.watches.get(server.id());
        if (there != null && there.isFor(name, naming)) {
          leaving.remove(there);
          next.put(server.id(), there);
        } else {
          long due = due(leaving, name);
          next.put(
              server.id(),
              NameWatch.start(
                  upstream, server.id(), name, naming, due, changed, this::refusal, last));
        }
      }
    }
    leaving.forEach(NameWatch::stop);
    if (naming == null) {
      watched.remove(upstream);
    } else {
      watched.put(upstream, new Watched(naming, next));
    }
  }

  /// A name whose addresses are carried over is not asked for before they are stale.
  private static long due(List<NameWatch> leaving, PeerAddress.Unresolved name) {
    long now = System.nanoTime();
    for (NameWatch one : leaving) {
      if (one.asksLike(name) && one.dueNanos() - now > 0) {
        return one.dueNanos();
      }
    }
    return now;
  }

  synchronized void stop() {
    watched.values().forEach(one -> one.watches.values().forEach(NameWatch::stop));
    watched.clear();
  }
}

package dev.turnout.discovery;

import dev.turnout.control.ControlPlane;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.HttpRegistry;
import dev.turnout.log.ErrorLog;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/// The groups of the node that follow a source. They outlive configurations: a source that stays
/// the same goes on where it is. Guarded by its own monitor; loops never take it.
public final class Followers implements AutoCloseable {
  private final Map<String, Follower> byUpstream = new LinkedHashMap<>();
  private boolean closed;

  /// Those of the process.
  public static Followers of(HttpEnvironment environment) {
    return environment.kept(Followers.class, _ -> new Followers());
  }

  /// How each is doing.
  public synchronized List<FollowerStatus> statuses() {
    return byUpstream.values().stream().map(Follower::status).toList();
  }

  @Override
  public synchronized void close() {
    closed = true;
    byUpstream.values().forEach(Follower::stop);
    byUpstream.clear();
  }

  /// The groups that a configuration that is being read lets follow a source.
  public Plan plan(ControlPlane control, HttpEnvironment environment) {
    return new Plan(new Follower.Node(control.writer(), environment.upstreams(), control.events()));
  }

  /// The groups of one configuration; they follow their sources once it is in force.
  public final class Plan implements HttpRegistry.Pending {
    private record Wanted(
        String upstream,
        SourceSpec spec,
        Supplier<ErrorLog> log,
        BiConsumer<UpstreamSpec, ErrorLog> keeper) {}

    private final Follower.Node node;
    private final List<Wanted> wanted = new ArrayList<>();

    private Plan(Follower.Node node) {
      this.node = node;
    }

    /// Lets a group follow a source.
    ///
    /// @param log tells where troubles are told, once all of the configuration is read
    /// @param keeper is given the group, on the follower's thread, whenever the source has had its
    ///   say
    public void follow(
        String upstream,
        SourceSpec spec,
        Supplier<ErrorLog> log,
        BiConsumer<UpstreamSpec, ErrorLog> keeper) {
      wanted.add(new Wanted(upstream, spec, log, keeper));
    }

    @Override
    public void activate() {
      synchronized (Followers.this) {
        if (closed) {
          return;
        }
        Map<String, Follower> before = new LinkedHashMap<>(byUpstream);
        byUpstream.clear();
        for (Wanted one : wanted) {
          String key = one.upstream.toLowerCase(Locale.ROOT);
          Follower there = before.get(key);
          if (there != null && there.spec().equals(one.spec)) {
            before.remove(key);
            there.report(one.log.get(), one.keeper);
            byUpstream.put(key, there);
            continue;
          }
          Follower fresh = new Follower(one.upstream, one.spec, node, one.log.get(), one.keeper);
          byUpstream.put(key, fresh);
          fresh.start(there);
        }
        before.values().forEach(Follower::stop);
      }
    }

    @Override
    public void abandon() {
      // nothing was begun
    }
  }
}

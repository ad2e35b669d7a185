package dev.turnout.cluster.redis;

import dev.turnout.cluster.share.Layout;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/// Redis 7 or newer: `redis://[[user:]password@]host[:port][/db]`, `rediss://…` with TLS, and
/// `redis+sentinel://[password@]host[:port][,host…]/MASTER[/db]`, by the names that Sentinel has;
/// or `redis+cluster://[[user:]password@]host[:port][,host…]`, any members of a Redis Cluster.
///
/// Keys and values are plain strings, so that `redis-cli` shows and changes them.
public final class RedisEngine implements StoreEngine {
  // Held, or its level is forgotten. What goes wrong is told by whoever asked; the client would
  // tell
  // it a second time, on the standard error.
  private static final Logger CLIENT = Logger.getLogger("io.lettuce");

  static {
    CLIENT.setLevel(Level.OFF);
  }

  static final String WAIT = "wait";
  static final String TRUSTED = "ssl_trusted_certificate";

  @Override
  public Set<String> schemes() {
    return Set.of("redis", "rediss", "redis+sentinel", RedisAddress.CLUSTER);
  }

  @Override
  public String usualPrefix(String scheme) {
    return scheme.equals(RedisAddress.CLUSTER) ? "{turnout}:" : "turnout:";
  }

  @Override
  public void check(StoreSpec spec, Layout layout) {
    if (spec.scheme().equals(RedisAddress.CLUSTER)) {
      layout
          .zones()
          .forEach((zone, prefix) -> {
            if (ClusterMembers.slot(prefix) != ClusterMembers.slot(spec.prefix())) {
              throw new IllegalArgumentException(
                  ("the keys of zone \"%s\" would be in another slot of the Redis Cluster: "
                          + "\"%s\" has to have the same {tag} as \"%s\"")
                      .formatted(zone, prefix, spec.prefix()));
            }
          });
    }
  }

  @Override
  public Set<String> parameters() {
    return Set.of(WAIT, TRUSTED);
  }

  @Override
  public @Nullable String refusesSync() {
    return null;
  }

  @Override
  public SharedStore open(StoreSpec spec) {
    return new RedisStore(RedisAddress.parse(spec), spec);
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisCluster;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Nodes that share their state by a Redis Cluster.
@Timeout(180)
class SharedRedisClusterIT {
  private static final String HTTP =
      Cluster.ZONE
          + """

          limit_req_zone $arg_k zone=one:1m rate=1r/m sync;
          upstream blue { server 127.0.0.1:1; }
          upstream green { server 127.0.0.1:2; }
          server { listen 127.0.0.1:0; limit_req zone=one; limit_req_status 429; root .; }
          """;

  private final RedisCluster redis = RedisCluster.start();
  private final RedisServer owner = redis.member(redis.owner(slot()));

  private int slot() {
    return Integer.parseInt(redis.member(0).cli("CLUSTER", "KEYSLOT", "{turnout}"));
  }

  @AfterEach
  void end() {
    redis.close();
  }

  private static ChangeResult put(Cluster cluster, int node, String key, String value) {
    return cluster
        .node(node)
        .writer()
        .submit(
            ChangeRequest.of(
                Origin.of("test", ""),
                Objects.requireNonNull(cluster.node(node).zone("switch")),
                new KeyvalChange.Put(key, value)))
        .join();
  }

  private Cluster start() {
    String store = "redis+cluster://" + redis.member(0).address() + "," + redis.member(1).address();
    return Cluster.start(owner, store, 2, "timeout=1s", HTTP);
  }

  @Test
  void aSwitchIsServedByAllAndIsOneKeyThatAnybodyCanSet() {
    try (Cluster cluster = start()) {
      ChangeResult made = put(cluster, 0, "shop.example", "green");

      assertThat(made).isInstanceOf(ChangeResult.Applied.class);
      cluster.awaitValue("shop.example", "green");
      assertThat(owner.cli("GET", "{turnout}:shop.example")).isEqualTo("green");
      owner.cli("SET", "{turnout}:shop.example", "blue");
      cluster.awaitValue("shop.example", "blue");
    }
  }

  @Test
  void whatWasAcknowledgedOutlivesThePrimary() {
    RedisServer replica = redis.addReplica(redis.owner(slot()));
    try (Cluster cluster = start()) {
      put(cluster, 0, "k0", "green");
      cluster.awaitValue("k0", "green");

      owner.kill();
      cluster.until(
          () -> put(cluster, 1, "k1", "green") instanceof ChangeResult.Applied,
          "the replica is primary");

      cluster.awaitValue("k0", "green");
      cluster.awaitValue("k1", "green");
      cluster.until(
          () -> replica.cli("GET", "{turnout}:k0").equals("green"),
          "what was lost is brought back");
    }
  }

  @Test
  void limitsAreSyncedToo() throws IOException {
    try (Cluster cluster = start()) {
      List<ZoneSync> syncs = cluster.nodes().stream().map(node -> node.zoneSync()).toList();
      cluster.until(
          () ->
              syncs.stream()
                  .map(ZoneSync::status)
                  .allMatch(status -> status != null && status.isHeard()),
          "all hear each other");

      RawClient.get(cluster.node(0).port(), "h", "/nginx.conf?k=a");
      cluster.until(
          () -> Objects.requireNonNull(syncs.get(1).status()).heard() == 1, "it is heard");

      assertThat(RawClient.get(cluster.node(1).port(), "h", "/nginx.conf?k=a").status())
          .isEqualTo(429);
    }
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.RedisServer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `on_unavailable=local`: what is changed while the store is away is kept, and brought together
/// with what others have changed afterwards.
@Timeout(120)
class KeptChangesIT {
  private static final String HTTP =
      Cluster.ZONE
          + """

          upstream blue { server 127.0.0.1:1; }
          upstream green { server 127.0.0.1:2; }
          server {
            listen 127.0.0.1:0;
            server_name localhost;
            location = /upstream_switch { upstream_switch zone=switch; }
          }
          """;

  private final RedisServer redis = RedisServer.start();
  private Cluster cluster;

  @BeforeEach
  void start() {
    cluster = Cluster.start(redis, 2, "timeout=400ms on_unavailable=local", HTTP);
  }

  @AfterEach
  void end() {
    cluster.close();
    redis.close();
  }

  private ChangeResult put(int node, String key, String value) {
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

  private void goAway() {
    redis.hang();
    cluster.await(0, StoreStatus.Link.LOST);
    cluster.await(1, StoreStatus.Link.LOST);
  }

  @Test
  void whatIsKeptWhileTheStoreIsAwayIsWrittenAfterwards() {
    put(0, "k0", "green");
    cluster.awaitValue("k0", "green");
    goAway();

    ChangeResult kept = put(0, "k1", "green");
    ChangeResult also = put(0, "k0", "blue");
    ChangeResult other = put(1, "k2", "green");

    assertThat(List.of(kept, also, other)).allMatch(ChangeResult.Applied.class::isInstance);
    assertThat(cluster.value(0, "k1")).isEqualTo("green");
    assertThat(cluster.node(0).control().sharing().isKept(((ChangeResult.Applied) kept).revision()))
        .isTrue();
    assertThat(cluster.status(0).pending()).isEqualTo(2);
    redis.goOn();
    cluster.awaitValue("k1", "green");
    cluster.awaitValue("k0", "blue");
    cluster.awaitValue("k2", "green");
    cluster.until(() -> cluster.status(0).pending() == 0, "nothing is kept any more");
    assertThat(redis.cli("GET", "turnout:k1")).isEqualTo("green");
  }

  @Test
  void whatIsKeptOutlivesTheNode() {
    goAway();
    put(0, "k1", "green");

    cluster.stop(0);
    cluster.startAgain(0);

    assertThat(cluster.value(0, "k1")).isEqualTo("green");
    assertThat(cluster.status(0).pending()).isEqualTo(1);
    redis.goOn();
    cluster.awaitValue("k1", "green");
  }

  @Test
  void ofTwoThatWereMadeWhileItWasAwayOneCountsAndTheOtherIsShown() {
    goAway();
    put(0, "k0", "green");
    put(1, "k0", "blue");

    redis.goOn();

    cluster.awaitAgreement();
    cluster.until(
        () -> {
          String there = redis.cli("GET", "turnout:k0");
          return cluster.value(0, "k0").equals(there) && cluster.value(1, "k0").equals(there);
        },
        "both agree");
    cluster.until(
        () -> cluster.status(0).counts().conflicts() + cluster.status(1).counts().conflicts() == 1,
        "one conflict is shown");
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A switch on one node is served by all; people and other programs may switch in Redis itself.
@Timeout(120)
class SharedSwitchIT {
  private static final RedisServer REDIS = RedisServer.start();
  private static final FakeUpstream BLUE = FakeUpstream.named("blue");
  private static final FakeUpstream GREEN = FakeUpstream.named("green");
  private static final String HTTP =
      Cluster.ZONE
          + """
          audit_log logs/audit.log;

          upstream blue { server %s; }
          upstream green { server %s; }
          server {
            listen 127.0.0.1:0;
            server_name localhost shop.example;
            location = /upstream_switch { upstream_switch zone=switch; }
            location / { proxy_pass http://$ups; }
          }
          """
              .formatted(BLUE.address(), GREEN.address());

  private Cluster cluster;

  @AfterAll
  static void stop() {
    BLUE.close();
    GREEN.close();
    REDIS.close();
  }

  @BeforeEach
  void start() {
    REDIS.cli("FLUSHALL");
    cluster = Cluster.start(REDIS, 3, "", HTTP);
  }

  @AfterEach
  void end() {
    cluster.close();
  }

  private ChangeResult put(int node, String key, String value) {
    TestProxy proxy = cluster.node(node);
    return proxy
        .writer()
        .submit(
            ChangeRequest.of(
                Origin.of("test", "alice"),
                Objects.requireNonNull(proxy.zone("switch")),
                new KeyvalChange.Put(key, value)))
        .join();
  }

  @Test
  void aSwitchOnOneNodeIsServedByAll() throws IOException {
    String answer =
        RawClient.get(cluster.node(0).port(), "shop.example", "/upstream_switch?ups=green").body();

    assertThat(answer).contains("from=blue to=green");
    cluster.awaitValue("shop.example", "green");
    for (TestProxy node : cluster.nodes()) {
      assertThat(RawClient.get(node.port(), "shop.example", "/").body()).isEqualTo("green");
    }
    assertThat(REDIS.cli("GET", "turnout:shop.example")).isEqualTo("green");
  }

  @Test
  void aSwitchByHandInRedisIsServedByAll() throws IOException {
    REDIS.cli("SET", "turnout:shop.example", "green");

    cluster.awaitValue("shop.example", "green");
    assertThat(RawClient.get(cluster.node(2).port(), "shop.example", "/").body())
        .isEqualTo("green");

    REDIS.cli("DEL", "turnout:shop.example");
    cluster.awaitValue("shop.example", "");
    assertThat(RawClient.get(cluster.node(2).port(), "shop.example", "/").body()).isEqualTo("blue");
  }

  @Test
  void theHistoryOfEachNodeSaysWhoSwitchedWhere() throws IOException {
    put(1, "shop.example", "green");

    cluster.awaitValue("shop.example", "green");
    JournalEntry entry = cluster.node(2).writer().history().last(1).getFirst();
    assertThat(entry.origin().dialect()).isEqualTo("test");
    assertThat(entry.origin().who()).isEqualTo("alice");
    assertThat(entry.origin().from()).isEqualTo("node n1");
    Path audit = cluster.node(2).directory().resolve("logs/audit.log");
    assertThat(Files.readString(audit)).contains("alice", "node n1", "\"made\"");
  }

  @Test
  void aTargetThatMayNotBeIsNotTakenFromRedisEither() {
    put(0, "shop.example", "green");
    cluster.awaitValue("shop.example", "green");

    REDIS.cli("SET", "turnout:shop.example", "169.254.169.254:80");
    REDIS.cli("SET", "turnout:other.example", "green");

    cluster.awaitValue("other.example", "green");
    for (int i = 0; i < 3; i++) {
      assertThat(cluster.value(i, "shop.example")).isEqualTo("green");
      assertThat(cluster.status(i).rejected()).containsKey("turnout:shop.example");
    }
    REDIS.cli("SET", "turnout:shop.example", "blue");
    cluster.awaitValue("shop.example", "blue");
    cluster.until(() -> cluster.status(0).rejected().isEmpty(), "nothing to be rejected");
  }

  @Test
  void whatIsNoStringLeavesTheLastGoodValue() {
    put(0, "shop.example", "green");
    cluster.awaitValue("shop.example", "green");

    REDIS.cli("DEL", "turnout:shop.example");
    cluster.awaitValue("shop.example", "");
    put(0, "shop.example", "green");
    cluster.awaitValue("shop.example", "green");
    REDIS.cli(
        "EVAL",
        "redis.call('DEL', KEYS[1]) redis.call('LPUSH', KEYS[1], 'x')",
        "1",
        "turnout:shop.example");
    cluster.until(
        () -> cluster.status(1).rejected().containsKey("turnout:shop.example"), "a rejection");

    assertThat(cluster.value(1, "shop.example")).isEqualTo("green");
  }

  @Test
  void aNodeThatWasAwayCatchesUpWhenItIsStartedAgain() {
    put(0, "a.example", "green");
    put(0, "b.example", "green");
    cluster.awaitValue("b.example", "green");
    cluster.stop(2);

    put(0, "a.example", "blue");
    REDIS.cli("DEL", "turnout:b.example");
    cluster.awaitValue(0, "b.example", "");
    cluster.startAgain(2);

    assertThat(cluster.value(2, "a.example")).isIn("green", "blue"); // it waits for nobody
    cluster.awaitValue("a.example", "blue");
    cluster.awaitValue("b.example", "");
  }

  @Test
  void aNodeStartsWithWhatItHadWhenTheStoreIsAway() {
    put(0, "a.example", "green");
    cluster.awaitValue("a.example", "green");
    cluster.stop(1);
    REDIS.hang();

    cluster.startAgain(1);

    assertThat(cluster.value(1, "a.example")).isEqualTo("green");
    assertThat(put(1, "a.example", "blue")).isInstanceOf(ChangeResult.Unavailable.class);
    REDIS.goOn();
    cluster.awaitAgreement();
    assertThat(put(1, "a.example", "blue")).isInstanceOf(ChangeResult.Applied.class);
    cluster.awaitValue("a.example", "blue");
  }

  @Test
  void whatRedisHasLostTheNodesBringBack() {
    put(0, "a.example", "green");
    put(1, "b.example", "green");
    cluster.awaitValue("a.example", "green");
    cluster.awaitValue("b.example", "green");

    REDIS.cli("FLUSHALL");

    cluster.until(() -> REDIS.cli("GET", "turnout:a.example").equals("green"), "a.example");
    cluster.until(() -> REDIS.cli("GET", "turnout:b.example").equals("green"), "b.example");
    cluster.awaitAgreement();
    cluster.awaitValue("a.example", "green");
    assertThat(put(2, "a.example", "blue")).isInstanceOf(ChangeResult.Applied.class);
    cluster.awaitValue("a.example", "blue");
  }

  @Test
  void whatIsInRedisAlreadyIsTakenUp() {
    cluster.close();
    REDIS.cli("FLUSHALL");
    REDIS.cli("SET", "turnout:shop.example", "green");

    cluster = Cluster.start(REDIS, 2, "", HTTP);

    cluster.awaitValue("shop.example", "green");
    assertThat(Map.of("by", REDIS.cli("GET", "turnout:shop.example")))
        .isEqualTo(Map.of("by", "green"));
  }

  /// What another node has changed a moment ago, this one may not have heard of.
  @Test
  void clearingDeletesAlsoWhatThisNodeHasNotHeardOfYet() {
    for (int i = 0; i < 50; i++) {
      String key = "c" + i;
      assertThat(put(0, key, "green")).isInstanceOf(ChangeResult.Applied.class);

      assertThat(clear(1)).isInstanceOf(ChangeResult.Applied.class);

      assertThat(REDIS.cli("EXISTS", "turnout:" + key)).isEqualTo("0");
    }
  }

  @Test
  void goingBackToWhatSeemsToBeSoUndoesWhatThisNodeHasNotHeardOfYet() {
    put(1, "shop.example", "blue");
    cluster.awaitValue("shop.example", "blue");
    long then = cluster.node(1).writer().history().revision();

    for (int i = 0; i < 50; i++) {
      assertThat(put(0, "shop.example", "green")).isInstanceOf(ChangeResult.Applied.class);

      assertThat(submit(1, new Operation.Restore(then))).isInstanceOf(ChangeResult.Applied.class);

      assertThat(REDIS.cli("GET", "turnout:shop.example")).isEqualTo("blue");
      cluster.awaitValue("shop.example", "blue");
    }
  }

  private ChangeResult clear(int node) {
    return submit(
        node,
        new Operation.EditZone(
            Objects.requireNonNull(cluster.node(node).zone("switch")),
            List.of(new KeyvalChange.Clear()),
            List.of()));
  }

  private ChangeResult submit(int node, Operation operation) {
    return cluster
        .node(node)
        .writer()
        .submit(ChangeRequest.of(Origin.of("test", "alice"), operation))
        .join();
  }
}

package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.control.StoreStatus;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The nodes that share their state, as the API and the metrics show them.
@Timeout(120)
class NodesIT {
  private static final String CONFIG =
      """
      state_store redis://%s node=%s;
      keyval_zone zone=switch:1m store;
      keyval $host $ups zone=switch default=app;
      upstream app { server 127.0.0.1:1001; }
      server {
        listen 127.0.0.1:0;
        location /control { control_api write=on; }
        location /metrics { prometheus; }
        location / { proxy_pass http://$ups; }
      }
      """;

  private RedisServer redis;
  private TestProxy one;
  private TestProxy two;
  private ControlClient client;

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start();
    one = TestProxy.start(CONFIG.formatted(redis.address(), "one"));
    two = TestProxy.start(CONFIG.formatted(redis.address(), "two"));
    client = ControlClient.of(one);
    awaitUp(one);
    awaitUp(two);
  }

  private static void awaitUp(TestProxy proxy) throws Exception {
    Eventually.until(
        Duration.ofSeconds(20),
        () -> proxy.control().sharing().status().link() == StoreStatus.Link.UP,
        () -> proxy.control().sharing().status().toString());
  }

  @AfterEach
  void stop() {
    client.close();
    one.close();
    two.close();
    redis.close();
  }

  @Test
  void aChangeCanWaitUntilEveryNodeServesIt() throws Exception {
    awaitNodes(2);

    Reply reply = client.put("/zones/switch/keys/shop.example?wait=cluster", "{'value':'app'}");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.at("/cluster/serving")).isEqualTo("2");
    assertThat(reply.at("/cluster/missing")).isEqualTo("0");
    assertThat(Objects.requireNonNull(two.zone("switch")).get("shop.example")).isEqualTo("app");
  }

  @Test
  void aNodeThatDoesNotServeItYetIsNamed() throws Exception {
    awaitNodes(2);
    redis.cli("SADD", "@turnout:nodes", "three");
    redis.cli(
        "SET",
        "@turnout:node:three",
        "{\"address\":\"x\",\"version\":\"turnout/1\",\"state\":\"up\",\"incarnation\":1,"
            + "\"applied\":1,\"revision\":0,\"started\":1}");

    Reply reply =
        client.put(
            "/zones/switch/keys/shop.example?wait=cluster&wait_timeout=1s", "{'value':'app'}");

    assertThat(reply.status()).isEqualTo(202);
    assertThat(reply.body()).containsPattern("\"missing\":\\[[^]]*\"three\"");
  }

  private void awaitNodes(int count) throws Exception {
    Eventually.until(
        Duration.ofSeconds(20),
        () -> client.get("/nodes").at("/" + (count - 1) + "/state").equals("up"),
        () -> client.get("/nodes").body());
  }

  @Test
  void theNodesAreSeenThisOneFirst() throws Exception {
    awaitNodes(2);

    Reply nodes = client.get("/nodes");

    assertThat(nodes.at("/0/node")).isEqualTo("one");
    assertThat(nodes.at("/0/self")).isEqualTo("true");
    assertThat(nodes.at("/1/node")).isEqualTo("two");
    assertThat(nodes.at("/1/version")).startsWith("turnout/");
    two.close();
    assertThat(client.get("/nodes").at("/1/node")).isEqualTo("-");
    two = TestProxy.start(CONFIG.formatted(redis.address(), "two"));
  }

  @Test
  void theStateAndTheMetricsSayHowTheNodeStandsWithTheStore() throws Exception {
    assertThat(client.get("/state").at("/store/state")).isEqualTo("up");
    assertThat(metrics()).contains("turnout_store_up 1\n", "turnout_store_staleness_seconds 0.0\n");

    redis.kill();
    Eventually.until(
        Duration.ofSeconds(20),
        () -> client.get("/state").at("/store/state").equals("lost"),
        () -> client.get("/state").body());

    assertThat(metrics()).contains("turnout_store_up 0\n", "turnout_store_losses_total 1\n");
    assertThat(client.get("/nodes").status()).isEqualTo(503);
    assertThat(client.put("/zones/switch/keys/a", "{'value':'app'}").status()).isEqualTo(503);
    redis.startAgain();
    awaitUp(one);
    assertThat(client.put("/zones/switch/keys/a", "{'value':'app'}").status()).isEqualTo(200);
  }

  private String metrics() throws IOException {
    return RawClient.get(one.port(), "localhost", "/metrics").body();
  }

  @Test
  void whatWouldNotFitIntoTheStoreIsRefused() {
    assertThat(client.put("/zones/switch/keys/@x", "{'value':'app'}").status()).isEqualTo(409);
    assertThat(client.put("/zones/switch/keys/a?wait=all", "{'value':'app'}").status())
        .isEqualTo(400);
  }
}

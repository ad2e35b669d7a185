package dev.turnout.scale;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.control.StoreStatus;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import dev.turnout.upstream.PeerSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The autoscalers of two nodes with one store.
@Timeout(120)
class CohortIT {
  private static final Duration BOUND = Duration.ofSeconds(20);

  private final Semaphore arrived = new Semaphore(0);
  private final List<Semaphore> allowed = new ArrayList<>(); // for each backend
  private final List<FakeUpstream> backends = new ArrayList<>();
  private final List<RawClient> clients = new ArrayList<>();
  @TempDir private Path directory;
  private RedisServer redis;
  private @Nullable TestProxy one;
  private @Nullable TestProxy two;

  @BeforeEach
  void start() throws Exception {
    redis = RedisServer.start();
    for (int i = 0; i < 3; i++) {
      Semaphore mayAnswer = new Semaphore(0);
      allowed.add(mayAnswer);
      backends.add(
          FakeUpstream.each((_, connection) -> {
            arrived.release();
            mayAnswer.acquire();
            connection.send(Answers.ok("done"));
          }));
    }
    one = node("one");
    awaitView(one, "\"leader\":true,\"leader_node\":\"one\"");
    two = node("two");
    awaitView(two, "\"leader\":false,\"leader_node\":\"one\"");
    awaitView(one, "\"complete\":true");
  }

  @AfterEach
  void stop() throws IOException {
    allowed.forEach(mayAnswer -> mayAnswer.release(1000));
    for (RawClient client : clients) {
      client.close();
    }
    for (TestProxy node : new TestProxy[] {one, two}) {
      if (node != null) {
        node.close();
      }
    }
    backends.forEach(FakeUpstream::close);
    redis.close();
  }

  private TestProxy node(String name) throws Exception {
    TestProxy node = TestProxy.start(config(name));
    Eventually.until(
        BOUND,
        () -> node.control().sharing().status().link() == StoreStatus.Link.UP,
        () -> node.control().sharing().status().toString());
    return node;
  }

  private String config(String name) {
    return """
    state_store redis://%s node=%s;
    upstream app {
      server %s; server %s down; server %s down;
      pack 2; store;
      autoscale just_enough packing=2 spares=0 t_wait=500ms interval=100ms;
      autoscale_stop /usr/bin/touch %s/off-$id;
    }
    server {
      listen 127.0.0.1:0;
      server_name localhost;
      location /control { control_api write=on; }
      location / { proxy_pass http://app; }
    }
    """
        .formatted(
            redis.address(),
            name,
            backends.get(0).address(),
            backends.get(1).address(),
            backends.get(2).address(),
            directory);
  }

  private static String view(TestProxy node) throws IOException {
    return RawClient.get(node.port(), "localhost", "/control/autoscale/app").body() + "";
  }

  private static void awaitView(TestProxy node, String text) throws Exception {
    Eventually.until(BOUND, () -> view(node).contains(text), () -> "no " + text);
  }

  private void hold(TestProxy node, int requests) throws IOException {
    for (int i = 0; i < requests; i++) {
      RawClient client = RawClient.connect(node.port());
      clients.add(client);
      client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
      arrived.acquireUninterruptibly();
    }
  }

  private static List<PeerSpec> servers(TestProxy node) {
    return Objects.requireNonNull(node.upstreams().find("app")).current().spec().servers();
  }

  private static void awaitOn(TestProxy node, int count) throws Exception {
    Eventually.until(
        BOUND,
        () -> servers(node).stream().filter(one -> !one.down() && !one.drain()).count() == count,
        () -> servers(node).toString());
  }

  private static List<JournalEntry> byAutoscaler(TestProxy node) {
    return node.writer().history().last(100).stream()
        .filter(entry -> entry.origin().who().equals("autoscaler"))
        .toList();
  }

  @Test
  void oneNodeActsForTheRequestsOfBoth() throws Exception {
    TestProxy leader = Objects.requireNonNull(one);
    TestProxy other = Objects.requireNonNull(two);

    hold(other, 4); // the leader has none itself

    awaitOn(leader, 2);
    awaitOn(other, 2);
    assertThat(byAutoscaler(leader)).hasSize(1);
    assertThat(byAutoscaler(leader).getFirst().origin().why()).contains("in system", "starting");
  }

  @Test
  void whoDoesNotActRefusesToBeSteeredAndSaysWhoDoes() throws Exception {
    String body = "{\"servers\":3,\"for\":\"1m\"}";
    try (RawClient client = RawClient.connect(Objects.requireNonNull(two).port())) {
      client.send(
          "PUT /control/autoscale/app/override HTTP/1.1\r\nHost: localhost\r\n"
              + "Content-Type: application/json\r\nContent-Length: "
              + body.length()
              + "\r\n\r\n"
              + body);
      var answer = client.readResponse();
      assertThat(answer.status()).isEqualTo(409);
      assertThat(answer.body()).contains("not_leader", "ask node \\\"one\\\"");
    }
  }

  @Test
  void anotherNodeActsWhenTheLeaderIsGoneAndTakesOverItsDrains() throws Exception {
    TestProxy leader = Objects.requireNonNull(one);
    TestProxy other = Objects.requireNonNull(two);
    hold(leader, 4);
    awaitOn(leader, 2);
    hold(leader, 1); // at the second server
    allowed.get(0).release(4);
    Eventually.until(BOUND, () -> servers(other).get(1).drain(), () -> servers(other).toString());

    leader.close(); // before that request has ended
    one = null;

    awaitView(other, "\"leader\":true");
    Eventually.until(
        BOUND,
        () -> servers(other).get(1).down() && !servers(other).get(1).drain(),
        () -> servers(other).toString());
    hold(other, 4);
    awaitOn(other, 2);
    assertThat(byAutoscaler(other))
        .extracting(entry -> entry.origin().why())
        .anyMatch(why -> why.contains("draining"))
        .last()
        .asString()
        .contains("starting");
  }

  @Test
  void nothingGoesDownWhileANodeThatLivesDoesNotSayWhatItSees() throws Exception {
    TestProxy leader = Objects.requireNonNull(one);
    hold(leader, 4);
    awaitOn(leader, 2);

    redis.cli("SADD", "@turnout:nodes", "three");
    redis.cli("SET", "@turnout:node:three", SILENT);
    awaitView(leader, "\"complete\":false");
    allowed.get(0).release(4);
    awaitView(leader, "\"in_system\":0.0");
    for (int look = 0; look < 40; look++) { // four times as long as a server must be surplus
      String before = lookedAt(leader);
      Eventually.until(BOUND, () -> !lookedAt(leader).equals(before), () -> "no look");
    }

    assertThat(servers(leader)).filteredOn(PeerSpec::down).hasSize(1);
    assertThat(servers(leader)).noneMatch(PeerSpec::drain);
    assertThat(byAutoscaler(leader)).hasSize(1);
    redis.cli("SREM", "@turnout:nodes", "three");
    redis.cli("DEL", "@turnout:node:three");
    awaitOn(leader, 1);
  }

  private static String lookedAt(TestProxy node) throws IOException {
    String view = view(node);
    int begin = view.indexOf("\"now\":{\"time\":\"");
    return view.substring(begin, view.indexOf(',', begin));
  }

  private static final String SILENT =
      "{\"address\":\"x\",\"version\":\"turnout/1\",\"state\":\"up\",\"incarnation\":1,"
          + "\"applied\":1,\"revision\":0,\"started\":1}";

  @Test
  void aMachineIsSwitchedOffWhenNoNodeHasRequestsAtIt() throws Exception {
    TestProxy leader = Objects.requireNonNull(one);
    TestProxy other = Objects.requireNonNull(two);
    hold(other, 4);
    awaitOn(other, 2);
    hold(other, 1);
    Path off = directory.resolve("off-1");

    allowed.get(0).release(4);
    Eventually.until(BOUND, () -> servers(other).get(1).down(), () -> servers(other).toString());

    // it stays switched on until the other node's request has ended
    awaitView(leader, "\"state\":\"aside\"");
    assertThat(off).doesNotExist();
    allowed.get(1).release(1);
    Eventually.until(BOUND, () -> Files.exists(off), () -> "it is not switched off");
  }
}

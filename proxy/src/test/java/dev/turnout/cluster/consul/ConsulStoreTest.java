package dev.turnout.cluster.consul;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStoreContract;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Consul;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A real Consul.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsulStoreTest extends SharedStoreContract {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private Consul consul;

  @BeforeAll
  void startConsul() {
    consul = Consul.start();
  }

  @AfterAll
  void stopConsul() {
    if (consul != null) { // else there is none on this machine
      consul.close();
    }
  }

  @BeforeEach
  void clear() {
    consul.delete("?recurse");
  }

  @Override
  protected SharedStore open() {
    return open("consul://" + consul.address());
  }

  private static SharedStore open(String address) {
    return open(address, Map.of());
  }

  private static SharedStore open(String address, Map<String, String> parameters) {
    return open(address, TIMEOUT, parameters);
  }

  private static SharedStore open(
      String address, Duration timeout, Map<String, String> parameters) {
    return new ConsulEngine().open(new StoreSpec(address, "s:", timeout, parameters));
  }

  private static Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of("t:"), heard);
    return heard;
  }

  private static Commit put(SharedStore store, String key, String value) {
    return store.commit(new Transaction(Map.of(), Map.of(key, value)));
  }

  @Test
  void whatIsWrittenAndDeletedByHandIsTold() {
    try (SharedStore store = open()) {
      Heard heard = follow(store);
      heard.awaitSync();

      consul.put("t:hand", "x");
      heard.awaitValue("t:hand", "x");
      consul.delete("t:hand");

      heard.awaitAbsent("t:hand");
    }
  }

  @Test
  void aDeleteHasARevisionOfItsOwn() {
    try (SharedStore store = open()) {
      Commit put = put(store, "t:a", "1");
      Commit delete =
          store.commit(new Transaction(Map.of(), Collections.singletonMap("t:a", null)));

      assertThat(delete).isInstanceOf(Commit.Done.class);
      assertThat(((Commit.Done) delete).revision()).isGreaterThan(((Commit.Done) put).revision());
      assertThat(((Commit.Done) delete).versions()).isEmpty();
    }
  }

  @Test
  void aLargeValueIsComparedAndSet() {
    String large = "x".repeat(SharedStore.LONGEST_VALUE - 1);
    try (SharedStore store = open()) {
      Transaction make = new Transaction(Map.of("t:a", Transaction.ABSENT), Map.of("t:a", large));

      Commit first = store.commit(make);
      Commit second = store.commit(make);
      Commit third =
          store.commit(
              new Transaction(((Commit.Done) first).versions(), Map.of("t:a", large + "y")));

      assertThat(second).isInstanceOf(Commit.Conflict.class);
      assertThat(third).isInstanceOf(Commit.Done.class);
    }
  }

  @Test
  void moreThanConsulTakesIsRefused() {
    try (SharedStore store = open()) {
      String half = "x".repeat(400_000);

      Commit commit = store.commit(new Transaction(Map.of(), Map.of("t:a", half, "t:b", half)));

      assertThat(commit)
          .isInstanceOfSatisfying(
              Commit.Refused.class,
              refused -> assertThat(refused.message()).contains("txn_max_req_len"));
    }
  }

  @Test
  void anAgentThatIsRestartedEmptyAndCountsFromTheBeginningIsToldAsItIs() {
    try (Consul own = Consul.start();
        SharedStore store = open("consul://" + own.address())) {
      for (int i = 0; i < 40; i++) {
        put(store, "t:a", Integer.toString(i));
      }
      Heard heard = follow(store);
      heard.awaitValue("t:a", "39");

      own.kill();
      heard.awaitLoss();
      assertThat(put(store, "t:a", "lost")).isInstanceOf(Commit.Refused.class);
      own.restart();

      heard.await("an empty snapshot", () -> heard.syncs() >= 2 && heard.values().isEmpty());
      put(store, "t:b", "1");
      heard.awaitValue("t:b", "1");
    }
  }

  @Test
  void anAgentThatHangsIsLostAndComesBack() {
    try (Consul own = Consul.start();
        SharedStore store = open("consul://" + own.address(), Duration.ofMillis(700), Map.of())) {
      put(store, "t:a", "1");
      Heard heard = follow(store);
      heard.awaitValue("t:a", "1");

      own.freeze();
      heard.awaitLoss();
      Commit commit = put(store, "t:a", "2");
      own.thaw();

      assertThat(commit).isInstanceOf(Commit.Unknown.class);
      heard.await("a second snapshot", () -> heard.syncs() >= 2);
      put(store, "t:b", "1");
      heard.awaitValue("t:b", "1");
      // it is made or not, and whoever asks now is told the same
      Heard other = follow(store);
      other.awaitSync();
      heard.await("what others see", () -> heard.values().equals(other.values()));
    }
  }

  @Test
  void aConnectionThatIsCutMissesNothing() {
    try (Relay relay = new Relay(consul.port());
        SharedStore near = open();
        SharedStore far = open("consul://127.0.0.1:" + relay.port())) {
      put(near, "t:a", "1");
      put(near, "t:gone", "1");
      Heard heard = follow(far);
      heard.awaitValue("t:gone", "1");

      relay.cut();
      heard.awaitLoss();
      put(near, "t:a", "2");
      near.commit(new Transaction(Map.of(), Collections.singletonMap("t:gone", null)));
      relay.heal();

      heard.await("a second snapshot", () -> heard.syncs() == 2);
      assertThat(heard.values()).isEqualTo(Map.of("t:a", "2"));
    }
  }

  /// What cannot be had of a real agent when it is wanted.
  private static final class Agent implements AutoCloseable {
    private final HttpServer server;
    private final AtomicInteger questions = new AtomicInteger();

    Agent(List<Integer> indexes) throws IOException {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext(
          "/v1/txn", exchange -> answer(exchange, 200, 1, "{\"Results\":[],\"Errors\":null}"));
      server.createContext(
          "/v1/kv/",
          exchange -> {
            String query = String.valueOf(exchange.getRequestURI().getQuery());
            if (!query.contains("index=")) {
              answer(exchange, 404, 1, "");
              return;
            }
            int number = questions.getAndIncrement();
            if (number < indexes.size()) {
              String value = "{\"Key\":\"t:a\",\"Value\":\"MQ==\",\"ModifyIndex\":" + number + "}";
              answer(exchange, 200, indexes.get(number), "[" + value + "]");
            } else {
              exchange.getRequestBody().readAllBytes(); // held
            }
          });
      server.start();
    }

    private static void answer(HttpExchange exchange, int status, int index, String body)
        throws IOException {
      byte[] bytes = body.getBytes(UTF_8);
      exchange.getRequestBody().readAllBytes();
      exchange.getResponseHeaders().add("X-Consul-Index", Integer.toString(index));
      exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }

    String address() {
      return "consul://127.0.0.1:" + server.getAddress().getPort();
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }

  @Test
  void anIndexThatGoesBackwardsOrIsZeroMeansToBeginAnew() throws Exception {
    try (Agent agent = new Agent(List.of(10, 5, 7, 0, 9));
        SharedStore store = open(agent.address())) {
      Heard heard = follow(store);

      heard.await("three snapshots", () -> heard.syncs() == 3);

      heard.awaitValue("t:a", "1");
      assertThat(heard.losses()).isZero();
    }
  }

  @Test
  void withoutALeaderNothingIsMadeAndTheStoreIsLost() {
    try (FakeUpstream leaderless =
            FakeUpstream.answering(500, List.of(), "rpc error: No cluster leader");
        SharedStore store = open("consul://" + leaderless.address())) {
      Heard heard = follow(store);

      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Refused.class);
      heard.awaitLoss();
    }
    try (FakeUpstream leaving =
            FakeUpstream.answering(500, List.of(), "leadership lost while committing log");
        SharedStore store = open("consul://" + leaving.address())) {
      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Unknown.class);
    }
  }

  @Test
  void aTokenIsReadForEachRequestAndIsInNoMessage(@TempDir Path directory) throws Exception {
    Path token = directory.resolve("token");
    Files.writeString(token, "s3cret\n");
    try (FakeUpstream refusing = FakeUpstream.answering(403, List.of(), "Permission denied");
        SharedStore store =
            open("consul://" + refusing.address(), Map.of("token_file", token.toString()))) {
      Commit commit = put(store, "t:a", "1");
      Files.writeString(token, "0ther");
      put(store, "t:a", "1");

      assertThat(commit)
          .isInstanceOfSatisfying(
              Commit.Refused.class,
              refused ->
                  assertThat(refused.message())
                      .contains("the token needs key_prefix write")
                      .doesNotContain("s3cret"));
      assertThat(refusing.requests())
          .extracting(request -> request.headers().get("X-Consul-Token").orElse(""))
          .containsExactly("s3cret", "0ther");
    }
    assertThatThrownBy(() -> open("consul://127.0.0.1", Map.of("token_file", "/none")))
        .hasMessageContaining("token_file \"/none\" cannot be read");
  }

  @Test
  void whoIsNotThereRefuses() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        SharedStore store = open("consul://" + closed.address())) {
      Heard heard = follow(store);

      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Refused.class);
      heard.awaitLoss();
      assertThatThrownBy(store::nodes).hasMessageContaining("refused the connection");
    }
  }

  @Test
  void aNodeThatComesBackAsAnotherProcessIsTheSameNode() throws Exception {
    try (SharedStore before = open();
        SharedStore after = open()) {
      before.announce("n1", "old", Duration.ofSeconds(30));

      after.announce("n1", "new", Duration.ofSeconds(30));

      assertThat(after.nodes()).isEqualTo(Map.of("n1", "new"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "consul:127.0.0.1",
        "consul://",
        "consul://127.0.0.1:0",
        "consul://x:secret@127.0.0.1:8500/v1/kv",
      })
  void anAddressThatCannotBeIsRefusedWithoutItsSecret(String address) {
    assertThatThrownBy(() -> open(address))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void aPrefixThatConsulDoesNotTakeIsRefused() {
    assertThatThrownBy(() ->
            new ConsulEngine().open(new StoreSpec("consul://127.0.0.1", "/s/", TIMEOUT, Map.of())))
        .hasMessageContaining("does not begin with \"/\"");
  }
}

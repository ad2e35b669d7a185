package dev.turnout.cluster.etcd;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStoreContract;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Etcd;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Relay;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A real etcd, of one member and of three.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class EtcdStoreTest extends SharedStoreContract {
  private static final Duration TIMEOUT = Duration.ofSeconds(2);

  private Etcd etcd;

  @BeforeAll
  void startEtcd() {
    etcd = Etcd.start();
  }

  @AfterAll
  void stopEtcd() {
    if (etcd != null) { // else there is none on this machine
      etcd.close();
    }
  }

  @BeforeEach
  void clear() {
    etcd.clear();
  }

  @Override
  protected SharedStore open() {
    return open("etcd://" + etcd.address());
  }

  private static SharedStore open(String address) {
    return open(address, TIMEOUT);
  }

  private static SharedStore open(String address, Duration timeout) {
    return new EtcdEngine().open(new StoreSpec(address, "s:", timeout, Map.of()));
  }

  private static SharedStore open(Relay relay) {
    return open("etcd://127.0.0.1:" + relay.port());
  }

  private static Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of("t:"), heard);
    return heard;
  }

  private static Commit put(SharedStore store, String key, String value) {
    return store.commit(new Transaction(Map.of(), Map.of(key, value)));
  }

  private static String encoded(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(US_ASCII));
  }

  @Test
  void whatIsWrittenByHandIsTold() {
    try (SharedStore store = open()) {
      Heard heard = follow(store);
      heard.awaitSync();

      etcd.call(
          "POST",
          "/v3/kv/put",
          "{\"key\":\"" + encoded("t:hand") + "\",\"value\":\"" + encoded("x") + "\"}");

      heard.awaitValue("t:hand", "x");
    }
  }

  @Test
  void aWatchThatWasCutWhileTheStoreWasCompactedTellsEverythingAnew() {
    try (Relay relay = new Relay(etcd.port());
        SharedStore near = open();
        SharedStore far = open(relay)) {
      put(near, "t:a", "1");
      put(near, "t:gone", "1");
      Heard heard = follow(far);
      heard.awaitValue("t:gone", "1");

      relay.cut();
      heard.awaitLoss();
      put(near, "t:a", "2");
      near.commit(new Transaction(Map.of(), Collections.singletonMap("t:gone", null)));
      put(near, "t:b", "1");
      etcd.compact();
      relay.heal();

      heard.await("a second snapshot", () -> heard.syncs() == 2);
      assertThat(heard.values()).isEqualTo(Map.of("t:a", "2", "t:b", "1"));
    }
  }

  @Test
  void aWatchThatIsBegunBehindACompactionTellsEverythingAnew() throws Exception {
    AtomicInteger snapshots = new AtomicInteger();
    HttpServer gateway =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    gateway.createContext(
        "/v3/kv/range",
        exchange -> {
          int number = snapshots.incrementAndGet();
          answer(
              exchange,
              "{\"header\":{\"revision\":\"%d\"},\"kvs\":[{\"key\":\"%s\",\"value\":\"%s\","
                      .formatted(number * 10, encoded("t:a"), encoded(Integer.toString(number)))
                  + "\"mod_revision\":\""
                  + (number * 10)
                  + "\"}]}");
        });
    gateway.createContext(
        "/v3/watch",
        exchange ->
            answer(
                exchange,
                """
                {"result":{"header":{"revision":"15"},"created":true}}
                {"result":{"header":{},"canceled":true,"compact_revision":"14"}}
                """));
    gateway.start();
    try (SharedStore store = open("etcd://127.0.0.1:" + gateway.getAddress().getPort())) {
      Heard heard = follow(store);

      heard.await(
          "a third snapshot", () -> Integer.parseInt(heard.values().getOrDefault("t:a", "0")) >= 3);
      long began = System.nanoTime();
      int then = snapshots.get();
      heard.await("more of them", () -> snapshots.get() >= then + 10);
      long millis = (System.nanoTime() - began) / 1_000_000;

      assertThat(heard.losses()).isZero();
      assertThat(heard.syncs()).isGreaterThanOrEqualTo(3);
      assertThat(millis).as("not without a pause each time").isGreaterThanOrEqualTo(80);
    } finally {
      gateway.stop(0);
    }
  }

  private static void answer(HttpExchange exchange, String body) throws IOException {
    byte[] bytes = body.getBytes(US_ASCII);
    exchange.getRequestBody().readAllBytes();
    exchange.sendResponseHeaders(200, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Test
  void aMemberThatHangsIsLostAndComesBack() {
    try (Etcd own = Etcd.start();
        SharedStore store = open("etcd://" + own.address(), Duration.ofMillis(700))) {
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
  void aStoreThatBeginsAnewIsToldAsItIs() {
    try (Etcd own = Etcd.start();
        SharedStore store = open("etcd://" + own.address())) {
      for (int i = 0; i < 20; i++) {
        put(store, "t:a", Integer.toString(i));
      }
      Heard heard = follow(store);
      heard.awaitValue("t:a", "19");

      own.replace();

      heard.await("an empty snapshot", () -> heard.syncs() >= 2 && heard.values().isEmpty());
      assertThat(put(store, "t:b", "1")).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:b", "1");
    }
  }

  @Test
  void aClusterWhoseLeaderIsKilledGoesOnAndNoAcknowledgedWriteIsLost() throws Exception {
    List<Etcd> cluster = Etcd.cluster(3);
    String members =
        "etcd://" + cluster.stream().map(Etcd::address).collect(Collectors.joining(","));
    try (SharedStore writer = open(members);
        SharedStore reader = open(members)) {
      Heard heard = follow(reader);
      heard.awaitSync();
      int acknowledged = 0;
      long revision = 0;
      Etcd killed = null;
      for (int i = 1; acknowledged < 60; i++) {
        if (acknowledged == 20 && killed == null) {
          killed = leader(cluster);
          killed.kill();
        }
        Commit commit = put(writer, "t:" + i, "v");
        if (commit instanceof Commit.Done(long at, _, _)) {
          assertThat(at).isGreaterThan(revision);
          revision = at;
          acknowledged++;
          heard.awaitValue("t:" + i, "v");
        }
        assertThat(i).isLessThan(1000);
      }
      Objects.requireNonNull(killed).restart();
      Commit after = put(writer, "t:end", "v");
      assertThat(after).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:end", "v");
    } finally {
      cluster.forEach(Etcd::close);
    }
  }

  private static Etcd leader(List<Etcd> cluster) {
    return cluster.stream().filter(Etcd::isLeader).findFirst().orElseThrow();
  }

  @Test
  void whoLogsInIsLetInAlsoAfterARestartAndWhoCannotIsToldSo() throws Exception {
    try (Etcd own = Etcd.start()) {
      own.call("POST", "/v3/auth/role/add", "{\"name\":\"root\"}");
      own.call("POST", "/v3/auth/user/add", "{\"name\":\"root\",\"password\":\"s3cret\"}");
      own.call("POST", "/v3/auth/user/grant", "{\"user\":\"root\",\"role\":\"root\"}");
      own.call("POST", "/v3/auth/enable", "{}");
      try (SharedStore store = open("etcd://root:s3cret@" + own.address());
          SharedStore stranger = open("etcd://root:wr0ng@" + own.address());
          SharedStore nobody = open("etcd://" + own.address())) {
        assertThat(store.label()).isEqualTo("etcd://" + own.address());
        assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Done.class);
        Heard heard = follow(store);
        heard.awaitValue("t:a", "1");

        own.kill();
        heard.awaitLoss();
        own.restart();
        heard.await("a second snapshot", () -> heard.syncs() >= 2);

        assertThat(put(stranger, "t:a", "2"))
            .isInstanceOfSatisfying(
                Commit.Refused.class,
                refused ->
                    assertThat(refused.message())
                        .contains("does not let the user of the address log in")
                        .doesNotContain("wr0ng"));
        assertThat(put(nobody, "t:a", "2"))
            .isInstanceOfSatisfying(
                Commit.Refused.class,
                refused ->
                    assertThat(refused.message()).contains("it wants etcd://user:password@"));
      }
    }
  }

  @Test
  void whoIsNotThereRefusesAndIsTriedAgain() throws IOException {
    try (ClosedPort closed = new ClosedPort();
        SharedStore store = open("etcd://" + closed.address())) {
      Heard heard = follow(store);

      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Refused.class);
      heard.awaitLoss();
      assertThatThrownBy(store::nodes).hasMessageContaining("refused the connection");
    }
  }

  @Test
  void oneOfSeveralMembersIsEnough() throws IOException {
    try (ClosedPort closed = new ClosedPort();
        SharedStore store = open("etcd://" + closed.address() + "," + etcd.address())) {
      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Done.class);
      follow(store).awaitValue("t:a", "1");
    }
  }

  @Test
  void somethingElseThanEtcdIsSaidToBeNone() {
    try (FakeUpstream web = FakeUpstream.answering(404, List.of(), "<html>");
        SharedStore store = open("etcd://" + web.address())) {
      assertThat(put(store, "t:a", "1"))
          .isInstanceOfSatisfying(
              Commit.Refused.class,
              refused -> assertThat(refused.message()).contains("is it etcd 3.4 or newer?"));
    }
  }

  @Test
  void aLeaseIsKeptAndItsTextIsWrittenOnlyWhenItChanges() throws Exception {
    try (SharedStore store = open()) {
      store.announce("n1", "x", Duration.ofSeconds(30));
      long before = revision();

      store.announce("n1", "x", Duration.ofSeconds(30));
      assertThat(revision()).isEqualTo(before);
      store.announce("n1", "y", Duration.ofSeconds(30));

      assertThat(revision()).isEqualTo(before + 1);
      assertThat(store.nodes()).isEqualTo(Map.of("n1", "y"));
    }
  }

  private long revision() {
    String answer = etcd.call("POST", "/v3/kv/range", "{\"key\":\"AA==\"}");
    return Long.parseLong(answer.replaceAll("(?s).*\"revision\":\"(\\d+)\".*", "$1"));
  }

  @Test
  void aTransactionThatIsTooLargeIsRefused() throws Exception {
    try (SharedStore store = open("etcd://" + etcd.address(), TIMEOUT.multipliedBy(10))) {
      Commit commit = put(store, "t:a", "x".repeat(4 << 20));

      assertThat(commit).isInstanceOf(Commit.Refused.class);
      Eventually.until(TIMEOUT, () -> store.nodes().isEmpty(), () -> "still asked");
      assertThat(put(store, "t:a", "small")).isInstanceOf(Commit.Done.class);
    }
  }

  @Test
  void aKeyInNoTextIsRead() {
    try (SharedStore store = open()) {
      etcd.call(
          "POST", "/v3/kv/put", "{\"key\":\"" + encoded("t:bytes") + "\",\"value\":\"/wD+\"}");

      Heard heard = follow(store);
      heard.awaitSync();

      assertThat(heard.reading("t:bytes"))
          .isInstanceOfSatisfying(
              Reading.Present.class,
              present -> assertThat(present.value()).isEqualTo("\u00ff\0\u00fe"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "etcd:127.0.0.1",
        "etcd://",
        "etcd://a b",
        "etcd://127.0.0.1:0",
        "etcd://127.0.0.1:2379/x",
        "etcd://127.0.0.1:2379,",
        "etcd://u%zz:secret@127.0.0.1",
        "etcd://:secret@127.0.0.1",
      })
  void anAddressThatCannotBeIsRefusedWithoutItsSecret(String address) {
    assertThatThrownBy(() -> open(address))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }

  @Test
  void certificatesAreOnlyForThoseWhoSpeakTls() {
    StoreSpec spec =
        new StoreSpec(
            "etcd://127.0.0.1", "s:", TIMEOUT, Map.of("ssl_trusted_certificate", "/none.pem"));
    assertThatThrownBy(() -> new EtcdEngine().open(spec)).hasMessageContaining("etcds://");
    assertThatThrownBy(() ->
            new EtcdEngine()
                .open(
                    new StoreSpec(
                        "etcds://127.0.0.1",
                        "s:",
                        TIMEOUT,
                        Map.of("ssl_trusted_certificate", "/none.pem"))))
        .hasMessageContaining("\"/none.pem\" cannot be used");
  }
}

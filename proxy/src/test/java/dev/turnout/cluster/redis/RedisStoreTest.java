package dev.turnout.cluster.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStoreContract;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.Installed;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RedisSentinel;
import dev.turnout.testkit.RedisServer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The engine against a real Redis, also where that is used by hand and where it fails.
class RedisStoreTest extends SharedStoreContract {
  private static final RedisServer SERVER = RedisServer.start();

  @AfterAll
  static void stop() {
    SERVER.close();
  }

  @BeforeEach
  void beginEmpty() {
    SERVER.cli("FLUSHALL");
    SERVER.cli("CONFIG", "SET", "maxmemory", "0");
  }

  @Override
  protected SharedStore open() {
    return open("redis://" + SERVER.address(), Map.of());
  }

  private static SharedStore open(String address, Map<String, String> parameters) {
    return open(address, parameters, Duration.ofSeconds(5));
  }

  private static SharedStore open(
      String address, Map<String, String> parameters, Duration timeout) {
    return new RedisEngine().open(new StoreSpec(address, "t:", timeout, parameters));
  }

  private static Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of("t:"), heard);
    heard.awaitSync();
    return heard;
  }

  private static Commit put(SharedStore store, String key, String value) {
    return store.commit(new Transaction(Map.of(), Map.of(key, value)));
  }

  @Test
  void whatIsSetByHandIsToldAndWhatIsWrittenIsPlain() {
    try (SharedStore store = open()) {
      Heard heard = follow(store);

      SERVER.cli("SET", "t:shop.example", "green");
      heard.awaitValue("t:shop.example", "green");
      put(store, "t:shop.example", "blue");

      assertThat(SERVER.cli("GET", "t:shop.example")).isEqualTo("blue");
      SERVER.cli("DEL", "t:shop.example");
      heard.awaitAbsent("t:shop.example");
    }
  }

  @Test
  void aKeyThatExpiresIsGone() {
    try (SharedStore store = open()) {
      Heard heard = follow(store);

      SERVER.cli("SET", "t:a", "1", "PX", "100");

      heard.awaitValue("t:a", "1");
      heard.awaitAbsent("t:a");
    }
  }

  @Test
  void whatIsNoStringIsNotTakenForAbsent() {
    try (SharedStore store = open()) {
      put(store, "t:a", "1");
      Heard heard = follow(store);

      SERVER.cli("DEL", "t:a");
      SERVER.cli("LPUSH", "t:a", "x");

      heard.await(
          "what it is",
          () ->
              heard.reading("t:a") instanceof Reading.Unreadable unreadable
                  && unreadable.reason().contains("WRONGTYPE"));
      assertThat(follow(store).reading("t:a")).isInstanceOf(Reading.Unreadable.class);
      assertThat(put(store, "t:a", "2")).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:a", "2");
    }
  }

  @Test
  void whenAllIsFlushedEverythingIsToldAnew() {
    try (SharedStore store = open()) {
      put(store, "t:a", "1");
      Heard heard = follow(store);

      SERVER.cli("FLUSHALL");

      heard.await("another snapshot", () -> heard.syncs() == 2);
      assertThat(heard.values()).isEmpty();
    }
  }

  @Test
  void withoutMemoryACommitIsRefusedAsAWhole() {
    try (SharedStore store = open()) {
      put(store, "t:a", "1");
      Heard heard = follow(store);
      SERVER.cli("CONFIG", "SET", "maxmemory", "1");

      Commit commit = store.commit(new Transaction(Map.of(), Map.of("t:a", "2", "t:b", "2")));
      SERVER.cli("CONFIG", "SET", "maxmemory", "0");

      assertThat(commit).isInstanceOf(Commit.Refused.class);
      assertThat(((Commit.Refused) commit).message()).startsWith("OOM");
      assertThat(put(store, "t:end", "1")).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:end", "1");
      assertThat(heard.values()).isEqualTo(Map.of("t:a", "1", "t:end", "1"));
    }
  }

  @Test
  void scriptsThatWereFlushedAreBroughtAgain() {
    try (SharedStore store = open()) {
      put(store, "t:a", "1");

      SERVER.cli("SCRIPT", "FLUSH");

      assertThat(put(store, "t:a", "2")).isInstanceOf(Commit.Done.class);
    }
  }

  @Test
  void aServerThatHangsIsNoticedAndWhatItDoesLateIsNotBelieved() {
    try (RedisServer server = RedisServer.start();
        SharedStore store = open("redis://" + server.address(), Map.of(), Duration.ofMillis(500))) {
      put(store, "t:a", "1");
      Heard heard = follow(store);

      server.hang();
      Commit commit = put(store, "t:a", "2");
      heard.awaitLoss();
      server.goOn();

      assertThat(commit).isInstanceOf(Commit.Unknown.class);
      heard.await("a snapshot", heard::isUp);
      assertThat(put(store, "t:a", "3")).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:a", "3");
    }
  }

  @Test
  void aServerThatIsStartedAgainIsFoundAgain() {
    try (RedisServer server = RedisServer.start();
        SharedStore store = open("redis://" + server.address(), Map.of())) {
      put(store, "t:a", "1");
      Heard heard = follow(store);

      server.kill();
      heard.awaitLoss();
      Commit commit = put(store, "t:a", "2");
      server.startAgain();

      // Refused, or not known if it was sent before the end of the connection was seen.
      assertThat(commit).isNotInstanceOf(Commit.Done.class);
      heard.await("a snapshot", heard::isUp);
      assertThat(heard.values()).isEmpty();
      assertThat(put(store, "t:a", "3")).isInstanceOf(Commit.Done.class);
    }
  }

  @Test
  void nothingHasToBeThereAtTheBeginning() {
    try (RedisServer server = RedisServer.start()) {
      server.kill();
      try (SharedStore store = open("redis://" + server.address(), Map.of())) {
        Heard heard = new Heard();
        store.follow(Set.of("t:"), heard);
        heard.awaitLoss();

        server.startAgain();

        heard.awaitSync();
      }
    }
  }

  @Test
  void aWrongPasswordIsSaidWithoutSayingIt() {
    try (RedisServer server = RedisServer.start("--requirepass", "open-sesame");
        SharedStore store = open("redis://:guess-me@" + server.address(), Map.of());
        SharedStore right = open("redis://:open-sesame@" + server.address(), Map.of())) {
      Commit commit = put(store, "t:a", "1");

      assertThat(commit).isInstanceOf(Commit.Refused.class);
      assertThat(((Commit.Refused) commit).message())
          .contains("WRONGPASS")
          .doesNotContain("guess-me");
      assertThat(store.label()).doesNotContain("guess-me");
      assertThat(put(right, "t:a", "1")).isInstanceOf(Commit.Done.class);
    }
  }

  @Test
  void aWriteThatNoReplicaConfirmsIsNotAcknowledged() {
    try (SharedStore store =
        open("redis://" + SERVER.address(), Map.of("wait", "1"), Duration.ofMillis(300))) {
      assertThat(put(store, "t:a", "1")).isInstanceOf(Commit.Unknown.class);
    }
  }

  @Test
  void aWriteThatAReplicaHasSaysSo() throws Exception {
    try (RedisServer replica = RedisServer.start("--replicaof", "127.0.0.1 " + SERVER.port());
        SharedStore store = open("redis://" + SERVER.address(), Map.of("wait", "1"))) {
      Eventually.until(
          Duration.ofSeconds(20),
          () -> SERVER.cli("INFO", "replication").contains("state=online"),
          () -> "no replica: " + replica.cli("INFO", "replication"));

      Commit commit = put(store, "t:a", "1");

      assertThat(commit).isInstanceOf(Commit.Done.class);
      assertThat(((Commit.Done) commit).copies()).isEqualTo(1);
    }
  }

  @Test
  void theAccessListOfTheManualIsEnough() throws Exception {
    SERVER.cli(
        "ACL",
        "SETUSER",
        "edge",
        "reset",
        "on",
        ">open-sesame",
        "~t:*",
        "~@t:*",
        "+@read",
        "+@write",
        "+@scripting",
        "+@connection",
        "+info",
        "+wait");
    try (SharedStore store = open("redis://edge:open-sesame@" + SERVER.address(), Map.of())) {
      Heard heard = follow(store);

      Commit commit = put(store, "t:a", "1");
      store.announce("n", "x", Duration.ofMinutes(1));

      assertThat(commit).isInstanceOf(Commit.Done.class);
      heard.awaitValue("t:a", "1");
      assertThat(store.nodes()).containsKey("n");
    }
  }

  @Test
  void aCertificateOfOnesOwnAuthorityIsTrustedAndNoOther(@TempDir Path directory) throws Exception {
    Installed.need("openssl", "openssl");
    certify(directory, "own");
    certify(directory, "other");
    int port = Ports.free();
    try (RedisServer server =
        RedisServer.start(
            "--tls-port",
            Integer.toString(port),
            "--tls-cert-file",
            directory.resolve("own.crt").toString(),
            "--tls-key-file",
            directory.resolve("own.key").toString(),
            "--tls-auth-clients",
            "no")) {
      String address = "rediss://127.0.0.1:" + port;
      try (SharedStore trusting = open(address, trusting(directory.resolve("own.crt")));
          SharedStore strict = open(address, trusting(directory.resolve("other.crt")))) {
        assertThat(put(trusting, "t:a", "1")).isInstanceOf(Commit.Done.class);
        assertThat(server.cli("GET", "t:a")).isEqualTo("1");

        Commit refused = put(strict, "t:a", "2");

        assertThat(refused).isInstanceOf(Commit.Refused.class);
        assertThat(((Commit.Refused) refused).message()).containsIgnoringCase("certificat");
      }
    }
  }

  private static Map<String, String> trusting(Path file) {
    return Map.of("ssl_trusted_certificate", file.toString());
  }

  private static void certify(Path directory, String name) throws Exception {
    Process openssl =
        new ProcessBuilder(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=" + name,
                "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout",
                directory.resolve(name + ".key").toString(),
                "-out",
                directory.resolve(name + ".crt").toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(openssl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(openssl.waitFor()).as(said).isZero();
  }

  @Test
  void whenSentinelFailsOverTheNewMasterIsFound() throws Exception {
    try (RedisServer master = RedisServer.start();
        RedisServer replica = RedisServer.start("--replicaof", "127.0.0.1 " + master.port());
        RedisSentinel sentinel = RedisSentinel.start(master)) {
      Eventually.until(
          Duration.ofSeconds(20),
          () -> master.cli("INFO", "replication").contains("state=online"),
          () -> "no replica: " + replica.cli("INFO", "replication"));
      try (SharedStore store =
          open("redis+sentinel://" + sentinel.address() + "/main", Map.of("wait", "1"))) {
        Eventually.until(
            Duration.ofSeconds(20),
            () -> put(store, "t:a", "1") instanceof Commit.Done,
            sentinel::output);
        Heard heard = follow(store);
        Eventually.until( // Sentinel looks for replicas every ten seconds
            Duration.ofSeconds(30), () -> sentinel.output().contains("+slave"), sentinel::output);

        master.kill();

        heard.awaitLoss();
        Eventually.until(Duration.ofSeconds(30), heard::isUp, sentinel::output);
        assertThat(heard.values()).isEqualTo(Map.of("t:a", "1"));
        assertThat(replica.cli("ROLE")).startsWith("master");
      }
    }
  }

  @Test
  void anAddressThatCannotBeRightIsRefusedWithoutItsSecret() {
    for (String address :
        List.of(
            "redis:host",
            "redis://",
            "redis://:secret@host:0",
            "redis://:secret@host:6379/x",
            "redis://:secret@host:6379/0/1",
            "redis+sentinel://:secret@host")) {
      assertThatThrownBy(() -> open(address, Map.of()))
          .as(address)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageNotContaining("secret");
    }
    assertThatThrownBy(() -> open("redis://host", trusting(Path.of("/etc/hostname"))))
        .hasMessageContaining("rediss://");
  }
}

package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.config.ConfigLoadException;
import dev.turnout.control.StoreStatus;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RedisServer;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What cannot be right is refused when the configuration is read, and what turns out to be wrong
/// later is told; in neither is a password.
@Timeout(60)
class StateStoreModuleTest {
  private static final String SERVER = "server { listen 127.0.0.1:0; }";

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mysql://:secret@host | unknown kind of store \"mysql:\"",
        "rediss+cluster://:secret@host | \"rediss+cluster:\" is not supported by \"state_store\"",
        "redis+cluster://:secret@host/1 | an address is written redis+cluster://",
        "redis+cluster://:secret@host prefix=turnout: | all keys have to be in one slot",
        "redis+cluster://:secret@host \"prefix={}:\" | all keys have to be in one slot",
        "redis:secret | an address is written redis://",
        "redis://:secret@host:99999 | the port is a number from 1 to 65535",
        "redis://:secret@host/db | the database is a number from 0",
        "redis+sentinel://:secret@host | redis+sentinel://host:26379,host:26379/master",
        "redis://:secret@host prefix= | invalid prefix \"\"",
        "redis://:secret@host prefix=@x | a prefix does not begin with \"@\"",
        "redis://:secret@host timeout=1ms | invalid timeout value \"1ms\"",
        "redis://:secret@host on_unavailable=maybe | invalid value \"maybe\"",
        "redis://:secret@host node=a/b | invalid node name \"a/b\"",
        "redis://:secret@host prefx=a | invalid parameter \"prefx=a\"",
        "redis://:secret@host wait=many | the wait is a number from 0 to 100",
        "rediss://:secret@host ssl_trusted_certificate=none.pem | cannot be read",
        "redis://:secret@host ssl_trusted_certificate=nginx.conf | rediss://",
        "file:state timeout=1s | invalid parameter \"timeout=1s\""
      })
  void whatCannotBeRightIsRefusedWithoutItsSecret(String words, String reason) {
    assertThatThrownBy(() -> TestProxy.start("state_store " + words + ";" + SERVER).close())
        .satisfies(e -> assertThat(text(e)).contains(reason).doesNotContain("secret"));
  }

  private static String text(Throwable e) {
    return e instanceof ConfigLoadException load
        ? load.errors().toString() + load.errors().getFirst().help()
        : e.toString();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "keyval_zone zone=a:1m store state=a.json; | do not go together",
        "keyval_zone zone=a:1m store timeout=1m; | do not go together",
        "keyval_zone zone=a:1m store=@a; | invalid prefix",
        "keyval_zone zone=a:1m store; keyval_zone zone=b:1m store; | would be among those of zone",
        "keyval_zone zone=a:1m store=turnout:a:; | would be among the store's own",
        "upstream a { store; state a.conf; } | do not go together"
      })
  void whatCannotBeSharedIsRefused(String http, String reason) {
    assertThatThrownBy(
            () -> TestProxy.start("state_store redis://127.0.0.1;" + http + SERVER).close())
        .satisfies(e -> assertThat(text(e)).contains(reason));
  }

  @Test
  void inARedisClusterAllZonesAreInOneSlot() {
    String http =
        "state_store redis+cluster://127.0.0.1; keyval_zone zone=a:1m \"store=%s\"; " + SERVER;

    assertThatThrownBy(() -> TestProxy.start(http.formatted("sw:")).close())
        .satisfies(e ->
            assertThat(text(e)).contains("\"sw:\" has to have the same {tag} as \"{turnout}:\""));
    TestProxy.start(http.formatted("{turnout}sw:")).close();
  }

  @Test
  void aRedisClusterIsToldFromOneRedis() throws Exception {
    try (RedisServer member =
            RedisServer.start(
                "--cluster-enabled", "yes", "--cluster-port", Integer.toString(Ports.free()));
        RedisServer alone = RedisServer.start();
        TestProxy one = TestProxy.start("state_store redis://" + member.address() + ";" + SERVER);
        TestProxy other =
            TestProxy.start("state_store redis+cluster://" + alone.address() + ";" + SERVER)) {
      awaitReason(one, "redis+cluster://");
      awaitReason(other, "cluster support disabled");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "# | there is no store",
        "state_store file:state; # | there is no store",
        "state_store etcd://127.0.0.1; # | etcd writes each message to the disks",
        "state_store consul://127.0.0.1; # | Consul writes each message to the disks",
        "state_store redis://127.0.0.1 sync_interval=1ms; # | invalid sync_interval value \"1ms\""
      })
  void zonesAreSyncedByRedisOnly(String store, String reason) {
    for (String zone :
        List.of(
            "limit_req_zone $arg_x zone=z:1m rate=1r/s sync;",
            "upstream u { server 127.0.0.1:1; sticky learn create=$arg_x lookup=$arg_x zone=z:1m"
                + " sync; }")) {
      assertThatThrownBy(() -> TestProxy.start(store.replace("#", "") + zone + SERVER).close())
          .satisfies(e -> assertThat(text(e)).contains(reason));
    }
  }

  @Test
  void connectionsAreCountedByEachNode() {
    assertThatThrownBy(() ->
            TestProxy.start(
                    "state_store redis://127.0.0.1; limit_conn_zone $arg_x zone=z:1m sync;"
                        + SERVER)
                .close())
        .satisfies(e -> assertThat(text(e)).contains("\"limit_conn_zone\" is not supported"));
  }

  @Test
  void theStoreCannotBeChangedByAReload() throws Exception {
    try (ClosedPort nobody = new ClosedPort();
        TestProxy proxy =
            TestProxy.start("state_store redis://" + nobody.address() + ";" + SERVER)) {
      boolean other =
          proxy.reload("state_store redis://" + nobody.address() + " timeout=2s;" + SERVER);
      boolean none = proxy.reload(SERVER);
      boolean same =
          proxy.reload(
              "state_store redis://"
                  + nobody.address()
                  + "; keyval_zone zone=a:1m store;"
                  + SERVER);

      assertThat(other).isFalse();
      assertThat(none).isFalse();
      assertThat(same).isTrue();
      assertThat(proxy.errorLog())
          .contains("cannot be changed by a reload", "cannot be taken away by a reload");
    }
  }

  @Test
  void aPasswordThatIsWrongIsToldAndNotSaid() throws Exception {
    try (RedisServer redis = RedisServer.start("--requirepass", "open-sesame");
        TestProxy proxy =
            TestProxy.start("state_store redis://:guess-me@" + redis.address() + ";" + SERVER)) {
      StoreStatus status = awaitReason(proxy, "WRONGPASS");

      assertThat(status.link()).isEqualTo(StoreStatus.Link.CONNECTING);
      assertThat(proxy.errorLog()).contains("WRONGPASS").doesNotContain("guess-me");
      assertThat(status.toString()).doesNotContain("guess-me");
    }
  }

  @Test
  void twoNodesOfOneNameAreTold() throws Exception {
    String http;
    try (RedisServer redis = RedisServer.start()) {
      http = "state_store redis://" + redis.address() + " node=twin;" + SERVER;
      try (TestProxy one = TestProxy.start(http);
          TestProxy other = TestProxy.start(http)) {
        Eventually.until(
            Duration.ofSeconds(20),
            () -> (one.errorLog() + other.errorLog()).contains("another node is called \"twin\""),
            () -> one.errorLog() + other.errorLog());
      }
    }
  }

  private static StoreStatus awaitReason(TestProxy proxy, String reason) throws Exception {
    Eventually.until(
        Duration.ofSeconds(20),
        () -> proxy.control().sharing().status().reason().contains(reason),
        () -> proxy.control().sharing().status() + proxy.errorLog());
    return proxy.control().sharing().status();
  }
}

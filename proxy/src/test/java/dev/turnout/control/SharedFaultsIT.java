package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RedisSentinel;
import dev.turnout.testkit.RedisServer;
import dev.turnout.testkit.Relay;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Redis fails in all the ways it can while three nodes serve requests and are switched: no request
/// fails, no change is acknowledged that is not made, and all agree in the end.
///
/// `-Dturnout.store.rounds=N` repeats each fault; [NodesUnderLoad] has the rate of requests.
@Timeout(600)
class SharedFaultsIT {
  private static final int ROUNDS = Integer.getInteger("turnout.store.rounds", 1);
  private static final String SOON = " timeout=400ms";

  @TempDir private Path directory;
  private final RedisServer redis = RedisServer.start();

  @AfterEach
  void end() {
    redis.close();
  }

  private @Nullable String stored(String key) {
    return stored(redis, key);
  }

  private static @Nullable String stored(RedisServer server, String key) {
    return server.cli("GET", "turnout:" + key);
  }

  private void suffer(String what, Runnable begins, Runnable ends) {
    suffer(what, begins, ends, "redis://" + redis.address() + SOON);
  }

  private void suffer(String what, Runnable begins, Runnable ends, String store) {
    try (NodesUnderLoad nodes = new NodesUnderLoad(directory, store)) {
      nodes.awaitSwitches();
      for (int i = 0; i < ROUNDS; i++) {
        begins.run();
        nodes.switchAll();
        nodes.switchAll();
        nodes.heal(ends);
        nodes.allAgreeOnWhatWasPromised(this::stored);
        nodes.awaitSwitches();
      }
      nodes.allAgreeOnWhatWasPromised(this::stored);
      nodes.allWentWell(what);
    }
  }

  @Test
  void itHangs() {
    suffer("Redis hangs", redis::hang, redis::goOn);
  }

  @Test
  void itIsKilledAndComesBackEmpty() {
    suffer("Redis comes back empty", redis::kill, redis::startAgain);
  }

  @Test
  void itHasNoMemoryLeft() {
    suffer(
        "Redis is out of memory",
        () -> redis.cli("CONFIG", "SET", "maxmemory", "1"),
        () -> redis.cli("CONFIG", "SET", "maxmemory", "0"));
  }

  @Test
  void itsConnectionsAreCut() {
    suffer(
        "Redis' connections are cut",
        () -> redis.cli("CLIENT", "KILL", "TYPE", "normal"),
        () -> redis.cli("CLIENT", "KILL", "TYPE", "normal"));
  }

  @Test
  void itIsStoppedAndStartedWithWhatItHad() {
    redis.keepAll();
    suffer("Redis is stopped", redis::kill, redis::startAgain);
  }

  @Test
  void itIsSlowerThanIsWaited() {
    try (Relay relay = new Relay(redis.port())) {
      suffer(
          "Redis is slow",
          () -> relay.delay(600),
          relay::heal,
          "redis://127.0.0.1:" + relay.port() + SOON);
    }
  }

  @Test
  void aKeyBecomesAListAndTheLastValueGoesOn() {
    try (NodesUnderLoad nodes =
        new NodesUnderLoad(directory, "redis://" + redis.address() + SOON)) {
      nodes.awaitSwitches();
      for (int i = 0; i < ROUNDS; i++) {
        redis.cli("DEL", "turnout:k0");
        redis.cli("LPUSH", "turnout:k0", "what", "is", "this");
        nodes.awaitAll(
            status -> status.rejected().containsKey("turnout:k0"), "the list to be seen");
        assertThat(nodes.put(0, "k0", "green")).isInstanceOf(ChangeResult.Unavailable.class);

        redis.cli("DEL", "turnout:k0");
        redis.cli("SET", "turnout:k0", "green");
        nodes.setByHand("k0", "green");

        nodes.allAgreeOnWhatWasPromised(this::stored);
        nodes.awaitSwitches();
      }
      nodes.allAgreeOnWhatWasPromised(this::stored);
      nodes.allWentWell("a list where a string should be");
    }
  }

  @Test
  void sentinelFailsOver() throws Exception {
    try (RedisServer master = RedisServer.start();
        RedisServer replica = RedisServer.start("--replicaof", "127.0.0.1 " + master.port());
        RedisSentinel sentinel = RedisSentinel.start(master)) {
      String store = "redis+sentinel://" + sentinel.address() + "/main" + SOON;
      awaitReplica(master, replica, sentinel);
      try (NodesUnderLoad nodes = new NodesUnderLoad(directory, store)) {
        nodes.awaitSwitches();

        master.kill();
        nodes.switchAll();
        nodes.heal(() -> nodes.await(() -> isMaster(replica), "the replica to be master"));
        nodes.awaitSwitches();

        nodes.allAgreeOnWhatWasPromised(key -> stored(replica, key));
        nodes.allWentWell("Sentinel fails over");
      }
    }
  }

  private static void awaitReplica(RedisServer master, RedisServer replica, RedisSentinel sentinel)
      throws Exception {
    Eventually.until(
        Duration.ofSeconds(30), // Sentinel looks for replicas every ten
        () ->
            master.cli("INFO", "replication").contains("state=online")
                && sentinel.output().contains("+slave"),
        () -> replica.cli("INFO", "replication") + sentinel.output());
  }

  private static boolean isMaster(RedisServer server) {
    return server.cli("ROLE").startsWith("master");
  }
}

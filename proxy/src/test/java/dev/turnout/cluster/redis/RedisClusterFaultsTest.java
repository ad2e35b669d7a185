package dev.turnout.cluster.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.share.Broadcast;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RedisCluster;
import dev.turnout.testkit.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A real Redis Cluster whose members fail and whose slots move.
@Timeout(180)
class RedisClusterFaultsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration TIMEOUT = Duration.ofSeconds(1);
  private static final int SLOT = ClusterMembers.slot("{s}");

  private final RedisCluster cluster = RedisCluster.start();
  private final int owner = cluster.owner(SLOT);
  private final int other = (owner + 1) % 3;

  @AfterEach
  void stop() {
    cluster.close();
  }

  private SharedStore open(Map<String, String> parameters) {
    String address =
        "redis+cluster://"
            + cluster.member(other).address()
            + ","
            + cluster.member(owner).address();
    return new RedisEngine().open(new StoreSpec(address, "{s}t:", TIMEOUT, parameters));
  }

  private static Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of("{s}t:"), heard);
    heard.awaitSync();
    return heard;
  }

  private static Commit put(SharedStore store, String... keysAndValues) {
    Map<String, @Nullable String> writes = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      writes.put("{s}t:" + keysAndValues[i], keysAndValues[i + 1]);
    }
    return store.commit(new Transaction(Map.of(), writes));
  }

  private static void awaitDone(SharedStore store, String key, String value) throws Exception {
    Eventually.until(
        PATIENCE,
        () -> put(store, key, value) instanceof Commit.Done,
        () -> "not done: " + put(store, key, value));
  }

  private static void awaitLoss(Heard heard) throws Exception {
    Eventually.until(PATIENCE, () -> heard.losses() > 0, () -> "not lost");
  }

  private static void awaitAll(Heard heard, Map<String, String> values) throws Exception {
    Eventually.until(
        PATIENCE,
        () -> heard.isUp() && heard.values().equals(values),
        () -> "up: " + heard.isUp() + ", " + heard.values());
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aReplicaThatTakesOverIsFollowed(boolean hangs) throws Exception {
    cluster.addReplica(owner);
    RedisServer primary = cluster.member(owner);
    try (SharedStore store = open(Map.of("wait", "1"));
        SharedStore unconfirmed = open(Map.of())) {
      Heard heard = follow(store);
      assertThat(put(store, "a", "1")).isInstanceOf(Commit.Done.class);

      if (hangs) {
        primary.hang();
      } else {
        primary.kill();
      }
      awaitLoss(heard);
      awaitDone(unconfirmed, "b", "2"); // once the replica is primary

      awaitAll(heard, Map.of("{s}t:a", "1", "{s}t:b", "2"));
      if (hangs) {
        primary.goOn(); // it becomes a replica
      } else {
        primary.startAgain();
      }
      awaitDone(store, "c", "3"); // once that has it, too
      awaitAll(heard, Map.of("{s}t:a", "1", "{s}t:b", "2", "{s}t:c", "3"));
    }
  }

  @Test
  void withoutAllSlotsNothingIsChangedAndItComesBack() throws Exception {
    try (SharedStore store = open(Map.of())) {
      Heard heard = follow(store);
      put(store, "a", "1");

      cluster.member(other).kill();
      cluster.awaitState("fail");
      Commit refused = put(store, "a", "2");

      assertThat(refused).isInstanceOf(Commit.Refused.class);
      awaitLoss(heard);
      assertThat(heard.values()).isEqualTo(Map.of("{s}t:a", "1"));
      cluster.member(other).startAgain();
      cluster.awaitState("ok");
      awaitDone(store, "b", "2");
      awaitAll(heard, Map.of("{s}t:a", "1", "{s}t:b", "2"));
    }
  }

  private void beginToMoveTheSlot() {
    String slot = Integer.toString(SLOT);
    cluster.member(other).cli("CLUSTER", "SETSLOT", slot, "IMPORTING", cluster.id(owner));
    cluster.member(owner).cli("CLUSTER", "SETSLOT", slot, "MIGRATING", cluster.id(other));
  }

  private void move(String... keys) {
    RedisServer to = cluster.member(other);
    List<String> command =
        new ArrayList<>(
            List.of("MIGRATE", "127.0.0.1", Integer.toString(to.port()), "", "0", "5000", "KEYS"));
    command.addAll(List.of(keys));
    assertThat(cluster.member(owner).cli(command.toArray(String[]::new))).isEqualTo("OK");
  }

  private void endMovingTheSlot() {
    RedisServer from = cluster.member(owner);
    String left = from.cli("CLUSTER", "GETKEYSINSLOT", Integer.toString(SLOT), "1000");
    if (!left.isEmpty()) {
      move(left.split("\\R", -1));
    }
    for (int i : new int[] {other, owner, 3 - owner - other}) {
      cluster
          .member(i)
          .cli("CLUSTER", "SETSLOT", Integer.toString(SLOT), "NODE", cluster.id(other));
    }
  }

  @Test
  void aSlotThatMovesIsFollowedAndNothingIsTornMeanwhile() throws Exception {
    try (SharedStore store = open(Map.of())) {
      Heard heard = follow(store);
      put(store, "a", "1", "b", "1", "c", "1");
      Map<String, String> all = Map.of("{s}t:a", "1", "{s}t:b", "1", "{s}t:c", "1");
      awaitAll(heard, all);

      beginToMoveTheSlot();
      move("{s}t:b");
      Commit torn = put(store, "a", "2", "b", "2", "c", "2");
      awaitLoss(heard);

      assertThat(torn).isInstanceOf(Commit.Refused.class);
      assertThat(cluster.member(owner).cli("GET", "{s}t:a")).isEqualTo("1");
      assertThat(cluster.member(owner).cli("GET", "{s}t:c")).isEqualTo("1");
      assertThat(heard.values()).isEqualTo(all); // what is gone from there is not taken for deleted
      endMovingTheSlot();
      awaitDone(store, "d", "2");
      awaitAll(heard, Map.of("{s}t:a", "1", "{s}t:b", "1", "{s}t:c", "1", "{s}t:d", "2"));
      assertThat(cluster.owner(SLOT)).isEqualTo(other);
    }
  }

  @Test
  void whoComesWhileASlotMovesIsNotToldAPart() throws Exception {
    try (SharedStore store = open(Map.of())) {
      put(store, "a", "1", "b", "1");
      beginToMoveTheSlot();
      move("{s}t:b");
      Heard heard = new Heard();
      store.follow(Set.of("{s}t:"), heard);
      awaitLoss(heard);

      assertThat(heard.syncs()).isZero();
      endMovingTheSlot();

      awaitAll(heard, Map.of("{s}t:a", "1", "{s}t:b", "1"));
    }
  }

  @Test
  void whatIsSaidIsHeardThroughAnyMember() throws Exception {
    List<String> heard = new CopyOnWriteArrayList<>();
    AtomicInteger joined = new AtomicInteger();
    Broadcast.Listener listener =
        new Broadcast.Listener() {
          @Override
          public void joined() {
            joined.incrementAndGet();
          }

          @Override
          public void heard(String message) {
            heard.add(message);
          }

          @Override
          public void lost(String reason) {}
        };
    try (SharedStore store = open(Map.of());
        Broadcast broadcast = Objects.requireNonNull(store.broadcast(listener))) {
      Eventually.until(PATIENCE, () -> joined.get() == 1, () -> "not joined");

      broadcast.say("a", Map.of("z:a", "1"), 60_000);

      Eventually.until(PATIENCE, () -> heard.contains("a"), () -> "not heard");
      assertThat(broadcast.marks("z:")).hasSize(1);
      assertThat(cluster.member(owner).cli("GET", "@{s}t:sync:z:a")).isEqualTo("1");
    }
  }
}

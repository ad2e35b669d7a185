package dev.turnout.cluster.redis;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.share.Broadcast;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStoreContract;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.testkit.RedisCluster;
import dev.turnout.testkit.RedisServer;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The engine against a real Redis Cluster, also where slots move and members fail.
@Timeout(180)
class RedisClusterTest extends SharedStoreContract {
  private static final RedisCluster CLUSTER = RedisCluster.start();
  private static final String TAG = "{s}";
  private static final int SLOT = ClusterMembers.slot(TAG);

  @AfterAll
  static void stop() {
    CLUSTER.close();
  }

  @BeforeEach
  void beginEmpty() {
    for (int i = 0; i < 3; i++) {
      CLUSTER.member(i).cli("FLUSHALL");
    }
  }

  @Override
  protected String tag() {
    return TAG;
  }

  @Override
  protected SharedStore open() {
    return open(CLUSTER, 0, Duration.ofSeconds(5));
  }

  private static SharedStore open(RedisCluster cluster, int asked, Duration timeout) {
    String address = "redis+cluster://" + cluster.member(asked).address();
    return new RedisEngine().open(new StoreSpec(address, TAG + "t:", timeout, Map.of()));
  }

  private static Heard follow(SharedStore store) {
    Heard heard = new Heard();
    store.follow(Set.of(TAG + "t:"), heard);
    heard.awaitSync();
    return heard;
  }

  private static Commit put(SharedStore store, String key, String value) {
    return store.commit(new Transaction(Map.of(), Map.of(TAG + "t:" + key, value)));
  }

  @Test
  void whatIsSetByHandIsToldAndWhatIsWrittenIsPlain() {
    RedisServer owner = CLUSTER.member(CLUSTER.owner(SLOT));
    try (SharedStore store = open()) {
      Heard heard = follow(store);

      owner.cli("SET", "{s}t:shop.example", "green");

      heard.awaitValue("{s}t:shop.example", "green");
      put(store, "shop.example", "blue");
      assertThat(owner.cli("GET", "{s}t:shop.example")).isEqualTo("blue");
    }
  }

  @Test
  void anyMemberLeadsToTheOneThatHasTheKeys() {
    for (int asked = 0; asked < 3; asked++) {
      try (SharedStore store = open(CLUSTER, asked, Duration.ofSeconds(5))) {
        assertThat(put(store, "a" + asked, "1")).isInstanceOf(Commit.Done.class);
      }
    }
  }

  @Test
  void theAccessListOfTheManualIsEnough() throws Exception {
    String rules =
        "ACL SETUSER edge reset on >open-sesame ~{s}t:* ~@{s}t:* +@read +@write +@scripting"
            + " +@connection +info +wait +@pubsub &@{s}t:sync +cluster|nodes +cluster|info";
    for (int i = 0; i < 3; i++) {
      assertThat(CLUSTER.member(i).cli(rules.split(" ", -1))).isEqualTo("OK");
    }
    String address = "redis+cluster://edge:open-sesame@" + CLUSTER.member(0).address();
    StoreSpec spec = new StoreSpec(address, TAG + "t:", Duration.ofSeconds(5), Map.of());
    CountDownLatch joined = new CountDownLatch(1);
    try (SharedStore store = new RedisEngine().open(spec);
        Broadcast broadcast = store.broadcast(listener(joined))) {
      Heard heard = follow(store);

      Commit commit = put(store, "a", "1");
      store.announce("n", "x", Duration.ofMinutes(1));
      joined.await();
      Objects.requireNonNull(broadcast).say("m", Map.of("z", "1"), 60_000);

      assertThat(commit).isInstanceOf(Commit.Done.class);
      heard.awaitValue("{s}t:a", "1");
    }
  }

  private static Broadcast.Listener listener(CountDownLatch joined) {
    return new Broadcast.Listener() {
      @Override
      public void joined() {
        joined.countDown();
      }

      @Override
      public void heard(String message) {}

      @Override
      public void lost(String reason) {}
    };
  }
}

package dev.turnout.cluster.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.cluster.share.Broadcast;
import dev.turnout.cluster.share.Broadcast.Mark;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What nodes tell each other through a real Redis.
@Timeout(120)
class RedisBroadcastTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String ALL_BYTES = allBytes();

  private final RedisServer redis = RedisServer.start();
  private final Ear ear = new Ear();

  private static String allBytes() {
    StringBuilder all = new StringBuilder();
    for (char c = 0; c < 256; c++) {
      all.append(c);
    }
    return all.toString();
  }

  /// Somebody who hears.
  private static final class Ear implements Broadcast.Listener {
    private final AtomicInteger joined = new AtomicInteger();
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final List<String> lost = new CopyOnWriteArrayList<>();

    @Override
    public void joined() {
      joined.incrementAndGet();
    }

    @Override
    public void heard(String message) {
      heard.add(message);
    }

    @Override
    public void lost(String reason) {
      lost.add(reason);
    }

    void awaitJoined(int times) throws Exception {
      Eventually.until(PATIENCE, () -> joined.get() >= times, () -> "joined " + joined + lost);
    }

    void awaitHeard(String... messages) throws Exception {
      Eventually.until(
          PATIENCE, () -> heard.equals(List.of(messages)), () -> "heard " + heard.size());
    }
  }

  private SharedStore open(Duration timeout) {
    return new RedisEngine()
        .open(new StoreSpec("redis://" + redis.address(), "t:", timeout, Map.of()));
  }

  private static Broadcast broadcast(SharedStore store, Ear ear) {
    return Objects.requireNonNull(store.broadcast(ear));
  }

  private static Map<String, String> values(Map<String, Mark> marks) {
    return marks.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, one -> one.getValue().value()));
  }

  @AfterEach
  void stop() {
    redis.close();
  }

  @Test
  void whatIsSaidIsHeardByAllAndOnlyMarksAreKept() throws Exception {
    Ear other = new Ear();
    try (SharedStore store = open(Duration.ofSeconds(5));
        SharedStore another = open(Duration.ofSeconds(5));
        Broadcast one = broadcast(store, ear);
        Broadcast two = broadcast(another, other)) {
      ear.awaitJoined(1);
      other.awaitJoined(1);

      one.say(ALL_BYTES, Map.of("z:a", ALL_BYTES), 60_000);
      two.say("b", Map.of(), 0);

      ear.awaitHeard(ALL_BYTES, "b");
      other.awaitHeard(ALL_BYTES, "b");
      assertThat(redis.cli("KEYS", "*")).isEqualTo("@t:sync:z:a");
      Map<String, Mark> marks = two.marks("z:");
      assertThat(values(marks)).isEqualTo(Map.of("z:a", ALL_BYTES));
      assertThat(marks.values())
          .allMatch(mark -> mark.leftMillis() > 0 && mark.leftMillis() <= 60_000);
      assertThat(two.marks("y:")).isEmpty();
    }
  }

  @Test
  void ofMarksTheLargerOneStaysAndLivesOn() throws Exception {
    try (SharedStore store = open(Duration.ofSeconds(5));
        Broadcast broadcast = broadcast(store, ear)) {
      broadcast.say("", Map.of("a", "2-z", "b", "1-a", "c", "1-\u00ff"), 5000);
      broadcast.say("", Map.of("a", "1-x", "b", "1-b", "c", "1-a"), 60_000);

      Map<String, Mark> marks = broadcast.marks("");
      assertThat(values(marks)).isEqualTo(Map.of("a", "2-z", "b", "1-b", "c", "1-\u00ff"));
      assertThat(marks.values()).allMatch(mark -> mark.leftMillis() > 5000);
    }
  }

  @Test
  void aMarkEndsByItselfAndWhatHasNoEndIsNone() throws Exception {
    try (SharedStore store = open(Duration.ofSeconds(5));
        Broadcast broadcast = broadcast(store, ear)) {
      broadcast.say("", Map.of("a", "1"), 1);
      redis.cli("SET", "@t:sync:b", "by hand");
      redis.cli("RPUSH", "@t:sync:c", "a list");

      Eventually.until(PATIENCE, () -> broadcast.marks("").isEmpty(), () -> "the mark is there");
      broadcast.say("", Map.of("c", "1"), 60_000);
      assertThat(broadcast.marks("")).containsOnlyKeys("c");
    }
  }

  @Test
  void manyMarksAreAllTold() throws Exception {
    try (SharedStore store = open(Duration.ofSeconds(5));
        Broadcast broadcast = broadcast(store, ear)) {
      for (int batch = 0; batch < 3; batch++) {
        Map<String, String> marks = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
          marks.put("z:" + batch + "." + i, "v" + i);
        }
        broadcast.say("", marks, 60_000);
      }

      assertThat(broadcast.marks("z:")).hasSize(3000);
    }
  }

  @Test
  void theAccessListOfTheManualIsEnough() throws Exception {
    String rules = "+@read +@write +@scripting +@connection +info +wait &@t:sync +@pubsub";
    List<String> command =
        new ArrayList<>(
            List.of("ACL", "SETUSER", "edge", "reset", "on", ">open-sesame", "~t:*", "~@t:*"));
    command.addAll(List.of(rules.split(" ")));
    redis.cli(command.toArray(String[]::new));
    String address = "redis://edge:open-sesame@" + redis.address();
    StoreSpec spec = new StoreSpec(address, "t:", Duration.ofSeconds(5), Map.of());
    try (SharedStore store = new RedisEngine().open(spec);
        Broadcast broadcast = broadcast(store, ear)) {
      ear.awaitJoined(1);

      broadcast.say("a", Map.of("z:a", "1"), 60_000);

      ear.awaitHeard("a");
      assertThat(broadcast.marks("z:")).hasSize(1);
    }
  }

  @Test
  void anEngineThatGoesAwayIsNoticedAndJoinedAgain() throws Exception {
    try (SharedStore store = open(Duration.ofMillis(400));
        Broadcast broadcast = broadcast(store, ear)) {
      ear.awaitJoined(1);

      redis.kill();
      Eventually.until(PATIENCE, () -> ear.lost.size() == 1, () -> "not lost");
      assertThatThrownBy(() -> broadcast.say("a", Map.of(), 0)).isInstanceOf(IOException.class);
      redis.startAgain();

      ear.awaitJoined(2);
      broadcast.say("b", Map.of(), 0);
      ear.awaitHeard("b");
    }
  }

  @Test
  void anEngineThatHangsIsNoticed() throws Exception {
    try (SharedStore store = open(Duration.ofMillis(400));
        Broadcast _ = broadcast(store, ear)) {
      ear.awaitJoined(1);

      redis.hang();
      Eventually.until(PATIENCE, () -> ear.lost.size() == 1, () -> "not lost");
      redis.goOn();

      ear.awaitJoined(2);
    }
  }

  @Test
  void noEngineAtAllIsToldOnceAndCloseDoesNotWaitForIt() throws Exception {
    redis.kill();
    try (SharedStore store = open(Duration.ofMillis(400));
        Broadcast _ = broadcast(store, ear)) {
      Eventually.until(PATIENCE, () -> ear.lost.size() == 1, () -> "not lost");
    }
    assertThat(ear.lost).hasSize(1);
  }
}

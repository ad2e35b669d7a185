package dev.turnout.upstream.sticky;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.turnout.upstream.KeyDigest;
import dev.turnout.upstream.sticky.SyncedSessions.Told;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sessions that several nodes learn and tell each other of.
class SyncedSessionsTest {
  private static final long TIMEOUT = 10_000;
  private static final int MOST = 1000;

  private final SyncedSessions here = new SyncedSessions(1 << 20);
  private final SyncedSessions there = new SyncedSessions(1 << 20);

  private static List<Told> take(SyncedSessions from, long now) {
    return from.take(MOST, TIMEOUT, now);
  }

  private static void tell(SyncedSessions from, SyncedSessions to, long now) {
    to.hear(take(from, now), TIMEOUT, now);
  }

  @Test
  void whatIsLearnedThereIsKnownHereForAsLong() {
    there.learn("a", "blue", TIMEOUT, 1000);
    tell(there, here, 1300);

    assertThat(here.find("a", TIMEOUT, 10_999)).isEqualTo("blue");
    assertThat(here.find("a", TIMEOUT, 11_000)).isNull();
    assertThat(here.count("blue", TIMEOUT, 1300)).isOne();
  }

  @Test
  void aSessionIsNotTold() {
    there.learn("secret", "blue", TIMEOUT, 1000);

    assertThat(take(there, 1000))
        .containsExactly(new Told(KeyDigest.of("secret"), "blue", 1, 0))
        .allSatisfy(told -> assertThat(told.key()).hasSize(16).doesNotContain("secret"));
  }

  @Test
  void aSessionThatMovesIsToldAtOnceAndCounts() {
    there.learn("a", "blue", TIMEOUT, 1000);
    tell(there, here, 1000);

    here.touch("a", "green", TIMEOUT, 2000);
    tell(here, there, 2000);

    assertThat(there.find("a", TIMEOUT, 2000)).isEqualTo("green");
    assertThat(there.count("blue", TIMEOUT, 2000)).isZero();
  }

  @Test
  void manyUsesAreToldFourTimesInATimeout() {
    there.learn("a", "blue", TIMEOUT, 0);
    int told = 0;
    for (long now = 0; now < 10 * TIMEOUT; now += 100) {
      there.touch("a", "blue", TIMEOUT, now);
      told += take(there, now).size();
    }

    assertThat(told).isBetween(38, 41);
  }

  @Test
  void aUseThatIsTheLastForLongIsTold() {
    there.learn("a", "blue", TIMEOUT, 0);
    tell(there, here, 0);
    there.touch("a", "blue", TIMEOUT, 2000);
    assertThat(take(there, 2000)).isEmpty();

    tell(there, here, 4500);

    assertThat(here.find("a", TIMEOUT, 11_999)).isEqualTo("blue");
    assertThat(here.find("a", TIMEOUT, 12_000)).isNull();
  }

  @Test
  void aUseThatOthersHaveNearlyForgottenIsToldAtOnce() {
    there.learn("a", "blue", TIMEOUT, 0);
    tell(there, here, 0);
    there.touch("a", "blue", TIMEOUT, 9900);

    tell(there, here, 9950);

    assertThat(here.find("a", TIMEOUT, 19_000)).isEqualTo("blue");
  }

  @Test
  void whoHearsSomethingOlderTellsItsOwnAgain() {
    there.learn("a", "blue", TIMEOUT, 0);
    List<Told> late = take(there, 0);
    here.hear(late, TIMEOUT, 0);
    here.touch("a", "green", TIMEOUT, 1000);
    assertThat(take(here, 1000)).hasSize(1); // and nobody hears it

    here.hear(late, TIMEOUT, 2000);
    tell(here, there, 2000);

    assertThat(here.find("a", TIMEOUT, 2000)).isEqualTo("green");
    assertThat(there.find("a", TIMEOUT, 2000)).isEqualTo("green");
  }

  @Test
  void whatTheStoreDoesNotHaveIsToldAgain() {
    here.learn("a", "blue", TIMEOUT, 0);
    here.learn("b", "green", TIMEOUT, 0);
    take(here, 0);

    here.tellBesides(Set.of(KeyDigest.of("a")), TIMEOUT, 100);

    assertThat(take(here, 100)).extracting(Told::route).containsExactly("green");
  }

  @Test
  void aForgottenSessionIsNotTold() {
    SyncedSessions small = new SyncedSessions(16 * 256); // one stripe of sixteen
    for (int i = 0; i < 100; i++) {
      small.learn("s" + i, "blue", TIMEOUT, i);
    }

    assertThat(small.untold()).isEqualTo(16);
    assertThat(take(small, 100)).hasSize(16);
  }

  /// In whatever order, and however often: all nodes come to the same.
  @Test
  void theOrderOfWhatIsHeardMakesNoDifference() {
    Random chance = new Random(1);
    for (int round = 0; round < 500; round++) {
      List<Told> all = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        all.add(
            new Told(
                KeyDigest.of("s" + chance.nextInt(3)),
                "r" + chance.nextInt(3),
                chance.nextInt(4),
                chance.nextInt(9000)));
      }
      SyncedSessions one = new SyncedSessions(1 << 20);
      SyncedSessions other = new SyncedSessions(1 << 20);
      one.hear(all, TIMEOUT, 10_000);
      Collections.shuffle(all, chance);
      other.hear(all, TIMEOUT, 10_000);
      Collections.shuffle(all, chance);
      other.hear(all, TIMEOUT, 10_000);

      for (int i = 0; i < 3; i++) {
        for (long now = 10_000; now < 21_000; now += 1000) {
          assertThat(one.find("s" + i, TIMEOUT, now)).isEqualTo(other.find("s" + i, TIMEOUT, now));
        }
      }
    }
  }

  private record Message(long arrives, int to, List<Told> news) {}

  /// Nobody forgets a session that is used anywhere, and once all is heard all say the same.
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5})
  void aSessionInUseIsKnownEverywhere(int count) {
    for (int seed = 0; seed < 60; seed++) {
      Random chance = new Random(seed);
      List<SyncedSessions> nodes = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        nodes.add(new SyncedSessions(1 << 20));
      }
      int longestDelay = 1 + chance.nextInt(500);
      double eagerness = chance.nextDouble() * 0.02;
      PriorityQueue<Message> underWay =
          new PriorityQueue<>(Comparator.comparingLong(Message::arrives));
      Map<String, Long> used = new HashMap<>();
      for (long now = 0; now < 60_000; now += 10) {
        if (now < 50_000 && chance.nextDouble() < eagerness) {
          String session = "s" + chance.nextInt(5);
          SyncedSessions node = nodes.get(chance.nextInt(count));
          String route = node.find(session, TIMEOUT, now);
          if (route == null || chance.nextInt(10) == 0) {
            route = "r" + chance.nextInt(3);
          }
          node.learn(session, route, TIMEOUT, now);
          used.put(session, now);
        }
        for (int i = 0; now % 200 == 0 && i < count; i++) {
          List<Told> news = take(nodes.get(i), now);
          for (int to = 0; to < count && !news.isEmpty(); to++) {
            for (int copies = to == i ? 0 : 1 + chance.nextInt(2); copies > 0; copies--) {
              underWay.add(new Message(now + chance.nextInt(longestDelay + 1), to, news));
            }
          }
        }
        while (!underWay.isEmpty() && underWay.element().arrives <= now) {
          Message message = underWay.remove();
          nodes.get(message.to).hear(message.news, TIMEOUT, now);
        }
        for (Map.Entry<String, Long> one :
            now % 100 == 0 ? used.entrySet() : Set.<Map.Entry<String, Long>>of()) {
          long ago = now - one.getValue();
          for (int i = 0;
              ago > 200 + longestDelay && ago < TIMEOUT - longestDelay && i < count;
              i++) {
            if (nodes.get(i).find(one.getKey(), TIMEOUT, now) == null) {
              fail("seed %d: node %d forgot %s, used %d ago", seed, i, one.getKey(), ago);
            }
          }
        }
        if (now == 55_000) {
          used.values().removeIf(at -> 55_000 - at >= TIMEOUT - longestDelay); // they end just now
          for (String session : used.keySet()) {
            assertThat(nodes.stream().map(node -> node.find(session, TIMEOUT, 55_000L)).distinct())
                .as("seed %d, %s", seed, session)
                .hasSize(1);
          }
        }
      }
    }
  }
}

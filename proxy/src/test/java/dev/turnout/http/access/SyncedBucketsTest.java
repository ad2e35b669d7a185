package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.share.SyncedZone.Beat;
import dev.turnout.cluster.share.SyncedZone.Entry;
import dev.turnout.http.access.LeakyBuckets.Answer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Buckets of several nodes that tell each other what passed.
class SyncedBucketsTest {
  private static final long TEN_PER_SECOND = 10_000;
  private static final long SIZE = 32 * 1024;
  private static final int MOST = 1000;

  private final SyncedBuckets here = new SyncedBuckets(SIZE);
  private final SyncedBuckets there = new SyncedBuckets(SIZE);

  private static Beat at(long millis) {
    return new Beat(millis, 200);
  }

  private static Answer take(SyncedBuckets buckets, long burst, long now) {
    return buckets.take("client", TEN_PER_SECOND, burst, now).answer();
  }

  private void tell(SyncedBuckets from, SyncedBuckets to, long now) {
    to.hear(from.take(MOST, TEN_PER_SECOND, at(now)), TEN_PER_SECOND, at(now));
  }

  private static long excess(SyncedBuckets buckets, long now) {
    var visit = buckets.ask("client", TEN_PER_SECOND, Long.MAX_VALUE / 2, now);
    visit.giveBack();
    return visit.excess();
  }

  @Test
  void whatPassedElsewhereIsInTheWayHere() {
    for (int i = 0; i < 5; i++) {
      assertThat(take(there, 4000, 1000)).isEqualTo(Answer.PASSES);
    }

    tell(there, here, 1000);

    assertThat(take(here, 0, 1200)).isEqualTo(Answer.REFUSED); // after an interval all are there
    assertThat(take(here, 0, 1500))
        .isEqualTo(Answer.PASSES); // and have leaked as if they were ours
  }

  @Test
  void aRequestElsewhereCountsAsOneHere() {
    take(there, 0, 1000);
    tell(there, here, 1000);

    assertThat(excess(here, 1000)).isEqualTo(1000); // ours would be the second
    assertThat(excess(here, 1100)).isZero();
  }

  @Test
  void requestsFlowInAsTheyCame() {
    for (int i = 0; i < 5; i++) {
      take(there, 4000, 1000);
    }
    tell(there, here, 1000);

    // one at once, and two of four after half of the interval, in which one has leaked
    assertThat(excess(here, 1100)).isEqualTo(1000 + 2000 - 1000);
  }

  @Test
  void thoseThatComeLaterHoldUpNoneThatCameBefore() {
    for (int i = 0; i < 100; i++) {
      take(there, 1_000_000, 1000);
    }
    tell(there, here, 1000);
    for (long now = 1040; now < 1200; now += 40) {
      take(there, 1_000_000, now);
      tell(there, here, now);
    }

    // all of the hundred, less what leaks in an interval
    assertThat(excess(here, 1200)).isGreaterThanOrEqualTo(100_000 - 2000);
  }

  @Test
  void whatIsToldIsToldOnceAndWhatIsHeardIsNotTold() {
    take(there, 0, 1000);
    tell(there, here, 1000);

    assertThat(there.take(MOST, TEN_PER_SECOND, at(1000))).isEmpty();
    assertThat(here.take(MOST, TEN_PER_SECOND, at(1000))).isEmpty();
    assertThat(there.untold()).isZero();
  }

  @Test
  void aRequestThatWasAskedForAndGivenBackIsNotTold() {
    there.ask("client", TEN_PER_SECOND, 0, 1000).giveBack();
    assertThat(there.untold()).isZero();

    there.ask("client", TEN_PER_SECOND, 0, 1000).count(1000);
    assertThat(there.untold()).isOne();
  }

  @Test
  void whoIsHeardFirstMakesNoDifference() {
    SyncedBuckets third = new SyncedBuckets(SIZE);
    for (int i = 0; i < 7; i++) {
      take(there, 9000, 1000);
    }
    for (int i = 0; i < 3; i++) {
      take(third, 9000, 1000);
    }
    List<Entry> seven = there.take(MOST, TEN_PER_SECOND, at(1000));
    List<Entry> three = third.take(MOST, TEN_PER_SECOND, at(1000));
    SyncedBuckets other = new SyncedBuckets(SIZE);

    here.hear(seven, TEN_PER_SECOND, at(1100));
    here.hear(three, TEN_PER_SECOND, at(1100));
    other.hear(three, TEN_PER_SECOND, at(1100));
    other.hear(seven, TEN_PER_SECOND, at(1100));

    for (long now = 1100; now < 2500; now += 50) {
      assertThat(excess(here, now)).isEqualTo(excess(other, now));
    }
  }

  @Test
  void afterALongSilenceOnlyWhatHasNotLeakedIsTold() {
    for (int i = 0; i < 100; i++) {
      take(there, 5000, 1000 + i * 100); // ten seconds, at the rate
    }
    for (int i = 0; i < 4; i++) {
      take(there, 5000, 10_900);
    }

    tell(there, here, 10_900);

    assertThat(excess(here, 11_100)).isEqualTo(excess(there, 11_100));
  }

  @Test
  void aForgottenKeyIsNotTold() {
    int room = (int) (SIZE / 128);
    for (int i = 0; i < 3 * room; i++) {
      here.take("key" + i, TEN_PER_SECOND, 0, 1000);
    }

    assertThat(here.untold()).isLessThanOrEqualTo(room).isEqualTo(here.entries());
  }

  @Test
  void aMessageHasNoMoreThanItMayAndTheRestComesNext() {
    SyncedBuckets many = new SyncedBuckets(1 << 20);
    for (int i = 0; i < 2500; i++) {
      many.take("key" + i, TEN_PER_SECOND, 0, 1000);
    }

    int first = many.take(MOST, TEN_PER_SECOND, at(1000)).size();
    int second = many.take(MOST, TEN_PER_SECOND, at(1200)).size();
    int third = many.take(MOST, TEN_PER_SECOND, at(1400)).size();

    assertThat(List.of(first, second, third)).containsExactly(1000, 1000, 500);
  }

  @Test
  void requestsThatKeepTheRateTogetherPassAtAllNodes() {
    World world = new World(3, 2000, new Random(1), 50);
    int refused = 0;
    for (long now = 10_000; now < 40_000; now++) {
      world.deliver(now);
      // 9 a second, each to the next node
      if (now % 111 == 0 && !world.request((int) (now / 111 % 3), now)) {
        refused++;
      }
    }
    assertThat(refused).isZero();
  }

  /// Requests of one client to several nodes, which hear of each other after a while.
  private static final class World {
    private static final long INTERVAL = 200;

    private final List<SyncedBuckets> nodes = new ArrayList<>();
    private final List<Long> passed = new ArrayList<>();
    private final PriorityQueue<Message> underWay =
        new PriorityQueue<>(Comparator.comparingLong(Message::arrives));
    private final Random chance;
    private final long burst;
    private final int longestDelay;

    private record Message(long arrives, int to, List<Entry> entries) {}

    World(int count, long burst, Random chance, int longestDelay) {
      for (int i = 0; i < count; i++) {
        nodes.add(new SyncedBuckets(SIZE));
      }
      this.burst = burst;
      this.chance = chance;
      this.longestDelay = longestDelay;
    }

    boolean request(int node, long now) {
      boolean passes = SyncedBucketsTest.take(nodes.get(node), burst, now) == Answer.PASSES;
      if (passes) {
        passed.add(now);
      }
      return passes;
    }

    void deliver(long now) {
      for (int i = 0; i < nodes.size(); i++) {
        if ((now + 67L * i) % INTERVAL == 0) {
          List<Entry> entries = nodes.get(i).take(MOST, TEN_PER_SECOND, at(now));
          for (int to = 0; to < nodes.size() && !entries.isEmpty(); to++) {
            if (to != i) {
              underWay.add(new Message(now + chance.nextInt(longestDelay + 1), to, entries));
            }
          }
        }
      }
      while (!underWay.isEmpty() && underWay.element().arrives <= now) {
        Message message = underWay.remove();
        nodes.get(message.to).hear(message.entries, TEN_PER_SECOND, at(now));
      }
    }

    /// By how much more than promised passed in any time.
    double worst() {
      double rate = TEN_PER_SECOND / 1e6; // a millisecond
      double allowance = burst / 1000.0 + 1;
      double delay = 2 * INTERVAL + longestDelay + 1;
      double slack = allowance + (nodes.size() - 1) * (rate * delay + allowance);
      double worst = Double.NEGATIVE_INFINITY;
      for (int from = 0; from < passed.size(); from++) {
        for (int to = from; to < passed.size(); to++) {
          double most = rate * (passed.get(to) - passed.get(from)) + slack;
          worst = Math.max(worst, to - from + 1 - most);
        }
      }
      return worst;
    }

    int passed() {
      return passed.size();
    }
  }

  /// However requests come, and whatever the way of messages: no more pass than is promised, and no
  /// fewer than the rate.
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5})
  void allNodesTogetherKeepTheRate(int nodes) {
    for (int seed = 0; seed < 60; seed++) {
      Random chance = new Random(seed);
      World world = new World(nodes, chance.nextInt(20) * 1000L, chance, chance.nextInt(300));
      double eagerness = chance.nextDouble();
      int favourite = chance.nextInt(nodes);
      long end = 20_000;
      long pausesUntil = 0;
      for (long now = 10_000; now < end; now++) {
        world.deliver(now);
        while (now >= pausesUntil && chance.nextDouble() < eagerness * 0.7) {
          int node = chance.nextBoolean() ? favourite : chance.nextInt(nodes);
          world.request(node, now);
        }
        if (chance.nextInt(2000) == 0) {
          pausesUntil = now + chance.nextInt(1500);
          eagerness = chance.nextDouble();
          favourite = chance.nextInt(nodes);
        }
      }
      assertThat(world.worst()).as("seed %d", seed).isLessThanOrEqualTo(0.01);
      if (eagerness > 0.1) {
        assertThat(world.passed()).as("seed %d", seed).isGreaterThan(40);
      }
    }
  }
}

package dev.turnout.upstream.sticky;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LearnedSessionsTest {
  private static final long TIMEOUT = 10_000;
  private static final long NOW = 1_000_000;

  private final LearnedSessions sessions = new LearnedSessions(1 << 20);

  @Test
  void aSessionIsKnownUntilNobodyHasUsedItForTheTimeout() {
    sessions.learn("s", "a", TIMEOUT, NOW);
    sessions.touch("s", "a", TIMEOUT, NOW + 6_000);

    assertThat(sessions.find("s", TIMEOUT, NOW + 15_999)).isEqualTo("a");
    assertThat(sessions.find("s", TIMEOUT, NOW + 16_000)).isNull();
  }

  @Test
  void askingForASessionIsNotUsingIt() {
    sessions.learn("s", "a", TIMEOUT, NOW);

    sessions.find("s", TIMEOUT, NOW + 9_000);

    assertThat(sessions.find("s", TIMEOUT, NOW + 10_000)).isNull();
  }

  @Test
  void aSessionThatIsNotKnownIsNotBegunByUsingIt() {
    sessions.touch("s", "a", TIMEOUT, NOW);

    assertThat(sessions.find("s", TIMEOUT, NOW)).isNull();
    assertThat(sessions.count("a", TIMEOUT, NOW)).isZero();
  }

  @Test
  void aSessionGoesToTheServerThatHadItLast() {
    sessions.learn("s", "a", TIMEOUT, NOW);
    sessions.learn("t", "a", TIMEOUT, NOW);
    sessions.touch("s", "b", TIMEOUT, NOW);

    assertThat(sessions.find("s", TIMEOUT, NOW)).isEqualTo("b");
    assertThat(sessions.count("a", TIMEOUT, NOW)).isEqualTo(1);
    assertThat(sessions.count("b", TIMEOUT, NOW)).isEqualTo(1);
  }

  @Test
  void whatIsCountedIsWhatHasNotTimedOut() {
    for (int i = 0; i < 500; i++) {
      sessions.learn("s" + i, "a", TIMEOUT, NOW + i);
    }

    assertThat(sessions.count("a", TIMEOUT, NOW + 9_999)).isEqualTo(500);
    assertThat(sessions.count("a", TIMEOUT, NOW + TIMEOUT + 99)).isEqualTo(400);
    assertThat(sessions.count("a", TIMEOUT, NOW + TIMEOUT + 499)).isZero();
  }

  @Test
  void aFullTableForgetsTheSessionThatWasUsedLongestAgo() {
    LearnedSessions small = new LearnedSessions(16 * 256); // one stripe of sixteen
    for (int i = 0; i < 16; i++) {
      small.learn("s" + i, "a", TIMEOUT, NOW + i);
    }
    small.touch("s0", "a", TIMEOUT, NOW + 100);

    small.learn("new", "b", TIMEOUT, NOW + 101);

    assertThat(small.find("s0", TIMEOUT, NOW + 101)).isEqualTo("a");
    assertThat(small.find("s1", TIMEOUT, NOW + 101)).isNull();
    assertThat(small.find("new", TIMEOUT, NOW + 101)).isEqualTo("b");
    assertThat(small.count("a", TIMEOUT, NOW + 101)).isEqualTo(15);
    assertThat(small.evicted()).isEqualTo(1);
  }

  @Test
  void longSessionsAreToldApart() {
    String long1 = "x".repeat(4_000) + "1";
    String long2 = "x".repeat(4_000) + "2";
    sessions.learn(long1, "a", TIMEOUT, NOW);
    sessions.learn(long2, "b", TIMEOUT, NOW);

    assertThat(sessions.find(long1, TIMEOUT, NOW)).isEqualTo("a");
    assertThat(sessions.find(long2, TIMEOUT, NOW)).isEqualTo("b");
  }

  @Test
  void severalLoopsLearnAtOnceAndNothingIsMiscounted() throws Exception {
    int threads = 4;
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> loops = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int mine = t;
      loops.add(
          Thread.ofPlatform()
              .start(() -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
                for (int i = 0; i < 20_000; i++) {
                  sessions.learn("s" + i % 1_000, "r" + (i + mine) % 3, TIMEOUT, NOW);
                }
              }));
    }
    start.countDown();
    for (Thread loop : loops) {
      loop.join();
    }

    int counted = 0;
    for (int r = 0; r < 3; r++) {
      counted += sessions.count("r" + r, TIMEOUT, NOW);
    }
    assertThat(counted).isEqualTo(1_000);
  }

  @Test
  void aRouteIsTheDigestOfTheAddressAsNginxMakesIt() {
    assertThat(RouteId.of("127.0.0.1:8081")).isEqualTo("df2b80dc43705d28db9be6f29fe58da3");
  }
}

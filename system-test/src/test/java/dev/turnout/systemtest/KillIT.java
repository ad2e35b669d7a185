package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// `kill -9` at random moments while switches are made: what was acknowledged is there afterwards,
/// what was never asked for is not.
class KillIT {
  private static final int KILLS = Campaign.size("kills", 10, 100);
  private static final int WRITERS = 4;
  private static final int HOSTS = 8; // of each writer
  private static final int MOST_ACKNOWLEDGED = 300;
  private static final long SLOWEST_START_MILLIS = 10_000;

  private final AtomicInteger nextTarget = new AtomicInteger();

  /// One who switches hosts that nobody else switches, and knows what was asked and answered.
  private final class Writer {
    private final int number;
    private final Random random;
    private final String[] acknowledged = new String[HOSTS];
    private int host = -1; // the one in doubt: asked for, but not answered
    private @Nullable String doubtful;

    Writer(int number, long seed) {
      this.number = number;
      this.random = new Random(seed);
      Arrays.fill(acknowledged, SwitchSite.DEFAULT_GROUP);
    }

    String host(int i) {
      return "w" + number + "-" + i + ".test";
    }

    /// Switches until the program is gone.
    void write(int port, CountDownLatch killAt) {
      try (RawClient client = RawClient.connect(port)) {
        while (true) {
          host = random.nextInt(HOSTS);
          String target = "127.0.0.1:" + (1024 + nextTarget.getAndIncrement() % 10_000);
          doubtful = target;
          RawResponse answer = client.get(host(host), SwitchSite.switchTo(target));
          if (answer.status() != 200) {
            throw new AssertionError(answer.raw());
          }
          acknowledged[host] = target;
          doubtful = null;
          killAt.countDown();
        }
      } catch (IOException _) {
        // killed
      }
    }

    /// Compares what is in force with what is known, and settles the doubt.
    void check(int port, List<String> lost) throws IOException {
      for (int i = 0; i < HOSTS; i++) {
        String inForce = SwitchSite.which(port, host(i));
        boolean asked = i == host && inForce.equals(doubtful);
        if (!asked && !inForce.equals(acknowledged[i])) {
          lost.add(
              host(i)
                  + " is "
                  + inForce
                  + ", acknowledged "
                  + acknowledged[i]
                  + (i == host ? ", asked for " + doubtful : ""));
        }
        acknowledged[i] = inForce;
      }
      doubtful = null;
    }
  }

  @Test
  void everyAcknowledgedSwitchOutlivesAKill() throws Exception {
    Random random = Campaign.random("kill -9");
    List<Writer> writers = new ArrayList<>();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer(i, random.nextLong()));
    }
    List<String> lost = new ArrayList<>();
    long[] startMillis = new long[KILLS];

    try (var upstream = FakeUpstream.named("b1");
        var turnout =
            Turnout.startForLoad(
                SwitchSite.of(SwitchSite.group(SwitchSite.DEFAULT_GROUP, upstream.address())))) {
      for (int kill = 0; kill < KILLS; kill++) {
        var killAt = new CountDownLatch(1 + random.nextInt(MOST_ACKNOWLEDGED));
        List<Thread> threads = new ArrayList<>();
        for (Writer writer : writers) {
          threads.add(Thread.ofVirtual().start(() -> writer.write(turnout.port(), killAt)));
        }
        killAt.await();
        LockSupport.parkNanos(random.nextInt(5_000_000)); // anywhere between two answers
        turnout.kill();
        for (Thread thread : threads) {
          thread.join();
        }

        long start = System.nanoTime();
        turnout.start();
        startMillis[kill] = (System.nanoTime() - start) / 1_000_000;

        for (Writer writer : writers) {
          writer.check(turnout.port(), lost);
        }
      }
    }

    Arrays.sort(startMillis);
    Campaign.report(
        "kill -9",
        "%d kills, %d switches asked for, %d lost or invented; serving again after p50 %d ms, at most %d ms"
            .formatted(
                KILLS,
                nextTarget.get(),
                lost.size(),
                startMillis[KILLS / 2],
                startMillis[KILLS - 1]));
    assertThat(lost).isEmpty();
    assertThat(startMillis[KILLS - 1]).isLessThan(SLOWEST_START_MILLIS);
  }
}

package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// `kill -9` at random moments while server lists are edited: every acknowledged edit is there
/// afterwards, with the ids that were told, and none that was not asked for.
class KilledChangesIT {
  private static final int KILLS = Campaign.size("changekills", 8, 200);
  private static final int WRITERS = 4;
  private static final int MOST_ACKNOWLEDGED = 200;
  private static final Pattern SERVER =
      Pattern.compile("\"id\":(\\d+),\"server\":\"127\\.0\\.0\\.1:(\\d+)\",\"weight\":(\\d+)");

  private final AtomicInteger changes = new AtomicInteger();

  /// One who edits a group that nobody else edits, and knows what was asked and answered.
  private final class Writer {
    private final String servers;
    private final Random random;
    private Map<Long, String> acknowledged = new TreeMap<>(Map.of(0L, "9999 1"));
    private @Nullable Map<Long, String> doubtful;

    Writer(int number, long seed) {
      this.servers = "/api/9/http/upstreams/g" + number + "/servers/";
      this.random = new Random(seed);
    }

    /// Edits until the program is gone.
    void write(int port, CountDownLatch killAt) {
      try (RawClient client = RawClient.connect(port)) {
        while (true) {
          edit(client);
          changes.incrementAndGet();
          killAt.countDown();
        }
      } catch (IOException _) {
        // killed
      }
    }

    private void edit(RawClient client) throws IOException {
      Map<Long, String> next = new TreeMap<>(acknowledged);
      List<Long> ids = new ArrayList<>(acknowledged.keySet());
      Long one = ids.isEmpty() ? null : ids.get(random.nextInt(ids.size()));
      int kind = ids.size() > 12 ? 2 : random.nextInt(3);
      if (one == null || kind == 0) {
        int port = 1024 + random.nextInt(60_000);
        next.put(Long.MAX_VALUE, port + " 1"); // its id is told with the answer
        doubtful = next;
        String answer =
            ask(client, "POST", servers, "{\"server\":\"127.0.0.1:" + port + "\"}", 201);
        Matcher told = SERVER.matcher(answer);
        assertThat(told.find()).as(answer).isTrue();
        next.remove(Long.MAX_VALUE);
        next.put(Long.parseLong(told.group(1)), port + " 1");
      } else if (kind == 1) {
        int weight = 1 + random.nextInt(100);
        next.computeIfPresent(one, (_, was) -> was.substring(0, was.indexOf(' ') + 1) + weight);
        doubtful = next;
        ask(client, "PATCH", servers + one, "{\"weight\":" + weight + "}", 200);
      } else {
        next.remove(one);
        doubtful = next;
        ask(client, "DELETE", servers + one, "", 200);
      }
      acknowledged = next;
      doubtful = null;
    }

    /// Compares what is in force with what is known, and settles the doubt.
    void check(int port, List<String> lost) throws IOException {
      Map<Long, String> inForce = new TreeMap<>();
      try (RawClient client = RawClient.connect(port)) {
        Matcher each = SERVER.matcher(ask(client, "GET", servers, "", 200));
        while (each.find()) {
          inForce.put(Long.parseLong(each.group(1)), each.group(2) + " " + each.group(3));
        }
      }
      Map<Long, String> asked = doubtful;
      boolean made =
          asked != null && List.copyOf(inForce.values()).equals(List.copyOf(asked.values()));
      if (!made && !inForce.equals(acknowledged)) {
        lost.add(
            servers + " is " + inForce + ", acknowledged " + acknowledged + ", asked " + asked);
      }
      acknowledged = inForce;
      doubtful = null;
    }
  }

  @Test
  void everyAcknowledgedEditOutlivesAKill() throws Exception {
    Random random = Campaign.random("kill -9 under edits");
    List<Writer> writers = new ArrayList<>();
    StringBuilder groups = new StringBuilder();
    for (int i = 0; i < WRITERS; i++) {
      writers.add(new Writer(i, random.nextLong()));
      groups.append("upstream g%d { zone g%d 64k; server 127.0.0.1:9999; }\n".formatted(i, i));
    }
    List<String> lost = new ArrayList<>();
    long[] startMillis = new long[KILLS];
    try (Turnout turnout =
        Turnout.startForLoad(
            """
            %s
            server {
              listen 127.0.0.1:@PORT@;
              location /api { api write=on; allow 127.0.0.1; deny all; }
            }
            """
                .formatted(groups))) {
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
        "kill -9 under edits",
        "%d kills, %d edits acknowledged, %d lost or invented; serving again after p50 %d ms, at most %d ms"
            .formatted(
                KILLS, changes.get(), lost.size(), startMillis[KILLS / 2], startMillis[KILLS - 1]));
    assertThat(lost).isEmpty();
  }

  private static String ask(RawClient client, String method, String target, String body, int status)
      throws IOException {
    RawResponse answer =
        client
            .send(
                method
                    + " "
                    + target
                    + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body)
            .readResponse();
    if (answer.status() != status) {
      throw new AssertionError(answer.raw());
    }
    return answer.body();
  }
}

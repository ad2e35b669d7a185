package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// `kill -9` at random moments while one state is changed through every dialect at once: what was
/// acknowledged is there afterwards, what was not asked for is not, and the history has every
/// revision once, without a gap.
class KilledMixtureIT {
  private static final int KILLS = Campaign.size("mixedkills", 6, 200);
  private static final int MOST_ACKNOWLEDGED = 100;
  private static final Pattern WEIGHT = Pattern.compile("\"weight\":(\\d+)");
  private static final Pattern REVISION = Pattern.compile("\\{\"revision\":(\\d+),\"time\"");

  /// A weight, or a port that no listener of this node can have.
  private static final int MOST = 1000;

  private static final String ABSENT = "(none)";

  private final AtomicInteger changes = new AtomicInteger();

  /// One who changes one value that nobody else changes, in his own way.
  private abstract static class Speaker {
    private final Random random;
    private String acknowledged;
    private String asked;

    Speaker(Random random, String first) {
      this.random = random;
      this.acknowledged = first;
      this.asked = first;
    }

    /// Sets the value; [#ABSENT] takes it away, where that can be.
    abstract RawResponse set(RawClient client, String value) throws IOException;

    abstract String get(RawClient client) throws IOException;

    boolean canBeAbsent() {
      return false;
    }

    void speak(int port, CountDownLatch killAt, AtomicInteger made) {
      try (RawClient client = RawClient.connect(port)) {
        while (true) {
          boolean away = canBeAbsent() && !acknowledged.equals(ABSENT) && random.nextInt(4) == 0;
          String next = away ? ABSENT : Integer.toString(1 + random.nextInt(MOST));
          asked = next;
          RawResponse answer = set(client, next);
          if (answer.status() / 100 != 2) {
            throw new AssertionError(answer.raw());
          }
          acknowledged = next;
          made.incrementAndGet();
          killAt.countDown();
        }
      } catch (IOException _) {
        // killed
      }
    }

    void check(RawClient client, List<String> lost) throws IOException {
      String inForce = get(client);
      if (!inForce.equals(acknowledged) && !inForce.equals(asked)) {
        lost.add(
            getClass().getSimpleName()
                + ": is "
                + inForce
                + ", acknowledged "
                + acknowledged
                + ", asked "
                + asked);
      }
      acknowledged = inForce;
      asked = inForce;
    }
  }

  private static RawResponse ask(RawClient client, String method, String target, String body)
      throws IOException {
    String type = body.startsWith("{") ? "Content-Type: application/json\r\n" : "";
    return client
        .send(
            method
                + " "
                + target
                + " HTTP/1.1\r\nHost: localhost\r\n"
                + type
                + "Content-Length: "
                + body.length()
                + "\r\n\r\n"
                + body)
        .readResponse();
  }

  private static String found(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? matcher.group(1) : ABSENT;
  }

  private static final class Plus extends Speaker {
    private static final String SERVER = "/api/9/http/upstreams/plus/servers/0";

    Plus(Random random) {
      super(random, "1");
    }

    @Override
    RawResponse set(RawClient client, String value) throws IOException {
      return ask(client, "PATCH", SERVER, "{\"weight\":" + value + "}");
    }

    @Override
    String get(RawClient client) throws IOException {
      return found(WEIGHT, ask(client, "GET", SERVER, "").body());
    }
  }

  private static final class Control extends Speaker {
    private static final Pattern PORT = Pattern.compile("\"server\":\"127\\.0\\.0\\.1:(\\d+)\"");

    Control(Random random) {
      super(random, ABSENT);
    }

    @Override
    boolean canBeAbsent() {
      return true;
    }

    /// A group that is replaced whole: away and there again, as one change.
    @Override
    RawResponse set(RawClient client, String value) throws IOException {
      List<String> operations = new ArrayList<>();
      if (!get(client).equals(ABSENT)) {
        operations.add("{\"op\":\"delete_upstream\",\"upstream\":\"made\"}");
      }
      if (!value.equals(ABSENT)) {
        operations.add(
            "{\"op\":\"create_upstream\",\"upstream\":\"made\",\"servers\":[{\"server\":\"127.0.0.1:"
                + value
                + "\"}]}");
      }
      String body = "{\"operations\":[" + String.join(",", operations) + "]}";
      return ask(client, "POST", "/control/changes", body);
    }

    @Override
    String get(RawClient client) throws IOException {
      return found(PORT, ask(client, "GET", "/control/upstreams/made/servers", "").body());
    }
  }

  private static final class Dyups extends Speaker {
    private static final Pattern PORT = Pattern.compile("server 127\\.0\\.0\\.1:(\\d+)");

    Dyups(Random random) {
      super(random, ABSENT);
    }

    @Override
    boolean canBeAbsent() {
      return true;
    }

    @Override
    RawResponse set(RawClient client, String value) throws IOException {
      return value.equals(ABSENT)
          ? ask(client, "DELETE", "/upstream/dy", "")
          : ask(
              client,
              "POST",
              "/upstream/dy",
              "sticky cookie s; server 127.0.0.1:" + value + "; check interval=60000;");
    }

    @Override
    String get(RawClient client) throws IOException {
      return found(PORT, ask(client, "GET", "/upstream/dy", "").body());
    }
  }

  private static final class Switch extends Speaker {
    private static final Pattern VALUE = Pattern.compile("\"value\":\"127\\.0\\.0\\.1:(\\d+)\"");

    Switch(Random random) {
      super(random, ABSENT);
    }

    @Override
    RawResponse set(RawClient client, String value) throws IOException {
      return ask(client, "POST", "/switch?host=h.test&ups=127.0.0.1:" + value, "");
    }

    @Override
    String get(RawClient client) throws IOException {
      return found(VALUE, ask(client, "GET", "/control/zones/switch/keys/h.test", "").body());
    }
  }

  @Test
  void everyDialectsAcknowledgedChangesOutliveAKill() throws Exception {
    Random random = Campaign.random("kill -9 under every dialect");
    List<Speaker> speakers =
        List.of(
            new Plus(new Random(random.nextLong())),
            new Control(new Random(random.nextLong())),
            new Dyups(new Random(random.nextLong())),
            new Switch(new Random(random.nextLong())));
    List<String> lost = new ArrayList<>();
    long revisions = 0;
    try (Turnout turnout =
        Turnout.startForLoad(
            """
            keyval_zone zone=switch:1m;
            keyval $host $ups zone=switch default=plus;
            upstream plus { zone plus 64k; server 127.0.0.1:9999; }
            server {
              listen 127.0.0.1:@PORT@;
              location /api { api write=on; }
              location /control { control_api write=on; }
              location /upstream { dyups_interface; }
              location = /switch { upstream_switch zone=switch; upstream_switch_allow 127.0.0.0/8; }
            }
            """)) {
      for (int kill = 0; kill < KILLS; kill++) {
        var killAt = new CountDownLatch(1 + random.nextInt(MOST_ACKNOWLEDGED));
        List<Thread> threads = new ArrayList<>();
        for (Speaker speaker : speakers) {
          threads.add(
              Thread.ofVirtual().start(() -> speaker.speak(turnout.port(), killAt, changes)));
        }
        killAt.await();
        LockSupport.parkNanos(random.nextInt(5_000_000)); // anywhere between two answers
        turnout.kill();
        for (Thread thread : threads) {
          thread.join();
        }
        turnout.start();
        try (RawClient client = RawClient.connect(turnout.port())) {
          for (Speaker speaker : speakers) {
            speaker.check(client, lost);
          }
          revisions = checkHistory(client, revisions);
        }
      }
    }
    Campaign.report(
        "kill -9 under every dialect",
        "%d kills, %d changes acknowledged, %d revisions without a gap, %d lost or invented"
            .formatted(KILLS, changes.get(), revisions, lost.size()));
    assertThat(lost).isEmpty();
    assertThat(revisions).isGreaterThanOrEqualTo(changes.get());
  }

  /// The revisions after `seen` follow each other; returns the last.
  private static long checkHistory(RawClient client, long seen) throws IOException {
    long last = seen;
    while (true) {
      String page = ask(client, "GET", "/control/revisions?limit=1000&since=" + last, "").body();
      Matcher each = REVISION.matcher(page);
      long before = last;
      while (each.find()) {
        assertThat(Long.parseLong(each.group(1))).isEqualTo(last + 1);
        last++;
      }
      if (last == before) {
        return last;
      }
    }
  }
}

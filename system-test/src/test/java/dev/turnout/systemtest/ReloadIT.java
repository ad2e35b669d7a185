package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// Reloads under load, some of them of a broken file: no request fails and no idle connection is
/// closed.
class ReloadIT {
  private static final int RELOADS = Campaign.size("reloads", 10, 100);
  private static final int CONNECTIONS = 16;
  private static final int IDLE = 8;
  private static final long MOST_GROWTH_KIB = 256 * 1024;

  @Test
  void reloadsDropNothing() throws Exception {
    Random random = Campaign.random("reloads");
    try (var b1 = FakeUpstream.namedForLoad("b1");
        var b2 = FakeUpstream.namedForLoad("b2");
        var turnout = Turnout.startForLoad(site(b1.address()))) {
      List<RawClient> idle = new ArrayList<>();
      List<String> failures;
      long requests;
      int broken = 0;
      long memoryBefore;

      try (var load = ClosedLoop.start(turnout.port(), CONNECTIONS, ReloadIT::ask)) {
        for (int i = 0; i < IDLE; i++) {
          RawClient client = RawClient.connect(turnout.port());
          idle.add(client);
          ask(client);
        }
        load.awaitMore(1_000);
        memoryBefore = turnout.residentKib();
        for (int reload = 0; reload < RELOADS; reload++) {
          if (random.nextInt(10) < 3) {
            broken++;
            turnout.reloadBroken("events {} http { server { listen 127.0.0.1:1; nonsense } }");
          } else {
            turnout.reload(site(reload % 2 == 0 ? b2.address() : b1.address()));
          }
          load.awaitMore(CONNECTIONS);
        }
        requests = load.done();
        failures = load.failures();
      }
      long memoryGrowth = turnout.residentKib() - memoryBefore;

      Campaign.report(
          "reloads",
          "%d reloads, %d of them of a broken file, %d requests, %s failed; resident %d KiB before, %+d KiB"
              .formatted(
                  RELOADS,
                  broken,
                  requests,
                  failures.isEmpty() ? "0" : failures,
                  memoryBefore,
                  memoryGrowth));
      assertThat(failures).isEmpty();
      for (RawClient client : idle) {
        ask(client); // on the connection that has been idle over all reloads
        client.close();
      }
      assertThat(memoryGrowth).isLessThan(MOST_GROWTH_KIB);
    }
  }

  @Test
  void aReloadPutsTheNewConfigurationInForceAndABrokenOneChangesNothing() throws Exception {
    try (var b1 = FakeUpstream.named("b1");
        var b2 = FakeUpstream.named("b2");
        var turnout = Turnout.start(site(b1.address()))) {
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("b1");

      turnout.reload(site(b2.address()));
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("b2");

      turnout.reloadBroken("events {} http { server { nonsense on; } }");
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("b2");
    }
  }

  @Test
  void aRequestThatRunsDuringAReloadIsServedToItsEnd() throws Exception {
    var mayAnswer = new CountDownLatch(1);
    try (var slow =
            FakeUpstream.each((_, connection) -> {
              mayAnswer.await();
              connection.send(Answers.ok("from the old generation"));
            });
        var quick = FakeUpstream.named("new");
        var turnout = Turnout.start(site(slow.address()));
        var client = RawClient.connect(turnout.port())) {
      client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
      slow.awaitRequests(1);

      turnout.reload(site(quick.address()));
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("new");
      mayAnswer.countDown();

      assertThat(client.readResponse().body()).isEqualTo("from the old generation");
    }
  }

  private static String site(String upstream) {
    return """
      keepalive_requests 1000000000;
      upstream app { server %s; keepalive 32; }
      server {
        listen 127.0.0.1:@PORT@;
        location / {
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_pass http://app;
        }
      }
    """
        .formatted(upstream);
  }

  private static void ask(RawClient client) throws Exception {
    RawResponse response = client.get("a.test", "/");
    if (response.status() != 200 || !response.body().matches("b[12]")) {
      throw new AssertionError(response.raw());
    }
    if (response.closes()) {
      throw new AssertionError("a kept-alive connection is closed: " + response.raw());
    }
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Zones with `sync`: what one node counts and learns the others know, a moment later.
@Timeout(120)
class SyncedZonesIT {
  private static final String LIMIT =
      """
      limit_req_zone $arg_k zone=one:1m rate=1r/m sync;
      server {
        listen 127.0.0.1:0;
        limit_req zone=one;
        limit_req_status 429;
        root .;
      }
      """;

  private final RedisServer redis = RedisServer.start();
  private final FakeUpstream a = server("a");
  private final FakeUpstream b = server("b");

  /// One that begins the session `open-sesame-NAME` for everybody.
  private static FakeUpstream server(String name) {
    return FakeUpstream.answering(
        200, List.of(new Field("Set-Cookie", "sid=open-sesame-" + name)), name);
  }

  @AfterEach
  void end() {
    a.close();
    b.close();
    redis.close();
  }

  private static int status(Cluster cluster, int node, String target) throws IOException {
    return RawClient.get(cluster.node(node).port(), "h", target).status();
  }

  private static ZoneSync.Status sync(Cluster cluster, int node) {
    return Objects.requireNonNull(cluster.node(node).zoneSync().status());
  }

  private static void awaitHearing(Cluster cluster) {
    cluster.until(
        () -> {
          for (var node : cluster.nodes()) {
            ZoneSync.Status status = node.zoneSync().status();
            if (status == null || !status.isHeard()) {
              return false;
            }
          }
          return true;
        },
        "all nodes hear each other");
  }

  /// How many keys the limit of a node knows.
  private static long keys(Cluster cluster, int node) {
    return Objects.requireNonNull(cluster.node(node).status().zones().get("one")).entries();
  }

  /// Waits until the other one of two nodes, which heard it from the beginning, has heard all that
  /// a node has to say.
  private static void awaitTold(Cluster cluster, int from) {
    cluster.until(
        () -> {
          ZoneSync.Status teller = sync(cluster, from);
          return teller.untold() == 0
              && teller.said() > 0
              && sync(cluster, 1 - from).heard() == teller.said();
        },
        "node " + from + " is heard");
  }

  @Test
  void theRateOfALimitIsThatOfAllNodesTogether() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 2, "", LIMIT)) {
      awaitHearing(cluster);
      assertThat(status(cluster, 0, "/nginx.conf?k=10.0.0.1")).isEqualTo(200);
      awaitTold(cluster, 0);

      assertThat(status(cluster, 1, "/nginx.conf?k=10.0.0.1")).isEqualTo(429);
      assertThat(status(cluster, 1, "/nginx.conf?k=10.0.0.2")).isEqualTo(200);
      awaitTold(cluster, 1);
      assertThat(status(cluster, 0, "/nginx.conf?k=10.0.0.2")).isEqualTo(429);
      assertThat(redis.cli("KEYS", "@turnout:sync*")).isEmpty(); // nothing stays of it
    }
  }

  @Test
  void aLimitGoesOnWithoutTheStoreAndIsToldAfterwards() throws Exception {
    try (Cluster cluster = Cluster.start(redis, 2, "timeout=400ms", LIMIT)) {
      awaitHearing(cluster);
      redis.kill();
      cluster.until(() -> !sync(cluster, 0).isHeard() && !sync(cluster, 1).isHeard(), "it is lost");

      assertThat(status(cluster, 0, "/nginx.conf?k=a")).isEqualTo(200);
      assertThat(status(cluster, 0, "/nginx.conf?k=a")).isEqualTo(429);
      assertThat(status(cluster, 1, "/nginx.conf?k=a")).isEqualTo(200);
      assertThat(sync(cluster, 0).untold()).isPositive();
      redis.startAgain();
      awaitHearing(cluster);
      assertThat(status(cluster, 0, "/nginx.conf?k=b")).isEqualTo(200);
      // what was said before the other one was back is lost to it, as far as limits go
      cluster.until(() -> keys(cluster, 1) == 2, "node 1 knows both keys");
      assertThat(status(cluster, 1, "/nginx.conf?k=b")).isEqualTo(429);
    }
  }

  @Test
  void aReloadKeepsWhatIsCountedAndAnotherKindBeginsAnew() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 1, "", LIMIT)) {
      awaitHearing(cluster);
      String store = "state_store redis://" + redis.address() + " node=n0 ;\n";
      status(cluster, 0, "/nginx.conf?k=a");

      assertThat(cluster.node(0).reload(store + LIMIT)).isTrue();
      assertThat(status(cluster, 0, "/nginx.conf?k=a")).isEqualTo(429);
      assertThat(cluster.node(0).reload(store + LIMIT.replace(" sync", ""))).isTrue();
      assertThat(status(cluster, 0, "/nginx.conf?k=a")).isEqualTo(200);
    }
  }

  // ---- sticky learn

  private String sessions() {
    String create = "create=$upstream_cookie_sid lookup=$cookie_sid";
    return """
    upstream app {
      server %s; server %s;
      sticky learn %s zone=sessions:64k timeout=10m sync;
    }
    server { listen 127.0.0.1:0; location / { proxy_pass http://app; } }
    """
        .formatted(a.address(), b.address(), create);
  }

  /// Begins a session at a node: the name of its server.
  private static String begin(Cluster cluster, int node) throws IOException {
    return RawClient.get(cluster.node(node).port(), "h", "/").body();
  }

  /// Whoever has the session comes to its server.
  private static void assertBound(Cluster cluster, int node, String server) throws IOException {
    String request =
        "GET / HTTP/1.1\r\nHost: h\r\nCookie: sid=open-sesame-%s\r\nConnection: close\r\n\r\n"
            .formatted(server);
    for (int i = 0; i < 4; i++) {
      assertThat(RawClient.ask(cluster.node(node).port(), request).body()).isEqualTo(server);
    }
  }

  @Test
  void aSessionIsBoundAtAllNodesAndItsNameIsNotTold() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 2, "", sessions())) {
      awaitHearing(cluster);
      String server = begin(cluster, 0);
      awaitTold(cluster, 0);

      assertBound(cluster, 1, server);
      String key = redis.cli("KEYS", "@turnout:sync:*");
      assertThat(key).matches("@turnout:sync:sticky:sessions:[0-9a-f]{32}");
      assertThat(redis.cli("GET", key)).doesNotContain("sesame").startsWith("0000000000000001");
      assertThat(Long.parseLong(redis.cli("PTTL", key))).isBetween(1L, 600_000L);
    }
  }

  @Test
  void aNodeThatComesLaterKnowsTheSessionsOfThoseThatHaveGone() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 2, "", sessions())) {
      awaitHearing(cluster);
      cluster.stop(1);
      String server = begin(cluster, 0);
      cluster.stop(0); // tells what it has learned last

      cluster.startAgain(1);
      cluster.until(
          () -> {
            var group = Objects.requireNonNull(cluster.node(1).upstreams().find("app"));
            long now = System.nanoTime() / 1_000_000;
            return group.current().peers().stream()
                    .mapToInt(peer -> group.sessionsAt(peer, now).orElse(0))
                    .sum()
                == 1;
          },
          "the session is known");
      assertBound(cluster, 1, server);
      cluster.startAgain(0); // to be closed like the other
    }
  }

  @Test
  void aStoreThatComesBackEmptyIsToldAgain() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 2, "timeout=400ms", sessions())) {
      awaitHearing(cluster);
      String server = begin(cluster, 0);
      awaitTold(cluster, 0);
      redis.kill();
      cluster.until(() -> !sync(cluster, 0).isHeard() && !sync(cluster, 1).isHeard(), "it is lost");
      assertBound(cluster, 1, server);

      redis.startAgain();

      cluster.until(() -> !redis.cli("KEYS", "@turnout:sync:*").isEmpty(), "it is told again");
    }
  }

  @Test
  void requestsDoNotWaitForAStoreThatHangs() throws IOException {
    try (Cluster cluster = Cluster.start(redis, 2, "timeout=60s", sessions())) {
      awaitHearing(cluster);
      redis.hang();
      String server = begin(cluster, 0);
      assertBound(cluster, 0, server);
      redis.goOn();

      awaitTold(cluster, 0);
      assertBound(cluster, 1, server);
    }
  }
}

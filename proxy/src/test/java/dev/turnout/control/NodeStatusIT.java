package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.upstream.PeerState;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// What the node knows of its upstreams, limits and zones.
class NodeStatusIT {
  private static String proxying(String upstream) {
    return "upstream u { "
        + upstream
        + " }\nserver { listen 127.0.0.1:0; location / { proxy_pass http://u; } }\n";
  }

  private static NodeStatus.Group group(TestProxy proxy) {
    return proxy.status().upstream("u").orElseThrow();
  }

  @Test
  void aPeerCountsWhatWentThereAndCameBack() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                Answers.ok("one"),
                Answers.of(404, List.of(), "two"),
                Answers.of(302, List.of(), ""));
        TestProxy proxy = TestProxy.start(proxying("server " + upstream.address() + ";"))) {
      Instant before = Instant.now().minusMillis(20);
      for (int i = 0; i < 3; i++) {
        RawClient.get(proxy.port(), "h", "/");
      }

      NodeStatus.Group group = group(proxy);
      NodeStatus.Server peer = group.peers().getFirst();

      assertThat(peer.address()).isEqualTo(upstream.address());
      assertThat(peer.state()).isEqualTo(PeerState.UP);
      assertThat(peer.active()).isZero();
      assertThat(peer.requests()).isEqualTo(3);
      assertThat(peer.responses().codes())
          .containsExactly(entry(200, 1L), entry(302, 1L), entry(404, 1L));
      int bytes =
          Answers.ok("one").length()
              + Answers.of(404, List.of(), "two").length()
              + Answers.of(302, List.of(), "").length();
      assertThat(peer.totals().received()).isEqualTo(bytes);
      assertThat(peer.totals().sent()).isGreaterThan(3 * 20);
      assertThat(peer.responseTimes().count()).isEqualTo(3);
      assertThat(peer.downSince()).isEmpty();
      assertThat(peer.selected())
          .hasValueSatisfying(at -> assertThat(at).isBetween(before, Instant.now().plusMillis(20)));
      assertThat(group.idleConnections()).isEqualTo(1);
      assertThat(group.zombies()).isZero();
    }
  }

  @Test
  void aTunnelCountsBytesButNoResponseTime() throws Exception {
    String opening = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    try (FakeUpstream upstream = FakeUpstream.echoingAfterUpgrade();
        TestProxy proxy =
            TestProxy.start(
                proxying("server " + upstream.address() + ";")
                    .replace(
                        "proxy_pass",
                        "proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"
                            + " upgrade; proxy_http_version 1.1; proxy_pass"))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        assertThat(client.send(opening).readResponse().status()).isEqualTo(101);
        assertThat(client.send("x".repeat(1000)).readBytes(1000)).isEqualTo("x".repeat(1000));
      }
      Eventually.until(
          Duration.ofSeconds(10),
          () -> group(proxy).peers().getFirst().active() == 0,
          () -> "the tunnel did not end");

      NodeStatus.Server peer = group(proxy).peers().getFirst();

      assertThat(peer.responses().codes()).containsExactly(entry(101, 1L));
      assertThat(peer.totals().sent()).isBetween(1000L, 1400L);
      assertThat(peer.totals().received()).isBetween(1000L, 1400L);
      assertThat(peer.responseTimes().count()).isZero();
    }
  }

  @Test
  void aPeerThatFailsIsOutAndSaysSinceWhen() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    "server "
                        + closed.address()
                        + " weight=9; server "
                        + upstream.address()
                        + ";"))) {
      RawClient.get(proxy.port(), "h", "/");

      NodeStatus.Server broken = group(proxy).peers().getFirst();
      NodeStatus.Server alive = group(proxy).peers().getLast();

      assertThat(broken.state()).isEqualTo(PeerState.UNAVAIL);
      assertThat(broken.totals().fails()).isEqualTo(1);
      assertThat(broken.totals().unavail()).isEqualTo(1);
      assertThat(broken.downSince()).isPresent();
      assertThat(broken.requests()).isEqualTo(1);
      assertThat(broken.responses().total()).isZero();
      assertThat(broken.responseTimes().count()).isZero();
      assertThat(alive.requests()).isEqualTo(1);
    }
  }

  @Test
  void aServerThatLeftWithARequestIsAZombieAndKeepsNoIdleConnection() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    try (FakeUpstream leaving =
            FakeUpstream.each((_, connection) -> {
              asked.countDown();
              answered.await();
              connection.send(Answers.ok("late"));
            });
        FakeUpstream staying = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying("server " + leaving.address() + ";"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      asked.await();
      assertThat(group(proxy).peers().getFirst().active()).isEqualTo(1);

      assertThat(proxy.reload(proxying("server " + staying.address() + ";"))).isTrue();
      int before = group(proxy).zombies();
      answered.countDown();
      client.readResponse();

      assertThat(before).isEqualTo(1);
      assertThat(group(proxy).zombies()).isZero();
      assertThat(group(proxy).idleConnections()).isZero();
    }
  }

  @Test
  void aPeerForgetsWhatItIsToldTo() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying("server " + upstream.address() + ";"))) {
      RawClient.get(proxy.port(), "h", "/");

      assertThat(proxy.status().forgetUpstream("u")).isTrue();
      assertThat(proxy.status().forgetUpstream("v")).isFalse();
      RawClient.get(proxy.port(), "h", "/");

      NodeStatus.Server peer = group(proxy).peers().getFirst();
      assertThat(peer.requests()).isEqualTo(1);
      assertThat(peer.responses().total()).isEqualTo(1);
    }
  }

  @Test
  void limitsCountWhatBecameOfRequests() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            """
            limit_req_zone $arg_a zone=a:1m rate=1r/m;
            limit_req_zone $arg_b zone=b:1m rate=1000r/s;
            limit_conn_zone $arg_c zone=c:64k;
            server {
              listen 127.0.0.1:0; root .;
              location / { limit_req zone=b burst=9; limit_req zone=a; limit_conn c 1; }
              location /dry/ { limit_req_dry_run on; limit_req zone=a; try_files /nginx.conf =404; }
            }
            """)) {
      RawClient.get(proxy.port(), "h", "/nginx.conf?a=1&b=1&c=1");
      RawClient.get(proxy.port(), "h", "/nginx.conf?a=1&b=2&c=1");
      RawClient.get(proxy.port(), "h", "/dry/?a=1");
      RawClient.get(proxy.port(), "h", "/nginx.conf");

      NodeStatus status = proxy.status();

      assertThat(status.requestLimits())
          .containsExactly(
              entry("a", new NodeStatus.RequestLimit(1, 0, 1, 0, 1)),
              entry("b", new NodeStatus.RequestLimit(1, 0, 0, 0, 0)));
      assertThat(status.connectionLimits())
          .containsExactly(entry("c", new NodeStatus.ConnectionLimit(1, 0, 0)));
      assertThat(status.zones()).containsOnlyKeys("a", "b", "c");
      assertThat(status.zones())
          .containsEntry("a", new NodeStatus.ZoneMemory("limit_req_zone", 1 << 20, 128, 1))
          .containsEntry("c", new NodeStatus.ZoneMemory("limit_conn_zone", 64 << 10, 0, 0));
      assertThat(status.forgetRequestLimit("a")).isTrue();
      assertThat(status.forgetRequestLimit("c")).isFalse();
      assertThat(status.requestLimits())
          .containsEntry("a", new NodeStatus.RequestLimit(0, 0, 0, 0, 0));
    }
  }

  @Test
  void limitsKeepTheirCountersOverAReload() throws Exception {
    String configuration =
        """
        limit_conn_zone $arg_c zone=c:64k;
        server { listen 127.0.0.1:0; root .; limit_conn c 1; }
        """;
    try (TestProxy proxy = TestProxy.start(configuration)) {
      RawClient.get(proxy.port(), "h", "/nginx.conf?c=1");

      assertThat(proxy.reload(configuration)).isTrue();
      RawClient.get(proxy.port(), "h", "/nginx.conf?c=1");

      assertThat(proxy.status().connectionLimits())
          .containsExactly(entry("c", new NodeStatus.ConnectionLimit(2, 0, 0)));
    }
  }

  @Test
  void aZoneHasPagesThatAreUsedInPart() {
    NodeStatus.ZoneMemory zone = new NodeStatus.ZoneMemory("keyval_zone", 32 * 1024, 4097, 3);

    assertThat(zone.pagesUsed()).isEqualTo(2);
    assertThat(zone.pagesFree()).isEqualTo(6);
  }

  @Test
  void theProcessIsKnownByItsConfiguration() {
    String configuration = "server { listen 127.0.0.1:0; return 204; }";
    try (TestProxy proxy = TestProxy.start(configuration)) {
      NodeStatus.NodeProcess first = proxy.status().process();
      assertThat(proxy.reload(configuration)).isTrue();
      assertThat(proxy.reload("server { nonsense; }")).isFalse();
      NodeStatus.NodeProcess second = proxy.status().process();

      assertThat(first.generation()).isEqualTo(1);
      assertThat(second.generation()).isEqualTo(2);
      assertThat(second.loaded()).isAfterOrEqualTo(first.loaded());
      assertThat(second.pid()).isEqualTo(ProcessHandle.current().pid());
    }
  }

  @Test
  void connectionsAreBusyOrIdle() throws Exception {
    try (TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; return 204; }");
        RawClient idle = RawClient.connect(proxy.port());
        RawClient busy = RawClient.connect(proxy.port())) {
      idle.get("h", "/");
      busy.get("h", "/");
      busy.send("POST / HTTP/1.1\r\nHo");

      NodeStatus.Connections now = awaitActive(proxy);
      proxy.status().forgetConnections();
      proxy.status().forgetRequests();

      assertThat(now).isEqualTo(new NodeStatus.Connections(2, 0, 1, 1));
      assertThat(proxy.status().connections()).isEqualTo(new NodeStatus.Connections(0, 0, 1, 1));
      assertThat(proxy.status().requests()).isEqualTo(new NodeStatus.Requests(0, 1));
      assertThat(proxy.status().stub().accepted()).isEqualTo(2);
      assertThat(proxy.status().stub().requests()).isEqualTo(2);
    }
  }

  private static NodeStatus.Connections awaitActive(TestProxy proxy) throws Exception {
    Eventually.until(
        Duration.ofSeconds(10),
        () -> proxy.status().connections().active() == 1,
        () -> "half a head did not arrive: " + proxy.status().connections());
    return proxy.status().connections();
  }
}

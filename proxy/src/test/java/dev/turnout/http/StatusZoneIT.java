package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import dev.turnout.app.TestProxy;
import dev.turnout.metrics.Traffic;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/// What `status_zone` counts, and where.
class StatusZoneIT {
  private static String server(String content) {
    return "server { listen 127.0.0.1:0; " + content + " }\n";
  }

  private static Traffic server(TestProxy proxy, String zone) {
    return proxy.status().serverZone(zone).orElseThrow();
  }

  private static Traffic location(TestProxy proxy, String zone) {
    return proxy.status().locationZone(zone).orElseThrow();
  }

  @Test
  void aServerCountsRequestsResponsesAndBytes() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server(
                "status_zone s; location /a { return 200 yes; } location /b { return 301 /; }"))) {
      String request = "GET /a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
      RawResponse first = RawClient.ask(proxy.port(), request);
      RawClient.get(proxy.port(), "h", "/b");
      RawClient.get(proxy.port(), "h", "/c");

      Traffic traffic = server(proxy, "s");

      assertThat(traffic.requests()).isEqualTo(3);
      assertThat(traffic.processing()).isZero();
      assertThat(traffic.discarded()).isZero();
      assertThat(traffic.responses().codes())
          .containsExactly(entry(200, 1L), entry(301, 1L), entry(404, 1L));
      assertThat(traffic.received()).isGreaterThan(2L * request.length());
      assertThat(traffic.sent()).isGreaterThan(first.raw().length());
      assertThat(traffic.durations().count()).isEqualTo(3);
    }
  }

  @Test
  void theBytesAreThoseOnTheWire() throws Exception {
    try (TestProxy proxy = TestProxy.start(server("status_zone s; return 200 hello;"))) {
      String request =
          "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

      RawResponse answer = RawClient.ask(proxy.port(), request);

      Traffic traffic = server(proxy, "s");
      assertThat(traffic.received()).isEqualTo(request.length());
      assertThat(traffic.sent()).isEqualTo(answer.raw().length());
    }
  }

  @Test
  void aRequestUnderWayIsProcessing() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((_, connection) -> {
              asked.countDown();
              answered.await();
              connection.send(Answers.ok("late"));
            });
        TestProxy proxy =
            TestProxy.start(
                server(
                    "status_zone s; location / { status_zone l; proxy_pass http://"
                        + upstream.address()
                        + "; }"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      asked.await();

      Traffic before = server(proxy, "s");
      long ofLocation = location(proxy, "l").requests();
      answered.countDown();
      client.readResponse();
      Traffic after = server(proxy, "s");

      assertThat(before.processing()).isEqualTo(1);
      assertThat(before.requests()).isEqualTo(1);
      assertThat(before.responses().total()).isZero();
      assertThat(ofLocation).isZero();
      assertThat(after.processing()).isZero();
      assertThat(after.responses().total()).isEqualTo(1);
      assertThat(location(proxy, "l").requests()).isEqualTo(1);
    }
  }

  @Test
  void aTunnelIsAResponseWithoutADuration() throws Exception {
    String opening = "GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    try (FakeUpstream upstream = FakeUpstream.echoingAfterUpgrade();
        TestProxy proxy =
            TestProxy.start(
                server(
                    "status_zone s; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
                        + " proxy_set_header Connection upgrade; location / { proxy_pass http://"
                        + upstream.address()
                        + "; }"))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        assertThat(client.send(opening).readResponse().status()).isEqualTo(101);
        assertThat(server(proxy, "s").processing()).isEqualTo(1);
        client.send("hello").readBytes(5);
      }
      Eventually.until(
          Duration.ofSeconds(10),
          () -> server(proxy, "s").processing() == 0,
          () -> "the tunnel did not end");

      assertThat(server(proxy, "s").responses().codes()).containsExactly(entry(101, 1L));
      assertThat(server(proxy, "s").durations().count()).isZero();
      assertThat(server(proxy, "s").sent()).isGreaterThan(30);
    }
  }

  @Test
  void aRequestWhoseHeadIsRefusedCountsAtTheDefaultServer() throws Exception {
    try (TestProxy proxy = TestProxy.start(server("status_zone s; return 204;"))) {
      RawClient.ask(proxy.port(), "GET / HTTP/1.1\r\n\r\n");

      Traffic traffic = server(proxy, "s");

      assertThat(traffic.requests()).isEqualTo(1);
      assertThat(traffic.processing()).isZero();
      assertThat(traffic.responses().codes()).containsExactly(entry(400, 1L));
    }
  }

  @Test
  void aRequestWithoutAResponseIsDiscarded() throws Exception {
    try (TestProxy proxy =
            TestProxy.start(server("status_zone s; location / { status_zone l; return 444; }"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n").readUntilClose();

      assertThat(server(proxy, "s").discarded()).isEqualTo(1);
      assertThat(server(proxy, "s").responses().total()).isZero();
      assertThat(server(proxy, "s").requests()).isEqualTo(1);
      assertThat(location(proxy, "l").discarded()).isEqualTo(1);
    }
  }

  @Test
  void aLocationCountsWhatEndsThere() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server(
                """
                status_zone s;
                location /from { status_zone from; rewrite ^ /to last; }
                location /to { status_zone to; return 200 here; }
                location /broken { status_zone broken; error_page 503 /page; return 503; }
                location /page { status_zone page; return 200 sorry; }
                """))) {
      RawClient.get(proxy.port(), "h", "/from");
      RawClient.get(proxy.port(), "h", "/broken");

      assertThat(location(proxy, "from").requests()).isZero();
      assertThat(location(proxy, "to").responses().codes()).containsExactly(entry(200, 1L));
      assertThat(location(proxy, "broken").requests()).isZero();
      assertThat(location(proxy, "page").responses().codes()).containsExactly(entry(503, 1L));
      assertThat(server(proxy, "s").requests()).isEqualTo(2);
    }
  }

  @Test
  void anIfInALocationMayHaveAZoneOfItsOwn() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server(
                """
                location / {
                  status_zone plain;
                  if ($arg_v = 2) { status_zone second; return 202; }
                  if ($arg_v = 3) { return 203; }
                  if ($arg_v = 4) { status_zone off; return 204; }
                  return 200;
                }
                """))) {
      for (int i = 1; i <= 4; i++) {
        RawClient.get(proxy.port(), "h", "/?v=" + i);
      }

      assertThat(location(proxy, "plain").responses().codes())
          .containsExactly(entry(200, 1L), entry(203, 1L));
      assertThat(location(proxy, "second").responses().codes()).containsExactly(entry(202, 1L));
    }
  }

  @Test
  void nestedLocationsInheritUnlessTheySayOff() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server(
                """
                location /a {
                  status_zone a;
                  location /a/in { return 200; }
                  location /a/off { status_zone off; return 200; }
                }
                """))) {
      RawClient.get(proxy.port(), "h", "/a/in");
      RawClient.get(proxy.port(), "h", "/a/off");

      assertThat(location(proxy, "a").requests()).isEqualTo(1);
      assertThat(proxy.status().locationZones()).containsOnlyKeys("a");
      assertThat(proxy.status().serverZones()).isEmpty();
    }
  }

  @Test
  void severalServersShareAZone() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server("server_name a; status_zone s; return 200;").replace('\n', ' ')
                + "server { listen 127.0.0.1:0; server_name b; status_zone s; return 201; }\n"
                + "server { listen 127.0.0.1:0; server_name c; return 202; }\n")) {
      RawClient.get(proxy.port(), "a", "/");
      RawClient.get(proxy.port(), "b", "/");
      RawClient.get(proxy.port(), "c", "/");

      assertThat(server(proxy, "s").responses().codes())
          .containsExactly(entry(200, 1L), entry(201, 1L));
    }
  }

  @Test
  void aZoneKeepsItsCountersOverAReloadByItsName() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(server("status_zone s; location / { status_zone l; return 200; }"))) {
      RawClient.get(proxy.port(), "h", "/");

      assertThat(
              proxy.reload(server("status_zone s; location / { status_zone other; return 202; }")))
          .isTrue();
      RawClient.get(proxy.port(), "h", "/");

      assertThat(server(proxy, "s").responses().codes())
          .containsExactly(entry(200, 1L), entry(202, 1L));
      assertThat(proxy.status().locationZones()).containsOnlyKeys("other");
      assertThatThrownBy(() -> location(proxy, "l")).isInstanceOf(NoSuchElementException.class);
    }
  }

  @Test
  void aReloadThatIsRefusedChangesNoZone() throws Exception {
    try (TestProxy proxy = TestProxy.start(server("status_zone s; return 200;"))) {
      RawClient.get(proxy.port(), "h", "/");

      assertThat(proxy.reload(server("status_zone new; return 200 $nonsense;"))).isFalse();

      assertThat(proxy.status().serverZones()).containsOnlyKeys("s");
      assertThat(server(proxy, "s").requests()).isEqualTo(1);
    }
  }

  @Test
  void everyRequestIsCountedOnceWhateverTheNumberOfLoops() throws Exception {
    int clients = 16;
    int requests = 250;
    try (FakeUpstream upstream = FakeUpstream.namedForLoad("hello");
        TestProxy proxy =
            TestProxy.start(
                "upstream u { server "
                    + upstream.address()
                    + "; }\n"
                    + server(
                        "status_zone s; keepalive_requests 100000; location / { status_zone l;"
                            + " proxy_pass http://u; proxy_http_version 1.1; }"),
                2)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        threads.add(Thread.startVirtualThread(() -> ask(proxy.port(), requests)));
      }
      for (Thread thread : threads) {
        thread.join();
      }

      long all = (long) clients * requests;
      Traffic traffic = server(proxy, "s");
      assertThat(traffic.requests()).isEqualTo(all);
      assertThat(traffic.processing()).isZero();
      assertThat(traffic.responses().codes()).containsExactly(entry(200, all));
      assertThat(traffic.durations().count()).isEqualTo(all);
      assertThat(location(proxy, "l").requests()).isEqualTo(all);
      assertThat(proxy.status().requests().total()).isEqualTo(all);
      assertThat(proxy.status().workers())
          .hasSize(2)
          .allSatisfy(worker -> assertThat(worker.requests().total()).isPositive());
      var peer = proxy.status().upstream("u").orElseThrow().peers().getFirst();
      assertThat(peer.requests()).isEqualTo(all);
      assertThat(peer.responses().codes()).containsExactly(entry(200, all));
      assertThat(peer.responseTimes().count()).isEqualTo(all);
      assertThat(upstream.requestCount()).isEqualTo(all);
    }
  }

  private static void ask(int port, int times) {
    try (RawClient client = RawClient.connect(port)) {
      for (int i = 0; i < times; i++) {
        assertThat(client.get("h", "/").status()).isEqualTo(200);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void aNameMustBeGiven() {
    assertThatThrownBy(() -> TestProxy.start(server("status_zone \"\";")))
        .hasMessageContaining("invalid zone name \"\"");
    assertThatThrownBy(() -> TestProxy.start(server("status_zone a; status_zone b;")))
        .hasMessageContaining("\"status_zone\" directive is duplicate");
  }
}

package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.servers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamQueue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// `queue`: what waits for a server, and what it waits for.
class QueueIT {
  private static final String GET = "GET /p HTTP/1.1\r\nHost: h\r\n\r\n";
  private static final Duration BOUND = Duration.ofSeconds(10);

  /// Answers one request for each permit.
  private static FakeUpstream onDemand(Semaphore permits) {
    return FakeUpstream.each((request, connection) -> {
      assertThat(permits.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      connection.send(Answers.ok(request.target()));
    });
  }

  private static Upstream group(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u"));
  }

  private static UpstreamQueue queue(TestProxy proxy) {
    return Objects.requireNonNull(group(proxy).queue());
  }

  private static void waiting(TestProxy proxy, int count) throws Exception {
    Eventually.until(BOUND, () -> queue(proxy).size() == count, () -> "" + queue(proxy).size());
  }

  @Test
  void whoWaitsGoesOnInOrderAsSlotsComeFreeOnWhateverLoop() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (FakeUpstream upstream = onDemand(permits);
        TestProxy proxy =
            TestProxy.start(
                servers("server " + upstream.address() + " max_conns=1; queue 10;"), 2)) {
      List<RawClient> clients = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        clients.add(RawClient.connect(proxy.port()).send(GET.replace("/p", "/" + i)));
        if (i == 0) {
          upstream.awaitRequests(1);
        } else {
          waiting(proxy, i);
        }
      }

      permits.release(6);
      for (int i = 0; i < 6; i++) {
        RawResponse response = clients.get(i).readResponse();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("/" + i);
        clients.get(i).close();
      }

      assertThat(upstream.requests())
          .extracting(r -> r.target())
          .containsExactly("/0", "/1", "/2", "/3", "/4", "/5");
      assertThat(queue(proxy).size()).isZero();
      assertThat(group(proxy).current().peers()).extracting(Peer::active).containsOnly(0);
    }
  }

  @Test
  void aFullQueueIsABadGateway() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (FakeUpstream upstream = onDemand(permits);
        TestProxy proxy =
            TestProxy.start(servers("server " + upstream.address() + " max_conns=1; queue 1;"));
        RawClient one = RawClient.connect(proxy.port()).send(GET);
        RawClient two = RawClient.connect(proxy.port())) {
      upstream.awaitRequests(1);
      two.send(GET);
      waiting(proxy, 1);

      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);
      assertThat(queue(proxy).overflows()).isEqualTo(1);
      assertThat(proxy.errorLog()).contains("upstream queue is full while connecting to upstream");
      permits.release(2);
      assertThat(one.readResponse().status()).isEqualTo(200);
      assertThat(two.readResponse().status()).isEqualTo(200);
    }
  }

  @Test
  void whoWaitsTooLongGetsABadGateway() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(servers("server 127.0.0.1:1 down; queue 1 timeout=20ms;"))) {
      RawResponse response = RawClient.get(proxy.port(), "h", "/");

      assertThat(response.status()).isEqualTo(502);
      assertThat(queue(proxy).size()).isZero();
      assertThat(proxy.errorLog())
          .contains("upstream queue timed out (110: Connection timed out) while connecting");
    }
  }

  @Test
  void aClientThatLeavesLeavesTheQueue() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (FakeUpstream upstream = onDemand(permits);
        TestProxy proxy =
            TestProxy.start(
                servers("server " + upstream.address() + " max_conns=1; queue 10;"), 2);
        RawClient one = RawClient.connect(proxy.port()).send(GET.replace("/p", "/one"));
        RawClient three = RawClient.connect(proxy.port())) {
      upstream.awaitRequests(1);
      try (RawClient two = RawClient.connect(proxy.port())) {
        two.send(GET.replace("/p", "/two"));
        waiting(proxy, 1);
        three.send(GET.replace("/p", "/three"));
        waiting(proxy, 2);
      }
      waiting(proxy, 1);
      permits.release(2);

      assertThat(one.readResponse().body()).isEqualTo("/one");
      assertThat(three.readResponse().body()).isEqualTo("/three");
      assertThat(upstream.requests()).hasSize(2);
    }
  }

  @Test
  void aReloadThatAddsAServerServesWhoWaits() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.named("new");
        TestProxy proxy = TestProxy.start(servers("server 127.0.0.1:1 down; queue 10;"), 2);
        RawClient one = RawClient.connect(proxy.port()).send(GET);
        RawClient two = RawClient.connect(proxy.port()).send(GET)) {
      waiting(proxy, 2);

      assertThat(
              proxy.reload(
                  servers("server 127.0.0.1:1 down; server " + upstream.address() + "; queue 10;")))
          .isTrue();

      assertThat(one.readResponse().body()).isEqualTo("new");
      assertThat(two.readResponse().body()).isEqualTo("new");
    }
  }

  @Test
  void aServerThatIsBackAfterItsFailuresServesWhoWaits() throws Exception {
    Semaphore first = new Semaphore(1);
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream moody =
            FakeUpstream.scripted(connection -> {
              if (connection.read() != null && !first.tryAcquire()) {
                connection.send(Answers.ok("back"));
              }
            });
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + closed.address()
                        + " down; server "
                        + moody.address()
                        + " fail_timeout=0; queue 10;"))) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);

      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("back");
    }
  }

  @Test
  void aRequestThatHasFailedAtAServerDoesNotKeepOthersWaiting() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (FakeUpstream busy = onDemand(permits);
        FakeUpstream failing = FakeUpstream.answering(500, List.of(), "failed");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + busy.address()
                        + " max_conns=1; server "
                        + failing.address()
                        + " max_fails=0; queue 10;",
                    "proxy_next_upstream http_500;"));
        RawClient one = RawClient.connect(proxy.port()).send(GET)) {
      busy.awaitRequests(1);

      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);
      assertThat(failing.requestCount()).isEqualTo(2);
      assertThat(queue(proxy).size()).isZero();
      permits.release();
      assertThat(one.readResponse().status()).isEqualTo(200);
    }
  }

  @Test
  void manyClientsOnSeveralLoopsAllGetTheirAnswersThroughFewSlots() throws Exception {
    int clients = 24;
    int requests = 40;
    try (FakeUpstream a = FakeUpstream.namedForLoad("a");
        FakeUpstream b = FakeUpstream.namedForLoad("b");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + a.address()
                        + " max_conns=1; server "
                        + b.address()
                        + " max_conns=2; queue 100;"),
                2);
        ExecutorService all = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> answered = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        answered.add(
            all.submit(() -> {
              int good = 0;
              try (RawClient client = RawClient.connect(proxy.port())) {
                for (int n = 0; n < requests; n++) {
                  good += client.get("h", "/").status() == 200 ? 1 : 0;
                }
              }
              return good;
            }));
      }

      for (Future<Integer> one : answered) {
        assertThat(one.get()).isEqualTo(requests);
      }
      assertThat(queue(proxy).size()).isZero();
      assertThat(queue(proxy).overflows()).isZero();
      assertThat(group(proxy).current().peers()).extracting(Peer::active).containsOnly(0);
    }
  }

  @Test
  void howLongARequestWaitedIsKnown() throws Exception {
    Semaphore permits = new Semaphore(0);
    try (FakeUpstream upstream = onDemand(permits);
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server " + upstream.address() + " max_conns=1; queue 1;",
                    "add_header X-Queue $upstream_queue_time;"));
        RawClient one = RawClient.connect(proxy.port()).send(GET);
        RawClient two = RawClient.connect(proxy.port())) {
      upstream.awaitRequests(1);
      two.send(GET);
      waiting(proxy, 1);
      permits.release(2);

      assertThat(one.readResponse().headers().get("X-Queue")).hasValue("-");
      assertThat(two.readResponse().headers().get("X-Queue").orElseThrow())
          .matches("\\d+\\.\\d{3}");
    }
  }
}

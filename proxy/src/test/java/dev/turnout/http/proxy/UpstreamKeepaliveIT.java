package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static dev.turnout.http.proxy.Configurations.servers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// When a connection to an upstream carries another request, and when it must not.
class UpstreamKeepaliveIT {
  private static int[] connections(FakeUpstream upstream) {
    return upstream.requests().stream().mapToInt(RecordedRequest::connection).toArray();
  }

  private static void ask(TestProxy proxy, int times) throws Exception {
    for (int i = 0; i < times; i++) {
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(200);
    }
  }

  @Test
  void connectionsAreReused() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      ask(proxy, 5);

      assertThat(connections(upstream)).containsExactly(0, 0, 0, 0, 0);
    }
  }

  @Test
  void noneAreKeptWhereKeepaliveIsOff() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(servers("server " + upstream.address() + "; keepalive 0;"))) {
      ask(proxy, 3);

      assertThat(connections(upstream)).containsExactly(0, 1, 2);
    }
  }

  @Test
  void theNumberOfRequestsIsLimited() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(servers("server " + upstream.address() + "; keepalive_requests 2;"))) {
      ask(proxy, 5);

      assertThat(connections(upstream)).containsExactly(0, 0, 1, 1, 2);
    }
  }

  @Test
  void theAgeIsLimited() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(servers("server " + upstream.address() + "; keepalive_time 0s;"))) {
      ask(proxy, 3);

      assertThat(connections(upstream)).containsExactly(0, 1, 2);
    }
  }

  @Test
  void onlySoManyIdle() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    Semaphore closed = new Semaphore(0);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              both.countDown();
              both.await(10, TimeUnit.SECONDS);
              connection.send(Answers.ok("hi"));
              while (connection.read() != null) {
                connection.send(Answers.ok("again"));
              }
              closed.release();
            });
        TestProxy proxy =
            TestProxy.start(servers("server " + upstream.address() + "; keepalive 1;"));
        RawClient one = RawClient.connect(proxy.port());
        RawClient two = RawClient.connect(proxy.port())) {
      one.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      two.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      one.readResponse();
      two.readResponse();

      assertThat(closed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      assertThat(one.get("h", "/").body()).isEqualTo("again");
      assertThat(upstream.connectionCount()).isEqualTo(2);
    }
  }

  @Test
  void idleOnesAreClosedInTime() throws Exception {
    Semaphore closed = new Semaphore(0);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(Answers.ok("hi"));
              connection.awaitClose();
              closed.release();
            });
        TestProxy proxy =
            TestProxy.start(
                servers("server " + upstream.address() + "; keepalive_timeout 20ms;"))) {
      ask(proxy, 1);

      assertThat(closed.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiMORE",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nMORE",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        "HTTP/1.1 204 No\r\n\r\nMORE",
      })
  void aConnectionInDoubtIsNotReused(String answer) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = RawClient.get(proxy.port(), "h", "/");
        assertThat(response.status()).isIn(200, 204);
        assertThat(response.body()).isIn("", "hi");
      }

      assertThat(connections(upstream)).containsExactly(0, 1, 2);
    }
  }

  @Test
  void anIdleConnectionThatSpeaksIsDropped() throws Exception {
    CountDownLatch dropped = new CountDownLatch(1);
    AtomicInteger number = new AtomicInteger();
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(Answers.ok("hi"));
              if (number.getAndIncrement() == 0) {
                connection.send("HTTP/1.1 408 Too late\r\nContent-Length: 0\r\n\r\n");
                connection.awaitClose();
                dropped.countDown();
              }
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      ask(proxy, 1);
      assertThat(dropped.await(10, TimeUnit.SECONDS)).isTrue();

      ask(proxy, 1);

      assertThat(connections(upstream)).containsExactly(0, 1);
    }
  }

  @Test
  void anIdleConnectionThatTheServerEndsIsDropped() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(Answers.ok("hi"));
              connection.halfClose();
              connection.awaitClose();
              gone.countDown();
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      ask(proxy, 1);
      assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();

      ask(proxy, 1);

      assertThat(proxy.errorLog()).doesNotContain("prematurely");
    }
  }

  /// Answers the first request of a connection, and closes at the second.
  private static FakeUpstream closingAtTheSecond(String name) {
    return FakeUpstream.scripted(connection -> {
      connection.read();
      connection.send(Answers.ok(name));
      connection.read();
    });
  }

  @Test
  void aRequestOnAConnectionThatTurnsOutClosedIsRepeatedAndCostsNothing() throws Exception {
    try (FakeUpstream one = closingAtTheSecond("one");
        FakeUpstream two = FakeUpstream.named("two");
        TestProxy proxy =
            TestProxy.start(
                servers("server " + one.address() + "; server " + two.address() + ";"))) {
      List<String> bodies = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        bodies.add(RawClient.get(proxy.port(), "h", "/").body());
      }

      assertThat(bodies).allMatch(body -> body.equals("one") || body.equals("two"));
      assertThat(bodies).filteredOn("one"::equals).hasSizeGreaterThan(1);
      assertThat(peer(proxy).stats().fails()).isZero();
      assertThat(peer(proxy).active()).isZero();
    }
  }

  @Test
  void anOnlyServerIsTriedAgainOnAFreshConnection() throws Exception {
    try (FakeUpstream upstream = closingAtTheSecond("one");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      ask(proxy, 4);

      assertThat(peer(proxy).stats().fails()).isZero();
    }
  }

  @Test
  void aPostOnAConnectionThatTurnsOutClosedIsNotRepeated() throws Exception {
    try (FakeUpstream upstream = closingAtTheSecond("one");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      ask(proxy, 1);

      RawResponse response =
          RawClient.ask(proxy.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");

      assertThat(response.status()).isEqualTo(502);
    }
  }

  @Test
  void connectionsOfAServerThatLeftAreClosed() throws Exception {
    CountDownLatch closed = new CountDownLatch(1);
    try (FakeUpstream leaving =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(Answers.ok("hi"));
              connection.awaitClose();
              closed.countDown();
            });
        FakeUpstream next = FakeUpstream.named("next");
        TestProxy proxy = TestProxy.start(proxying(leaving.address()))) {
      ask(proxy, 1);

      assertThat(proxy.reload(proxying(next.address()))).isTrue();

      assertThat(closed.await(10, TimeUnit.SECONDS)).isTrue();
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("next");
    }
  }

  @Test
  void aConnectionWhoseRequestWasNotSentWholeIsNotReused() throws Exception {
    Semaphore closed = new Semaphore(0);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.readBytes(200);
              connection.send(
                  "HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig"); // and reads no more
              closed.acquire();
            });
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(),
                    "client_max_body_size 0;",
                    "client_body_buffer_size 16m;"))) {
      String body = "x".repeat(12_000_000);
      for (int i = 0; i < 2; i++) {
        RawResponse response =
            RawClient.ask(
                proxy.port(),
                "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body);
        assertThat(response.status()).isEqualTo(413);
        assertThat(response.body()).isEqualTo("big");
      }
      assertThat(upstream.connectionCount()).isEqualTo(2);
      closed.release(2);
    }
  }

  private static Peer peer(TestProxy proxy) {
    Upstream upstream = proxy.upstreams().find("u");
    assertThat(upstream).isNotNull();
    return upstream.current().peers().getFirst();
  }
}

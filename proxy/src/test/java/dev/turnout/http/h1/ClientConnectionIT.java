package dev.turnout.http.h1;

import static dev.turnout.http.proxy.Configurations.proxying;
import static dev.turnout.http.proxy.Configurations.server;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.http.proxy.Configurations;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A client's connection: what is read from it in which order, and when it ends.
class ClientConnectionIT {
  private static final Duration SOON = Duration.ofSeconds(10);

  private static String get(String target, String... fields) {
    StringBuilder out = new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: h\r\n");
    for (String field : fields) {
      out.append(field).append("\r\n");
    }
    return out.append("\r\n").toString();
  }

  private static String answering(String body, String... more) {
    return server("return 200 " + body + ";", more);
  }

  private static void nobodyIsThere(TestProxy proxy) throws Exception {
    Eventually.until(
        SOON,
        () ->
            proxy.counters().activeNow() == 0
                && proxy.counters().readingNow() == 0
                && proxy.counters().writingNow() == 0,
        () -> "connections stay open");
  }

  // ---- order

  @Test
  void requestsSentAheadAreAnsweredInOrder() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) ->
                connection.send(Answers.ok("answer to " + request.target())));
        TestProxy proxy =
            TestProxy.start(
                "upstream u { server "
                    + upstream.address()
                    + "; } server { listen 127.0.0.1:0; location / { proxy_pass http://u; }"
                    + " location /here { return 200 $uri; } }");
        RawClient client = RawClient.connect(proxy.port())) {
      StringBuilder all = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        all.append(get((i % 3 == 0 ? "/here" : "/there") + i));
      }
      client.send(all.toString());
      for (int i = 0; i < 100; i++) {
        assertThat(client.readResponse().body())
            .isEqualTo(i % 3 == 0 ? "/here" + i : "answer to /there" + i);
      }
    }
  }

  @Test
  void theOrderHoldsHoweverTheBytesAreCut() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) ->
                connection.send(Answers.ok(request.target() + request.body())));
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      client.sendByteByByte(
          get("/1")
              + "\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody"
              + "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
              + "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"
              + get("/4"));

      assertThat(client.readResponse().body()).isEqualTo("/1");
      assertThat(client.readResponse().body()).isEqualTo("/2body");
      assertThat(client.readResponse().body()).isEqualTo("/3abcd");
      assertThat(client.readResponse().body()).isEqualTo("/4");
    }
  }

  @Test
  void requestsBehindALargeBodyWaitForTheirTurn() throws Exception {
    String body = "x".repeat(700_000);
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) ->
                connection.send(Answers.ok(request.target() + request.body().length())));
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "keepalive_requests 5000;"));
        RawClient client = RawClient.connect(proxy.port())) {
      StringBuilder ahead = new StringBuilder();
      ahead.append("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 700000\r\n\r\n").append(body);
      for (int i = 2; i < 3000; i++) {
        ahead.append(get("/" + i));
      }
      Thread sender = Thread.ofVirtual().start(() -> send(client, ahead.toString()));
      assertThat(client.readResponse().body()).isEqualTo("/1700000");
      for (int i = 2; i < 3000; i++) {
        assertThat(client.readResponse().body()).isEqualTo("/" + i + "0");
      }
      sender.join();
    }
  }

  private static void send(RawClient client, String bytes) {
    try {
      client.send(bytes);
    } catch (IOException _) {
      // the connection may be closed meanwhile
    }
  }

  @Test
  void aClientThatOnlyAsksIsNotReadWithoutEnd() throws Exception {
    AtomicLong sent = new AtomicLong();
    try (TestProxy proxy =
            TestProxy.start(
                server(
                    "set $a '" + "x".repeat(4_000) + "'; return 200 $a$a$a$a$a;",
                    "keepalive_requests 10000000;"));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      String many = get("/").repeat(1000);
      Thread sender =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  for (int i = 0; i < 2000; i++) {
                    client.send(many);
                    sent.addAndGet(many.length());
                  }
                } catch (IOException _) {
                  // the end of the test
                }
              });
      assertThat(sender.join(Duration.ofMillis(700))).isFalse();
      assertThat(proxy.counters().requestsTotal())
          .as("answers that nobody takes are not made")
          .isLessThan(1_000);
      assertThat(sent.get()).isLessThan(30_000_000);
      for (int i = 0; i < 1500; i++) {
        assertThat(client.readResponse().body()).hasSize(20_000);
      }
      client.reset();
      sender.join();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aClientThatIsSlowGetsEveryAnswer() throws Exception {
    try (TestProxy proxy =
            TestProxy.start(
                answering("'" + "x".repeat(3000) + "'", "keepalive_requests 10000000;"));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      String last = get("/", "Connection: close");
      Thread sender = Thread.ofVirtual().start(() -> send(client, get("/").repeat(999) + last));
      for (int i = 0; i < 1000; i++) {
        assertThat(client.readResponse().body()).hasSize(3000);
      }
      assertThat(client.readUntilClose()).isEmpty();
      sender.join();
    }
  }

  // ---- keeping alive

  @ParameterizedTest
  @CsvSource({
    "HTTP/1.1, '', true",
    "HTTP/1.1, close, false",
    "HTTP/1.1, 'x, CLOSE', false",
    "HTTP/1.1, keep-alive, true",
    "HTTP/1.0, '', false",
    "HTTP/1.0, keep-alive, true",
    "HTTP/1.0, close, false",
  })
  void theVersionAndTheClientDecideWhetherAConnectionStays(
      String version, String connection, boolean stays) throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      String request =
          "GET / "
              + version
              + "\r\nHost: h\r\n"
              + (connection.isEmpty() ? "" : "Connection: " + connection + "\r\n")
              + "\r\n";
      RawResponse response = client.send(request).readResponse();

      assertThat(response.headers().all("Connection"))
          .containsExactly(stays ? "keep-alive" : "close");
      if (stays) {
        assertThat(client.send(request).readResponse().body()).isEqualTo("hi");
      } else {
        assertThat(client.closedWithin(SOON)).isTrue();
      }
    }
  }

  @Test
  void theNumberOfRequestsIsLimited() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi", "keepalive_requests 3;"));
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("h", "/").closes()).isFalse();
      assertThat(client.get("h", "/").closes()).isFalse();
      assertThat(client.get("h", "/").closes()).isTrue();
      assertThat(client.closedWithin(SOON)).isTrue();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void anIdleConnectionIsClosedInTime() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi", "keepalive_timeout 40ms;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.get("h", "/");
      assertThat(client.closedWithin(SOON)).isTrue();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void withoutATimeoutNothingIsKeptAlive() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi", "keepalive_timeout 0;"));
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("h", "/").closes()).isTrue();
      assertThat(client.closedWithin(SOON)).isTrue();
    }
  }

  // ---- what is not read

  @ParameterizedTest
  @ValueSource(ints = {1, 1_000, 60_000, 700_000})
  void aBodyThatNobodyWantsIsReadPast(int size) throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      String post =
          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + size + "\r\n\r\n" + "x".repeat(size);
      Thread sender = Thread.ofVirtual().start(() -> send(client, post + post + get("/")));
      for (int i = 0; i < 3; i++) {
        assertThat(client.readResponse().body()).isEqualTo("hi");
      }
      sender.join();
    }
  }

  @Test
  void chunksThatNobodyWantsAreReadPast() throws Exception {
    String post =
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
            + Answers.chunk("x".repeat(5_000)).repeat(30)
            + "0\r\n\r\n";
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      Thread sender = Thread.ofVirtual().start(() -> send(client, post + post + get("/")));
      for (int i = 0; i < 3; i++) {
        assertThat(client.readResponse().body()).isEqualTo("hi");
      }
      sender.join();
    }
  }

  @Test
  void malformedChunksThatNobodyWantsEndTheConnection() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n");
      assertThat(client.readResponse().status()).isEqualTo(400);
      assertThat(client.closedWithin(SOON)).isTrue();
    }
  }

  @Test
  void aRefusalCanBeReadThoughTheClientKeepsSending() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi", "client_max_body_size 1;"))) {
      for (int i = 0; i < 20; i++) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          Thread sender =
              Thread.ofVirtual()
                  .start(() ->
                      send(
                          client,
                          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3000000\r\n\r\n"
                              + "x".repeat(3_000_000)));
          sender.join();
          assertThat(client.readResponse().status()).isEqualTo(413);
          assertThat(client.readUntilClose()).isEmpty();
        }
      }
      nobodyIsThere(proxy);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n",
        "GET /../x HTTP/1.1\r\nHost: h\r\n\r\n",
        "BAD\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n",
      })
  void aBadRequestIs400AndTheEnd(String request) throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      Thread sender = Thread.ofVirtual().start(() -> send(client, request + "x".repeat(2_000_000)));
      RawResponse response = client.readResponse();
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.closes()).isTrue();
      assertThat(client.readUntilClose()).isEmpty();
      client.reset();
      sender.join();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void lingeringEndsWithTheClient() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi", "lingering_timeout 60s;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("BAD\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(400);
      client.halfClose();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void lingeringEndsInTime() throws Exception {
    try (TestProxy proxy =
            TestProxy.start(
                "lingering_timeout 40ms; " + answering("hi", "lingering_timeout 40ms;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("BAD\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(400);
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aConnectionThatIsDoneDoesNotLinger() throws Exception {
    try (TestProxy proxy =
            TestProxy.start(answering("hi", "lingering_timeout 60s;", "lingering_time 60s;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/", "Connection: close"));
      assertThat(client.readResponse().body()).isEqualTo("hi");
      nobodyIsThere(proxy); // though the client has not closed
    }
  }

  // ---- ends

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost:",
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc",
      })
  void halfARequestBehindAGoodOneEndsTheConnection(String half) throws Exception {
    try (TestProxy proxy =
            TestProxy.start(answering("hi", "lingering_timeout 60s;", "lingering_time 60s;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/") + half).halfClose();
      assertThat(client.readResponse().body()).isEqualTo("hi");
      client.readUntilClose();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aClientThatHasSaidAllGetsItsAnswer() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/").repeat(200)).halfClose();
      for (int i = 0; i < 200; i++) {
        assertThat(client.readResponse().body()).isEqualTo("hi");
      }
      assertThat(client.readUntilClose()).isEmpty();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aFileReachesAClientThatTakesItSlowly() throws Exception {
    int size = 3_000_000;
    try (TestProxy proxy = TestProxy.start(server("root files;", "send_timeout 200ms;"))) {
      Files.createDirectories(proxy.directory().resolve("files"));
      Files.write(proxy.directory().resolve("files/large"), new byte[size]);
      try (RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
        client.send(get("/large"));
        CountDownLatch pause = new CountDownLatch(1);
        StringBuilder got = new StringBuilder();
        for (int i = 0; i < 20; i++) { // for longer than the time limit, but never silent so long
          got.append(client.readBytes(40_000));
          pause.await(30, TimeUnit.MILLISECONDS);
        }
        int head = got.indexOf("\r\n\r\n") + 4;
        got.append(client.readBytes(head + size - got.length()));
        assertThat(got.length()).isEqualTo(head + size);
        assertThat(client.get("h", "/large").body()).hasSize(size);
      }
    }
  }

  @Test
  void aHeadThatDoesNotComeIs408() throws Exception {
    try (TestProxy proxy = TestProxy.start("client_header_timeout 50ms; " + answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHos");
      RawResponse response = client.readResponse();
      assertThat(response.status()).isEqualTo(408);
      assertThat(response.closes()).isTrue();
      client.halfClose();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aHeadThatTricklesIs408() throws Exception {
    try (TestProxy proxy = TestProxy.start("client_header_timeout 100ms; " + answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      CountDownLatch over = new CountDownLatch(1);
      Thread sender =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  client.send("GET / HTTP/1.1\r\nX: ");
                  while (!over.await(10, TimeUnit.MILLISECONDS)) {
                    client.send("x");
                  }
                } catch (IOException | InterruptedException _) {
                  // closed, as it should be
                }
              });
      assertThat(client.readResponse().status()).isEqualTo(408);
      over.countDown();
      sender.join();
    }
  }

  @Test
  void whoNeverSaysAnythingIsLetGo() throws Exception {
    try (TestProxy proxy = TestProxy.start("client_header_timeout 50ms; " + answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.closedWithin(SOON)).isTrue();
      nobodyIsThere(proxy);
    }
  }

  @Test
  void aHeadByteByByteIsUnderstood() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"));
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.sendByteByByte(get("/", "X: y")).readResponse().body()).isEqualTo("hi");
      assertThat(client.sendByteByByte(get("/", "X: y")).readResponse().body()).isEqualTo("hi");
      assertThat(proxy.counters().requestsTotal()).isEqualTo(2);
    }
  }

  @Test
  void aClientThatLeavesInItsHeadIsForgotten() throws Exception {
    try (TestProxy proxy = TestProxy.start(answering("hi"))) {
      for (int i = 0; i < 10; i++) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.send("GET / HTTP/1.1\r\nHost:");
          if (i % 2 == 0) {
            client.reset();
          }
        }
      }
      Eventually.until(
          SOON, () -> proxy.counters().acceptedTotal() == 10, () -> "connections are missing");
      nobodyIsThere(proxy);
    }
  }

  @Test
  void anEndingNodeLetsARequestFinish() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((_, connection) -> {
              release.await(10, TimeUnit.SECONDS);
              connection.send(Answers.ok("at last"));
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/"));
      upstream.awaitRequests(1);
      assertThat(proxy.reload(Configurations.server("return 200 new;"))).isTrue();
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("new");
      release.countDown();

      assertThat(client.readResponse().body()).isEqualTo("at last");
      assertThat(client.get("h", "/").body()).isEqualTo("new");
    }
  }
}

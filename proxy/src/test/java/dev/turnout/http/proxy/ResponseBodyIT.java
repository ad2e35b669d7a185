package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.Framing;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies of responses on their way from an upstream to the client.
class ResponseBodyIT {
  private static final String GET = "GET /p HTTP/1.1\r\nHost: h\r\n\r\n";

  private static void nothingIsUnderWay(TestProxy proxy) throws Exception {
    Eventually.until(
        Duration.ofSeconds(10),
        () -> proxy.counters().writingNow() == 0,
        () -> "a request stays under way");
    var upstream = proxy.upstreams().find("u");
    assertThat(upstream).isNotNull();
    assertThat(upstream.current().peers()).allMatch(peer -> peer.active() == 0);
  }

  @Test
  void aBodyWithALengthKeepsIt() throws Exception {
    String body = "x".repeat(100_000);
    try (FakeUpstream upstream = FakeUpstream.answering(body);
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = client.get("h", "/");
        assertThat(response.framing()).isEqualTo(Framing.LENGTH);
        assertThat(response.body()).isEqualTo(body);
      }
    }
  }

  @Test
  void chunksStayChunksWithoutTheirTrailers() throws Exception {
    String answer =
        Answers.chunked(List.of("one", "two", "x".repeat(70_000)), List.of(new Field("X-T", "1")));
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = client.get("h", "/");
        assertThat(response.framing()).isEqualTo(Framing.CHUNKED);
        assertThat(response.body()).isEqualTo("onetwo" + "x".repeat(70_000));
        assertThat(response.trailers().list()).isEmpty();
      }
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void chunksThatComeByteByByteAreUnderstood() throws Exception {
    String answer = Answers.chunked(List.of("one", "two", "threethreethree"), List.of());
    try (FakeUpstream upstream =
            FakeUpstream.each((_, connection) -> connection.sendByteByByte(answer));
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 5; i++) {
        assertThat(client.get("h", "/").body()).isEqualTo("onetwothreethreethree");
      }
    }
  }

  @Test
  void anOldClientGetsChunksUntilTheConnectionEnds() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(Answers.chunked(List.of("one", "two"), List.of()));
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      RawResponse response = client.readResponse();

      assertThat(response.framing()).isEqualTo(Framing.CLOSE);
      assertThat(response.body()).isEqualTo("onetwo");
      assertThat(response.closes()).isTrue();
    }
  }

  @Test
  void aBodyThatEndsWithTheConnectionIsPassedOnInChunks() throws Exception {
    String body = "x".repeat(300_000);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\n\r\n" + body);
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 2; i++) {
        RawResponse response = client.get("h", "/");
        assertThat(response.framing()).isEqualTo(Framing.CHUNKED);
        assertThat(response.body()).isEqualTo(body);
      }
      nothingIsUnderWay(proxy);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\nContent-Length: 55\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      })
  void whatHasNoBodyGetsNone(String answer) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = client.get("h", "/");
        assertThat(response.raw()).startsWith(answer.substring(0, 12));
        assertThat(response.body()).isEmpty();
      }
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 55\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 404 Not Found\r\nContent-Length: 55\r\n\r\n",
      })
  void headHasNoBodyWhateverTheFieldsSay(String answer) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
        RawResponse response = client.readResponse("HEAD");
        assertThat(response.headers().get("Content-Length").isPresent())
            .isEqualTo(answer.contains("Content-Length"));
        assertThat(response.headers().has("Transfer-Encoding")).isFalse();
        assertThat(response.closes()).isFalse();
      }
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void aLargeBodyWaitsForASlowClient() throws Exception {
    int size = 64_000_000;
    String block = "0123456789abcdef".repeat(1024);
    AtomicLong given = new AtomicLong();
    CountDownLatch all = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
              for (int sent = 0; sent < size; sent += block.length()) {
                connection.send(block.substring(0, Math.min(block.length(), size - sent)));
                given.addAndGet(block.length());
              }
              all.countDown();
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 16_384)) {
      client.send(GET);
      upstream.awaitRequests(1);
      // What sockets and the proxy hold is a bounded part of it: the system's buffers grow to 32 MB
      // for what is received, and twice 4 MB for what is sent, if they are filled fast enough.
      assertThat(all.await(500, TimeUnit.MILLISECONDS)).isFalse();
      assertThat(given.get()).isLessThan(48_000_000L);

      RawResponse response = client.readResponse();

      assertThat(response.body()).hasSize(size);
      assertThat(response.body().substring(size - 16)).isEqualTo("0123456789abcdef");
      nothingIsUnderWay(proxy);
    }
  }

  @Test
  void aLargeBodyThatEndsWithTheConnectionLosesNothingOnTheWayToASlowClient() throws Exception {
    String body = "0123456789".repeat(800_000);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body);
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      RawResponse response = client.get("h", "/");

      assertThat(response.body().equals(body)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n5\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nxyz",
      })
  void aBodyThatBreaksOffIsSeenToBreakOff(String answer) throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(answer);
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      for (int i = 0; i < 2; i++) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.send(GET);
          assertThatThrownBy(client::readResponse)
              .isInstanceOf(EOFException.class)
              .hasMessageContaining("half");
        }
      }
      nothingIsUnderWay(proxy);
      assertThat(proxy.errorLog())
          .containsPattern(
              "upstream (prematurely closed connection|sent invalid chunked response .*) while"
                  + " reading upstream, client: 127.0.0.1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sub_filter x y; sub_filter_types *;", "limit_rate 100m;"})
  void whatCameOfABodyBeforeItBrokeOffReachesASlowClient(String filters) throws Exception {
    String half = "0123456789".repeat(400_000) + "so far";
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n" + half);
            });
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0 sndbuf=8k; "
                    + filters
                    + " location / { proxy_pass http://"
                    + upstream.address()
                    + "; } }");
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      client.send("GET / HTTP/1.0\r\nHost: h\r\n\r\n");

      assertThat(client.readUntilClose().endsWith("\r\n\r\n" + half)).isTrue();
    }
  }

  @Test
  void aBodyThatStallsIsCut() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
              over.await(10, TimeUnit.SECONDS);
            });
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "proxy_read_timeout 50ms;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(GET);
      assertThatThrownBy(client::readResponse).isInstanceOf(EOFException.class);
      over.countDown();
      assertThat(proxy.errorLog())
          .contains("upstream timed out (110: Connection timed out) while reading upstream");
      nothingIsUnderWay(proxy);
    }
  }

  @Test
  void aSlowClientIsNotTheUpstreamsFault() throws Exception {
    String body = "x".repeat(12_000_000);
    try (FakeUpstream upstream = FakeUpstream.answering(body);
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), "proxy_read_timeout 1s;"));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      client.send(GET);
      upstream.awaitRequests(1);
      new CountDownLatch(1).await(1200, TimeUnit.MILLISECONDS); // longer than the upstream may take

      assertThat(client.readResponse().body()).hasSize(body.length());
      nothingIsUnderWay(proxy);
    }
  }

  @Test
  void aClientThatTakesNothingIsCutOff() throws Exception {
    String body = "x".repeat(12_000_000);
    try (FakeUpstream upstream = FakeUpstream.answering(body);
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), "send_timeout 50ms;"));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      client.send(GET);
      nothingIsUnderWayAfter(proxy, 1);

      assertThat(proxy.errorLog()).contains("client timed out");
      assertThatThrownBy(client::readResponse).isInstanceOf(IOException.class);
    }
  }

  private static void nothingIsUnderWayAfter(TestProxy proxy, int requests) throws Exception {
    Eventually.until(
        Duration.ofSeconds(10),
        () -> proxy.counters().requestsTotal() >= requests,
        () -> "the request does not come");
    nothingIsUnderWay(proxy);
  }

  @Test
  void aClientThatTakesLittleByLittleIsNotCutOff() throws Exception {
    int size = 3_000_000;
    try (FakeUpstream upstream = FakeUpstream.answering("x".repeat(size));
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), "send_timeout 200ms;"));
        RawClient client = RawClient.connectWithBuffer(proxy.port(), 8_192)) {
      client.send(GET);
      CountDownLatch pause = new CountDownLatch(1);
      StringBuilder got = new StringBuilder();
      for (int i = 0; i < 20; i++) { // for longer than the time limit, but never silent so long
        got.append(client.readBytes(40_000));
        pause.await(30, TimeUnit.MILLISECONDS);
      }
      int head = got.indexOf("\r\n\r\n") + 4;
      got.append(client.readBytes(head + size - got.length()));

      assertThat(got.length()).isEqualTo(head + size);
      nothingIsUnderWay(proxy);
    }
  }

  @Test
  void whenTheClientLeavesTheUpstreamIsLeft() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.awaitClose();
              left.countDown();
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send(GET);
        upstream.awaitRequests(1);
      }

      assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
      nothingIsUnderWay(proxy);
      assertThat(proxy.errorLog())
          .contains(
              "client prematurely closed connection, so upstream connection is closed too, client:"
                  + " 127.0.0.1");
    }
  }

  @Test
  void whenTheClientLeavesInTheMiddleTheUpstreamIsLeft() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
              connection.awaitClose();
              left.countDown();
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send(GET);
        while (!client.readBytes(1).equals("f")) {
          // until the first half of the body is here
        }
        client.reset();
      }
      assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
      nothingIsUnderWay(proxy);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theRequestCanOutliveItsClient(boolean resets) throws Exception {
    CountDownLatch clientLeft = new CountDownLatch(1);
    CountDownLatch answered = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((_, connection) -> {
              clientLeft.await(10, TimeUnit.SECONDS);
              connection.send(Answers.ok("late"));
              answered.countDown();
            });
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "proxy_ignore_client_abort on;"))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send(GET);
        upstream.awaitRequests(1);
        if (resets) {
          client.reset();
          Eventually.until(
              Duration.ofSeconds(10),
              () -> proxy.counters().activeNow() == 0,
              () -> "the client stays");
        }
      }
      assertThat(proxy.counters().writingNow()).isEqualTo(1);
      clientLeft.countDown();
      assertThat(answered.await(10, TimeUnit.SECONDS)).isTrue();
      nothingIsUnderWay(proxy);

      // the connection is as good as any
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("late");
      assertThat(upstream.connectionCount()).isEqualTo(1);
      assertThat(proxy.errorLog()).doesNotContain("so upstream connection is closed too");
    }
  }

  @Test
  void whatOutlivedItsClientMayFailToo() throws Exception {
    CountDownLatch clientLeft = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              clientLeft.await(10, TimeUnit.SECONDS);
            });
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(),
                    "proxy_ignore_client_abort on;",
                    "proxy_next_upstream off;"))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send(GET);
        upstream.awaitRequests(1);
        client.reset();
      }
      clientLeft.countDown();
      nothingIsUnderWay(proxy);
    }
  }

  @Test
  void aFieldThatIsNamedStatusIsAnOrdinaryOne() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nStatus: 404\r\nContent-Length: 0\r\n\r\n";
    try (FakeUpstream upstream = FakeUpstream.each((_, connection) -> connection.send(answer));
        TestProxy proxy = TestProxy.start(Configurations.proxying(upstream.address()))) {
      assertThat(RawClient.get(proxy.port(), "h", "/").headers().get("Status")).contains("404");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Content-Type: a/b,Content-Type: c/d| previous value: \"Content-Type: a/b\", ignored while"
            + " reading response header from upstream, client: ",
        "X-Accel-Redirect: /a/../b| \"/a/../b\" was detected while reading response header from"
            + " upstream, client: ",
        "X: y| more data than specified in \"Content-Length\" header while reading upstream, client: ",
      })
  void theLogTellsWhatWasBeingRead(String fields, String text) throws Exception {
    String answer =
        "HTTP/1.1 200 OK\r\n" + fields.replace(",", "\r\n") + "\r\nContent-Length: 1\r\n\r\nabc";
    try (FakeUpstream upstream = FakeUpstream.each((_, connection) -> connection.send(answer));
        TestProxy proxy = TestProxy.start(Configurations.proxying(upstream.address()))) {
      RawClient.get(proxy.port(), "h", "/");

      assertThat(proxy.errorLog()).contains(text.strip());
    }
  }
}

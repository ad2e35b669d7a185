package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.Framing;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// What every reverse proxy does, through the running program.
class BasicsIT {
  private static final int LARGE = 20 << 20;
  private static final long MOST_GROWTH_KIB = 96 * 1024;

  @Test
  void aHeadHasTheLengthButNotTheBody() throws Exception {
    try (var upstream = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      RawResponse head =
          client.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse("HEAD");

      assertThat(head.status()).isEqualTo(200);
      assertThat(head.headers().get("Content-Length")).hasValue("5");
      assertThat(client.get("a.test", "/").body()).isEqualTo("hello");
      assertThat(upstream.requests())
          .extracting(RecordedRequest::method)
          .containsExactly("HEAD", "GET");
    }
  }

  @Test
  void responsesWithoutABodyLeaveTheConnectionUsable() throws Exception {
    String noContent = "HTTP/1.1 204 No Content\r\n\r\n";
    String notModified = "HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n\r\n";
    try (var upstream = FakeUpstream.raw(noContent, notModified, Answers.ok("hello"));
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      RawResponse first = client.get("a.test", "/");
      assertThat(first.status()).isEqualTo(204);
      assertThat(first.headers().has("Content-Length")).isFalse();
      assertThat(first.headers().has("Transfer-Encoding")).isFalse();
      RawResponse second = client.get("a.test", "/");
      assertThat(second.status()).isEqualTo(304);
      assertThat(second.headers().get("ETag")).hasValue("\"x\"");
      assertThat(client.get("a.test", "/").body()).isEqualTo("hello");
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void pipelinedRequestsAreAnsweredInTheirOrder() throws Exception {
    try (var upstream =
            FakeUpstream.each(
                (request, connection) -> connection.send(Answers.ok(request.target())));
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      StringBuilder requests = new StringBuilder();
      for (int i = 0; i < 50; i++) {
        requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a.test\r\n\r\n");
      }
      client.send(requests.toString());

      for (int i = 0; i < 50; i++) {
        assertThat(client.readResponse().body()).isEqualTo("/" + i);
      }
    }
  }

  @Test
  void anHttp10ClientGetsItsAnswerAndTheEnd() throws Exception {
    try (var upstream = FakeUpstream.raw(Answers.chunked(List.of("hel", "lo"), List.of()));
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      RawResponse response = client.send("GET / HTTP/1.0\r\n\r\n").readResponse();

      assertThat(response.framing()).isEqualTo(Framing.CLOSE);
      assertThat(response.body()).isEqualTo("hello");
    }
  }

  @Test
  void whoExpectsContinueGetsItBeforeTheBody() throws Exception {
    try (var upstream = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      client.send(
          "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(100);
      client.send("body");

      assertThat(client.readResponse().body()).isEqualTo("hello");
      RecordedRequest request = upstream.requests().getFirst();
      assertThat(request.body()).isEqualTo("body");
      assertThat(request.headers().has("Expect")).isFalse();
    }
  }

  @Test
  void chunkedBodiesPassBothWays() throws Exception {
    try (var upstream =
            FakeUpstream.raw(
                Answers.chunked(List.of("hel", "lo"), List.of(new Field("X-Sum", "1"))));
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      client.sendByteByByte(
          "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
              + Answers.chunk("hel")
              + Answers.chunk("lo!")
              + "0\r\n\r\n");

      assertThat(client.readResponse().body()).isEqualTo("hello");
      assertThat(upstream.requests().getFirst().body()).isEqualTo("hello!");
    }
  }

  @Test
  void aLargeBodyPassesUp() throws Exception {
    String body = largeBody();
    try (var upstream =
            FakeUpstream.each((request, connection) ->
                connection.send(Answers.ok(request.body().equals(body) ? "same" : "other")));
        var turnout = Turnout.start(site(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      assertThat(client.get("a.test", "/").body()).isEqualTo("other");
      long before = turnout.residentKib();

      client.send(
          "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + LARGE + "\r\n\r\n" + body);

      assertThat(client.readResponse().body()).isEqualTo("same");
      assertGrowthIsBounded("large body up", turnout, before);
    }
  }

  @Test
  void aLargeBodyWaitsForAReaderThatIsSlow() throws Exception {
    String body = largeBody();
    try (var upstream = FakeUpstream.answering(body);
        var turnout = Turnout.start(site(upstream.address()));
        var slow = RawClient.connectWithBuffer(turnout.port(), 4096)) {
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo(body);
      long before = turnout.residentKib();

      slow.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
      upstream.awaitRequests(2);
      assertThat(RawClient.get(turnout.port(), "a.test", "/").body())
          .as("beside one that does not read")
          .isEqualTo(body);
      assertGrowthIsBounded("large body down to a slow reader", turnout, before);

      assertThat(slow.readResponse().body()).isEqualTo(body);
    }
  }

  @Test
  void aClientThatLeavesTakesItsUpstreamRequestWithIt() throws Exception {
    var left = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.each((_, connection) -> {
              connection.awaitClose();
              left.countDown();
            });
        var turnout = Turnout.start(site(upstream.address()))) {
      try (var client = RawClient.connect(turnout.port())) {
        client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        upstream.awaitRequests(1);
      }

      assertThat(left.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aRefusedConnectionMovesOn() throws Exception {
    try (var closed = new ClosedPort();
        var alive = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(closed.address(), alive.address()))) {
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("hello");
      }
      assertThat(turnout.errorLog()).contains("connect() failed (111: Connection refused)");
    }
  }

  @Test
  void anUpstreamThatClosesBeforeItsHeadIsFollowedByTheNext() throws Exception {
    try (var broken =
            FakeUpstream.each((_, connection) -> connection.send("HTTP/1.1 200").close());
        var alive = FakeUpstream.answering("hello");
        var turnout = Turnout.start(site(broken.address(), alive.address()))) {
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("hello");
      }
    }
  }

  @Test
  void anIdleUpstreamConnectionThatWasClosedCostsNothing() throws Exception {
    try (var upstream =
            FakeUpstream.each((_, connection) -> connection.send(Answers.ok("hello")).close());
        var turnout = Turnout.start(site(upstream.address()))) {
      for (int i = 0; i < 20; i++) {
        assertThat(RawClient.get(turnout.port(), "a.test", "/").body()).isEqualTo("hello");
      }
      assertThat(upstream.requestCount()).isEqualTo(20);
    }
  }

  @Test
  void anUpgradedConnectionIsATunnel() throws Exception {
    try (var upstream = FakeUpstream.echoingAfterUpgrade();
        var turnout = Turnout.start(upgradingSite(upstream.address()));
        var client = RawClient.connect(turnout.port())) {
      client.send(
          "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
      RawResponse agreed = client.readResponse();
      assertThat(agreed.status()).isEqualTo(101);
      assertThat(agreed.headers().get("Upgrade")).hasValue("websocket");

      client.send("ping\u0000\u00ff");
      assertThat(client.readBytes(6)).isEqualTo("ping\u0000\u00ff");
      client.halfClose();
      assertThat(client.readUntilClose()).isEmpty();
    }
  }

  private static void assertGrowthIsBounded(String what, Turnout turnout, long before)
      throws Exception {
    long growth = turnout.residentKib() - before;
    Campaign.report(what, "resident %d KiB before, %+d KiB".formatted(before, growth));
    assertThat(growth).isLessThan(MOST_GROWTH_KIB);
  }

  private static String largeBody() {
    return "0123456789abcdef".repeat(LARGE / 16);
  }

  private static String site(String... addresses) {
    return siteSending("\"\"", addresses);
  }

  private static String upgradingSite(String address) {
    return siteSending("upgrade; proxy_set_header Upgrade $http_upgrade", address);
  }

  /// With this value of Connection for the upstream.
  private static String siteSending(String connection, String... addresses) {
    return """
      client_max_body_size 32m;
      upstream app { server %s; keepalive 8; }
      server {
        listen 127.0.0.1:@PORT@;
        location / {
          proxy_http_version 1.1;
          proxy_set_header Connection %s;
          proxy_pass http://app;
        }
      }
    """
        .formatted(String.join("; server ", addresses), connection);
  }
}

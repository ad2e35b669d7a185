package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static dev.turnout.http.proxy.Configurations.servers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.ServedConnection;
import dev.turnout.upstream.Upstream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What goes wrong on the way to an upstream, what the client then gets, and what the log says.
class UpstreamFailureIT {
  private static final String GET = "GET /p HTTP/1.1\r\nHost: h\r\n\r\n";
  private static final String POST = "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";

  private static final FakeUpstream.Script RESETTING =
      connection -> {
        connection.read();
        connection.reset();
      };

  private static final FakeUpstream.Script RESETTING_AT_HEAD =
      connection -> {
        connection.readBytes("POST /p HTTP".length());
        connection.reset();
      };

  private static final FakeUpstream.Script SILENT = ServedConnection::awaitClose;

  private static int failures(TestProxy proxy, int server) {
    Upstream upstream = proxy.upstreams().find("u");
    assertThat(upstream).isNotNull();
    return (int) upstream.current().peers().get(server).stats().fails();
  }

  /// A node that proxies to two servers.
  private static TestProxy ofTwo(String first, String second, String... options) throws Exception {
    return TestProxy.start(servers("server " + first + "; server " + second + ";", options));
  }

  /// A node that proxies to one server, and asks another when that fails.
  private static TestProxy withFallback(String first, String fallback, String inLocation)
      throws Exception {
    return TestProxy.start(
        "upstream f { server %s; } upstream u { server %s; }".formatted(fallback, first)
            + " server { listen 127.0.0.1:0; location @f { proxy_pass http://f; }"
            + " location / { proxy_pass http://u; error_page 502 = @f; %s } }"
                .formatted(inLocation));
  }

  private static void nobodyIsActive(TestProxy proxy) {
    Upstream upstream = proxy.upstreams().find("u");
    assertThat(upstream).isNotNull();
    assertThat(upstream.current().peers()).allMatch(peer -> peer.active() == 0);
  }

  @Test
  void aRefusedConnectionMovesOn() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(closed.address(), good.address())) {
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(proxy.port(), "h", "/p").body()).isEqualTo("good");
      }

      assertThat(proxy.errorLog())
          .containsOnlyOnce(
              "connect() failed (111: Connection refused) while connecting to upstream,"
                  + " client: 127.0.0.1, server: , request: \"GET /p HTTP/1.1\","
                  + " upstream: \"http://"
                  + closed.address()
                  + "/p\", host: \"h\"")
          .contains("upstream server temporarily disabled while connecting to upstream");
      assertThat(failures(proxy, 0)).isEqualTo(1);
      nobodyIsActive(proxy);
    }
  }

  @Test
  void evenAPostMovesOnFromARefusedConnection() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(closed.address(), good.address())) {
      assertThat(RawClient.ask(proxy.port(), POST).body()).isEqualTo("good");
      assertThat(good.requests().getFirst().body()).isEqualTo("abc");
    }
  }

  @Test
  void withoutAnyServerLeftTheAnswerIs502() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        ClosedPort other = new ClosedPort();
        TestProxy proxy = ofTwo(closed.address(), other.address())) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
      assertThat(proxy.errorLog()).doesNotContain("no live upstreams");

      RawResponse second = RawClient.ask(proxy.port(), GET);

      assertThat(second.status()).isEqualTo(502);
      assertThat(second.body()).contains("<h1>502 Bad Gateway</h1>");
      assertThat(proxy.errorLog())
          .containsOnlyOnce(
              "no live upstreams while connecting to upstream, client: 127.0.0.1, server: ,"
                  + " request: \"GET /p HTTP/1.1\", upstream: \"http://u/p\", host: \"h\"");
      nobodyIsActive(proxy);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                           | upstream prematurely closed connection",
        "HTTP/1.1 200                 | upstream prematurely closed connection",
        "HTTP/1.1 200 OK~X: y~        | upstream prematurely closed connection",
      })
  void anAnswerThatBreaksOffInItsHeadMovesOn(String bytes, String message) throws Exception {
    String answer = bytes.replace("~", "\r\n");
    try (FakeUpstream bad =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(answer);
            });
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(bad.address(), good.address())) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
      assertThat(proxy.errorLog())
          .contains(message + " while reading response header from upstream, client:");
      assertThat(failures(proxy, 0)).isEqualTo(1);
    }
  }

  @Test
  void aResetBeforeTheAnswerMovesOn() throws Exception {
    try (FakeUpstream bad = FakeUpstream.scripted(RESETTING);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(bad.address(), good.address())) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
      assertThat(proxy.errorLog())
          .contains(
              "recv() failed (104: Connection reset by peer) while reading response header from"
                  + " upstream");
    }
  }

  @Test
  void aPostThatWasSentIsNotRepeated() throws Exception {
    try (FakeUpstream bad = FakeUpstream.scripted(RESETTING);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(bad.address(), good.address())) {
      assertThat(RawClient.ask(proxy.port(), POST).status()).isEqualTo(502);
      assertThat(good.requestCount()).isZero();
      nobodyIsActive(proxy);
    }
  }

  @Test
  void aPostThatWasSentIsRepeatedWhereThatIsAllowed() throws Exception {
    try (FakeUpstream bad = FakeUpstream.scripted(RESETTING);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            ofTwo(bad.address(), good.address(), "proxy_next_upstream error non_idempotent;")) {
      assertThat(RawClient.ask(proxy.port(), POST).body()).isEqualTo("good");
      assertThat(good.requests().getFirst().body()).isEqualTo("abc");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-OpenSSH\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
      })
  void garbageIs502AndMovesOnOnlyWhereAskedTo(String answer) throws Exception {
    try (FakeUpstream bad = FakeUpstream.raw(answer);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            TestProxy.start(
                servers("server " + bad.address() + "; server " + good.address() + " backup;"))) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
      assertThat(proxy.errorLog()).contains("upstream sent ");
      assertThat(failures(proxy, 0)).isEqualTo(1);

      String again =
          servers(
              "server " + bad.address() + " max_fails=0; server " + good.address() + " backup;",
              "proxy_next_upstream invalid_header;");
      assertThat(proxy.reload(again)).isTrue();

      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
    }
  }

  @Test
  void aHeadThatIsTooBigIs502() throws Exception {
    String answer = "HTTP/1.1 200 OK\r\nX: " + "x".repeat(5000) + "\r\n\r\n";
    try (FakeUpstream bad = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(proxying(bad.address()))) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
      assertThat(proxy.errorLog())
          .contains(
              "upstream sent too big header while reading response header from upstream, client:");
    }
  }

  @Test
  void interimAnswersAreSkippedUntilThereAreTooMany() throws Exception {
    String early = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n";
    try (FakeUpstream upstream =
            FakeUpstream.raw(early.repeat(3) + Answers.ok("hi"), early.repeat(100));
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      RawResponse first = RawClient.ask(proxy.port(), GET);
      assertThat(first.status()).isEqualTo(200);
      assertThat(first.body()).isEqualTo("hi");

      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
    }
  }

  @Test
  void aSilentServerIs504() throws Exception {
    try (FakeUpstream silent = FakeUpstream.scripted(SILENT);
        TestProxy proxy = TestProxy.start(proxying(silent.address(), "proxy_read_timeout 50ms;"))) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(504);
      assertThat(proxy.errorLog())
          .contains(
              "upstream timed out (110: Connection timed out) while reading response header from"
                  + " upstream, client: 127.0.0.1");
      nobodyIsActive(proxy);
    }
  }

  @Test
  void aTimeoutMovesOn() throws Exception {
    try (FakeUpstream silent = FakeUpstream.scripted(SILENT);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(silent.address(), good.address(), "proxy_read_timeout 50ms;")) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
      assertThat(failures(proxy, 0)).isEqualTo(1);
    }
  }

  @Test
  void aServerThatTakesNothingIs504() throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (FakeUpstream stuck = FakeUpstream.scripted(_ -> over.await(10, TimeUnit.SECONDS));
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    stuck.address(),
                    "proxy_send_timeout 100ms;",
                    "client_max_body_size 0;",
                    "client_body_buffer_size 16m;"))) {
      String big = "x".repeat(12_000_000);
      RawResponse response =
          RawClient.ask(
              proxy.port(),
              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + big.length() + "\r\n\r\n" + big);

      assertThat(response.status()).isEqualTo(504);
      assertThat(proxy.errorLog())
          .contains("upstream timed out (110: Connection timed out) while sending request");
      over.countDown();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"client_body_buffer_size 16m;", "client_body_buffer_size 16k;"})
  void aServerThatTakesLittleByLittleIsNotTimedOut(String kept) throws Exception {
    String big = "x".repeat(14_000_000);
    try (FakeUpstream slow =
            FakeUpstream.scripted(connection -> {
              CountDownLatch pause = new CountDownLatch(1);
              String head =
                  "POST / HTTP/1.1\r\nHost: u\r\nContent-Length: " + big.length() + "\r\n\r\n";
              connection.readBytes(head.length());
              for (int i = 0; i < 28; i++) { // for longer than the limit, in all
                pause.await(40, TimeUnit.MILLISECONDS);
                connection.readBytes(big.length() / 28);
              }
              connection.send(Answers.ok("done"));
            });
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    slow.address(), "proxy_send_timeout 1s;", "client_max_body_size 0;", kept))) {
      RawResponse response =
          RawClient.ask(
              proxy.port(),
              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + big.length() + "\r\n\r\n" + big);

      assertThat(response.body()).isEqualTo("done");
    }
  }

  @Test
  void statusesThatAreListedMoveOn() throws Exception {
    try (FakeUpstream bad = FakeUpstream.answering(503, List.of(), "no");
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(bad.address(), good.address(), "proxy_next_upstream http_503;")) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
      assertThat(failures(proxy, 0)).isEqualTo(1);
      assertThat(RawClient.ask(proxy.port(), POST).status()).isIn(200, 503);
    }
  }

  @Test
  void theLastAnswerIsPassedOnThoughItsStatusIsListed() throws Exception {
    try (FakeUpstream one = FakeUpstream.answering(503, List.of(), "one");
        FakeUpstream two = FakeUpstream.answering(503, List.of(), "two");
        TestProxy proxy = ofTwo(one.address(), two.address(), "proxy_next_upstream http_503;")) {
      RawResponse response = RawClient.ask(proxy.port(), GET);

      assertThat(response.status()).isEqualTo(503);
      assertThat(response.body()).isEqualTo("two");
      nobodyIsActive(proxy);
    }
  }

  @Test
  void missingThingsMoveOnWithoutBlame() throws Exception {
    try (FakeUpstream one = FakeUpstream.answering(404, List.of(), "one");
        FakeUpstream two = FakeUpstream.named("two");
        TestProxy proxy = ofTwo(one.address(), two.address(), "proxy_next_upstream http_404;")) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("two");
      assertThat(failures(proxy, 0)).isZero();
    }
  }

  @Test
  void offMeansTheFirstFailureIsTheAnswer() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy = ofTwo(closed.address(), good.address(), "proxy_next_upstream off;")) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("good");
    }
  }

  @Test
  void theTriesAreLimited() throws Exception {
    try (ClosedPort one = new ClosedPort();
        ClosedPort two = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + one.address()
                        + "; server "
                        + two.address()
                        + "; server "
                        + good.address()
                        + ";",
                    "proxy_next_upstream_tries 2;"))) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(502);
      assertThat(good.requestCount()).isZero();
    }
  }

  @Test
  void theTimeForTriesIsLimited() throws Exception {
    try (FakeUpstream silent = FakeUpstream.scripted(SILENT);
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            ofTwo(
                silent.address(),
                good.address(),
                "proxy_read_timeout 60ms;",
                "proxy_next_upstream_timeout 20ms;")) {
      assertThat(RawClient.ask(proxy.port(), GET).status()).isEqualTo(504);
      assertThat(good.requestCount()).isZero();
    }
  }

  @Test
  void backupsServeWhenNobodyElseDoes() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream backup = FakeUpstream.named("backup");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server " + closed.address() + "; server " + backup.address() + " backup;"))) {
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("backup");
      assertThat(RawClient.ask(proxy.port(), GET).body()).isEqualTo("backup");
    }
  }

  @Test
  void aRetryAfterAChangeOfTheListGoesOnWithTheNewList() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    try (FakeUpstream hanging =
            FakeUpstream.scripted(connection -> {
              connection.read();
              release.await();
            });
        ClosedPort closed = new ClosedPort();
        FakeUpstream fresh = FakeUpstream.named("fresh");
        TestProxy proxy = TestProxy.start(servers("server " + hanging.address() + ";"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(GET);
      hanging.awaitRequests(1);
      assertThat(
              proxy.reload(
                  servers("server " + closed.address() + "; server " + fresh.address() + ";")))
          .isTrue();

      release.countDown();

      assertThat(client.readResponse().body()).isEqualTo("fresh");
      nobodyIsActive(proxy);
    }
  }

  @Test
  void anErrorPageStandsInForAFailure() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream fallback = FakeUpstream.named("fallback");
        TestProxy proxy = withFallback(closed.address(), fallback.address(), "")) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = RawClient.ask(proxy.port(), POST);
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("fallback");
        assertThat(fallback.requests().get(i).body()).isEqualTo("abc");
        assertThat(fallback.requests().get(i).method()).isEqualTo("POST");
      }
    }
  }

  @Test
  void aStreamedBodyIsNotSentTwiceInPart() throws Exception {
    try (FakeUpstream bad = FakeUpstream.scripted(RESETTING_AT_HEAD);
        FakeUpstream fallback = FakeUpstream.named("fallback");
        TestProxy proxy =
            withFallback(bad.address(), fallback.address(), "proxy_request_buffering off;")) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 6\r\n\r\nabc");
        assertThat(client.readResponse().status()).isEqualTo(502);
      }
      assertThat(fallback.requestCount()).isZero();
    }
  }

  @Test
  void aBodyThatCameWithItsHeadCanBeSentAgainThoughItIsStreamed() throws Exception {
    try (FakeUpstream bad = FakeUpstream.scripted(RESETTING);
        FakeUpstream fallback = FakeUpstream.named("fallback");
        TestProxy proxy =
            withFallback(bad.address(), fallback.address(), "proxy_request_buffering off;")) {
      assertThat(RawClient.ask(proxy.port(), POST).status()).isEqualTo(200);
      assertThat(fallback.requests().getFirst().body()).isEqualTo("abc");
    }
  }

  @Test
  void interceptedAnswersAreReplaced() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering(404, List.of(), "theirs");
        FakeUpstream fallback = FakeUpstream.named("ours");
        TestProxy proxy =
            TestProxy.start(
                "upstream u { server "
                    + upstream.address()
                    + "; } upstream f { server "
                    + fallback.address()
                    + "; } server { listen 127.0.0.1:0; location / { proxy_pass http://u;"
                    + " proxy_intercept_errors on; error_page 404 /ours; }"
                    + " location /ours { proxy_pass http://f; } }")) {
      for (int i = 0; i < 3; i++) {
        RawResponse response = RawClient.ask(proxy.port(), GET);
        assertThat(response.status()).isEqualTo(404);
        assertThat(response.body()).isEqualTo("ours");
      }
      nobodyIsActive(proxy);
    }
  }

  @Test
  void anInternalRedirectOfTheUpstreamIsFollowed() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /inside/a%20b?c=d\r\nSet-Cookie: k=v\r\n"
                    + "Content-Type: text/theirs\r\nX-Theirs: 1\r\nContent-Length: 4\r\n\r\nsent");
        FakeUpstream inside = FakeUpstream.named("inside");
        TestProxy proxy =
            TestProxy.start(
                "upstream u { server "
                    + upstream.address()
                    + "; } upstream f { server "
                    + inside.address()
                    + "; } server { listen 127.0.0.1:0; location / { proxy_pass http://u; }"
                    + " location /inside { internal; proxy_pass http://f; } }")) {
      RawResponse response = RawClient.ask(proxy.port(), POST);

      assertThat(response.status()).isEqualTo(200);
      assertThat(response.body()).isEqualTo("inside");
      assertThat(response.headers().all("Set-Cookie")).containsExactly("k=v");
      assertThat(response.headers().has("X-Theirs")).isFalse();
      assertThat(inside.requests().getFirst().target()).isEqualTo("/inside/a%20b?c=d");
      assertThat(inside.requests().getFirst().method()).isEqualTo("GET");
    }
  }
}

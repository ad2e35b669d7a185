package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Framing;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Bodies of requests: kept, written to a file, or passed on as they come.
class RequestBodyIT {
  private static final String CHUNKED_HEAD =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

  private static String head(long length) {
    return "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n";
  }

  private static String text(int length) {
    StringBuilder text = new StringBuilder(length + 10);
    for (int i = 0; text.length() < length; i++) {
      text.append(i).append(' ');
    }
    return text.substring(0, length);
  }

  private static List<Path> temporaryFiles(TestProxy proxy) throws IOException {
    Path directory = proxy.directory().resolve("client_body_temp");
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  private static void noTemporaryFileStays(TestProxy proxy) throws Exception {
    Eventually.until(
        Duration.ofSeconds(10),
        () -> temporaryFiles(proxy).isEmpty(),
        () -> "temporary files stay");
  }

  @Test
  void aStreamedBodyThatIsAtHandCanBeReadAgain() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(
                proxying(upstream.address(), STREAMED, "add_header X-Body $request_body;"));
        RawClient client = RawClient.connect(proxy.port())) {
      RawResponse counted = client.send(head(10) + "0123456789").readResponse();
      RawResponse chunked =
          client.send(CHUNKED_HEAD + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n").readResponse();

      assertThat(counted.headers().all("X-Body")).containsExactly("0123456789");
      assertThat(chunked.headers().all("X-Body")).containsExactly("0123456789");
      assertThat(upstream.requests()).allMatch(seen -> seen.body().equals("0123456789"));
    }
  }

  @Test
  void chunksThatComeTogetherGoOnInOne() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(
                proxying(upstream.address())
                    .replace("proxy_pass", "proxy_request_buffering off; proxy_pass"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(CHUNKED_HEAD + "3\r\nabc\r\n3\r\ndef\r\n");
      Eventually.until(
          Duration.ofSeconds(10), () -> upstream.connectionCount() == 1, () -> "nothing goes on");
      client.send("2\r\ngh\r\n2\r\nij\r\n0\r\n\r\n");

      assertThat(client.readResponse().status()).isEqualTo(200);
      assertThat(upstream.requests().getFirst().body()).isEqualTo("abcdefghij");
      // in one chunk, or in one with those before them, which may still have waited
      assertThat(upstream.requests().getFirst().raw()).endsWith("ghij\r\n0\r\n\r\n");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 100, 16_384, 16_385, 70_000, 900_000})
  void aBodyArrivesWholeInOneLength(int size) throws Exception {
    String body = text(size);
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.send(head(size) + body).readResponse().status()).isEqualTo(200);
        RecordedRequest seen = upstream.requests().get(i);
        assertThat(seen.body()).isEqualTo(body);
        assertThat(seen.headers().all("Content-Length")).containsExactly("" + size);
        assertThat(seen.connection()).isZero();
      }
      noTemporaryFileStays(proxy);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 5_000, 60_000, 500_000})
  void chunksArriveWithALength(int size) throws Exception {
    String body = text(size);
    StringBuilder chunks = new StringBuilder(CHUNKED_HEAD);
    for (int at = 0; at < size; at += 777) {
      chunks.append(Answers.chunk(body.substring(at, Math.min(size, at + 777))));
    }
    chunks.append("0\r\nX-Trailer: 1\r\n\r\n");
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 2; i++) {
        assertThat(client.send(chunks.toString()).readResponse().status()).isEqualTo(200);
        RecordedRequest seen = upstream.requests().get(i);
        assertThat(seen.body()).isEqualTo(body);
        assertThat(seen.framing()).isEqualTo(Framing.LENGTH);
        assertThat(seen.headers().has("Transfer-Encoding")).isFalse();
        assertThat(seen.headers().has("X-Trailer")).isFalse();
      }
    }
  }

  @Test
  void aBodyThatComesByteByByteIsPutTogether() throws Exception {
    String body = text(3_000);
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.sendByteByByte(head(3_000) + body).readResponse().status()).isEqualTo(200);
      assertThat(upstream.requests().getFirst().body()).isEqualTo(body);
    }
  }

  @Test
  void anEmptyBodyInChunksIsALengthOfZero() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      assertThat(RawClient.ask(proxy.port(), CHUNKED_HEAD + "0\r\n\r\n").status()).isEqualTo(200);
      assertThat(upstream.requests().getFirst().body()).isEmpty();
      assertThat(upstream.requests().getFirst().headers().has("Transfer-Encoding")).isFalse();
    }
  }

  @Test
  void aBodyCanBeKeptInAFileOnly() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "client_body_in_file_only on;"))) {
      assertThat(RawClient.ask(proxy.port(), head(5) + "hello").status()).isEqualTo(200);

      assertThat(upstream.requests().getFirst().body()).isEqualTo("hello");
      List<Path> files = temporaryFiles(proxy);
      assertThat(files).hasSize(1);
      assertThat(files.getFirst()).hasContent("hello");
    }
  }

  @Test
  void theFileIsRemovedWhereItWasAskedToBeClean() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "client_body_in_file_only clean;"))) {
      assertThat(RawClient.ask(proxy.port(), head(5) + "hello").status()).isEqualTo(200);
      noTemporaryFileStays(proxy);
    }
  }

  @Test
  void aFileThatCannotBeWrittenIs500() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "client_body_temp_path /dev/null;"))) {
      assertThat(RawClient.ask(proxy.port(), head(40_000) + text(40_000)).status()).isEqualTo(500);
      assertThat(upstream.requestCount()).isZero();
    }
  }

  @Test
  void aClientThatLeavesWhileItsBodyIsReadCostsNothing() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send(head(100_000) + text(50_000));
      }
      Eventually.until(
          Duration.ofSeconds(10),
          () -> proxy.counters().activeNow() == 0 && proxy.counters().writingNow() == 0,
          () -> "the connection stays");
      noTemporaryFileStays(proxy);
      assertThat(upstream.connectionCount()).isZero();
    }
  }

  @Test
  void aBodyInAFileIsSentAgainToTheNextServer() throws Exception {
    String body = text(100_000);
    try (FakeUpstream bad =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.reset();
            });
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            TestProxy.start(
                Configurations.servers(
                    "server " + bad.address() + "; server " + good.address() + ";"))) {
      RawResponse response =
          RawClient.ask(
              proxy.port(), "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + body);

      assertThat(response.body()).isEqualTo("good");
      assertThat(good.requests().getFirst().body()).isEqualTo(body);
      assertThat(bad.requests().getFirst().body()).isEqualTo(body);
      noTemporaryFileStays(proxy);
    }
  }

  // ---- as it comes

  private static final String STREAMED = "proxy_request_buffering off;";

  @Test
  void aStreamedBodyGoesOnAsItComes() throws Exception {
    CountDownLatch half = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.readBytes(
                  ("POST / HTTP/1.1\r\nHost: u\r\nContent-Length: 10\r\n\r\n" + "hello").length());
              half.countDown();
              assertThat(connection.readBytes(5)).isEqualTo("world");
              connection.send(Answers.ok("done"));
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), STREAMED));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(10) + "hello");
      assertThat(half.await(10, TimeUnit.SECONDS)).isTrue();

      assertThat(client.send("world").readResponse().body()).isEqualTo("done");
    }
  }

  @Test
  void aClientMayTakeLongerThanTheUpstreamMay() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.readBytes(
                  ("POST / HTTP/1.1\r\nHost: u\r\nContent-Length: 10\r\n\r\n" + "hello").length());
              begun.countDown();
              connection.readBytes(5);
              connection.send(Answers.ok("done"));
            });
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(),
                    STREAMED,
                    "proxy_read_timeout 20ms;",
                    "proxy_send_timeout 20ms;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(10) + "hello");
      begun.await();
      assertThat(client.closedWithin(Duration.ofMillis(100))).isFalse();

      assertThat(client.send("world").readResponse().status()).isEqualTo(200);
    }
  }

  @Test
  void streamedChunksStayChunks() throws Exception {
    String body = text(300_000);
    StringBuilder chunks = new StringBuilder(CHUNKED_HEAD);
    for (int at = 0; at < body.length(); at += 10_000) {
      chunks.append(Answers.chunk(body.substring(at, at + 10_000)));
    }
    chunks.append("0\r\n\r\n");
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), STREAMED));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.send(chunks.toString()).readResponse().status()).isEqualTo(200);
        assertThat(upstream.requests().get(i).framing()).isEqualTo(Framing.CHUNKED);
        assertThat(upstream.requests().get(i).body()).isEqualTo(body);
        assertThat(upstream.requests().get(i).connection()).isZero();
      }
    }
  }

  @Test
  void aStreamedBodyWaitsForTheUpstream() throws Exception {
    CountDownLatch read = new CountDownLatch(1);
    int size = 40_000_000;
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              read.await(10, TimeUnit.SECONDS);
              connection.read();
              connection.send(Answers.ok("done"));
            });
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), STREAMED, "client_max_body_size 0;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(size));
      CountDownLatch sent = new CountDownLatch(1);
      String body = "x".repeat(size);
      Thread.ofVirtual()
          .start(() -> {
            try {
              client.send(body);
            } catch (IOException e) {
              throw new java.io.UncheckedIOException(e);
            }
            sent.countDown();
          });
      assertThat(sent.await(300, TimeUnit.MILLISECONDS))
          .as("nobody takes 40 MB off the client")
          .isFalse();
      read.countDown();

      assertThat(client.readResponse().body()).isEqualTo("done");
      assertThat(upstream.requests().getFirst().body()).hasSize(size);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEarlyAnswerReachesAClientThatIsStillSending(boolean closes) throws Exception {
    CountDownLatch over = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.readBytes(100);
              connection.send("HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig");
              if (!closes) {
                over.await(10, TimeUnit.SECONDS);
              }
            });
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), STREAMED));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(900_000) + text(400_000));
      RawResponse response = client.readResponse();

      assertThat(response.status()).isEqualTo(413);
      assertThat(response.body()).isEqualTo("big");
      over.countDown();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anUpstreamThatAnswersAndClosesWithoutReadingIsHeard(boolean streamed) throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.readBytes(1);
              connection.send("HTTP/1.1 413 Too large\r\nContent-Length: 3\r\n\r\nbig");
            });
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(),
                    streamed ? STREAMED : "client_body_buffer_size 16m;",
                    "client_max_body_size 0;"))) {
      for (int i = 0; i < 20; i++) {
        String body = text(6_000_000);
        try (RawClient client = RawClient.connect(proxy.port())) {
          Thread sender =
              Thread.ofVirtual()
                  .start(() -> {
                    try {
                      client.send(head(body.length()) + body);
                    } catch (IOException _) {
                      // the connection may close once the answer is there
                    }
                  });
          assertThat(client.readResponse().status()).isEqualTo(413);
          client.reset();
          sender.join();
        }
      }
    }
  }

  // ---- refusals

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aLengthThatIsTooLargeIs413AndCanBeRead(boolean buffered) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(), "client_max_body_size 1000;", buffered ? "" : STREAMED));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(500_000) + text(500_000));
      RawResponse response = client.readResponse();

      assertThat(response.status()).isEqualTo(413);
      assertThat(response.closes()).isTrue();
      assertThat(upstream.connectionCount()).isZero();
      assertThat(proxy.errorLog())
          .contains("client intended to send too large body: 500000 bytes, client: 127.0.0.1");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", STREAMED})
  void chunksThatGrowTooLargeAre413(String how) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.scripted(connection -> connection.awaitClose());
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "client_max_body_size 1000;", how));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(CHUNKED_HEAD + Answers.chunk(text(600)) + Answers.chunk(text(600)));

      assertThat(client.readResponse().status()).isEqualTo(413);
      assertThat(proxy.errorLog()).contains("client intended to send too large chunked body:");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", STREAMED})
  void malformedChunksAre400(String how) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.scripted(connection -> connection.awaitClose());
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), how));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(CHUNKED_HEAD + "3\r\nabc\r\nxyz\r\n");
      RawResponse response = client.readResponse();

      assertThat(response.status()).isEqualTo(400);
      assertThat(response.closes()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", STREAMED})
  void aBodyThatDoesNotComeIs408(String how) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.scripted(connection -> connection.awaitClose());
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "client_body_timeout 50ms;", how));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(head(10) + "abc");

      assertThat(client.readResponse().status()).isEqualTo(408);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", STREAMED})
  void whoExpectsToBeToldIsTold(String how) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), how));
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 2; i++) {
        client.send(
            "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
        assertThat(client.readResponse().raw()).isEqualTo("HTTP/1.1 100 Continue\r\n\r\n");
        assertThat(client.send("abc").readResponse().body()).isEqualTo("hi");
        assertThat(upstream.requests().get(i).body()).isEqualTo("abc");
        assertThat(upstream.requests().get(i).headers().has("Expect")).isFalse();
      }
    }
  }

  @Test
  void whoWouldSendTooMuchIsNotToldToGoOn() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address(), "client_max_body_size 1;"));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(
          "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");

      assertThat(client.readResponse().status()).isEqualTo(413);
    }
  }

  @Test
  void anOldClientIsNotToldToGoOn() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(proxying(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(
          "POST / HTTP/1.0\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");

      assertThat(client.readResponse().status()).isEqualTo(200);
    }
  }
}

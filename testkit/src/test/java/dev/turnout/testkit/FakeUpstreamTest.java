package dev.turnout.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class FakeUpstreamTest {
  private static final String GET = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

  @Test
  void answersWithItsBodyOverAndOver() throws Exception {
    try (var upstream = FakeUpstream.answering("hello");
        var client = RawClient.connect(upstream.port())) {

      assertThat(client.send(GET).readResponse().body()).isEqualTo("hello");
      assertThat(client.send(GET).readResponse().body()).isEqualTo("hello");

      assertThat(upstream.requestCount()).isEqualTo(2);
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void answersHeadWithoutABody() throws Exception {
    try (var upstream = FakeUpstream.named("b1");
        var client = RawClient.connect(upstream.port())) {
      RawResponse head = client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n").readResponse("HEAD");

      assertThat(head.headers().get("content-length")).hasValue("2");
      assertThat(client.send(GET).readResponse().body()).isEqualTo("b1");
    }
  }

  @Test
  void recordsRequestsByteForByteWithTheirConnection() throws Exception {
    String post =
        "POST /p HTTP/1.1\r\nHOST:  x \r\nTransfer-Encoding: chunked\r\n\r\n"
            + Answers.chunk("ab")
            + "0\r\nT: v\r\n\r\n";
    try (var upstream = FakeUpstream.answering("");
        var first = RawClient.connect(upstream.port());
        var second = RawClient.connect(upstream.port())) {
      first.send(GET).readResponse();
      second.sendByteByByte(post).readResponse();
      second.sendSplit(GET, 3, 4, 20).readResponse();

      List<RecordedRequest> requests = upstream.awaitRequests(3);
      assertThat(requests).extracting(RecordedRequest::raw).containsExactly(GET, post, GET);
      assertThat(requests).extracting(RecordedRequest::number).containsExactly(0, 0, 1);
      assertThat(requests.get(0).connection()).isNotEqualTo(requests.get(1).connection());
      assertThat(requests.get(1).connection()).isEqualTo(requests.get(2).connection());
      RecordedRequest recorded = requests.get(1);
      assertThat(recorded.headers().list().getFirst()).isEqualTo(new Field("HOST", "x"));
      assertThat(recorded.framing()).isEqualTo(Framing.CHUNKED);
      assertThat(recorded.body()).isEqualTo("ab");
      assertThat(recorded.trailers().list()).containsExactly(new Field("T", "v"));
    }
  }

  @Test
  void keepsTheBytesOfARequestThatNeverBecameWhole() throws Exception {
    try (var upstream = FakeUpstream.answering("")) {
      try (var client = RawClient.connect(upstream.port())) {
        client.send("GET / HT").halfClose();
        assertThat(client.readUntilClose()).isEmpty();
      }

      assertThat(upstream.requests()).isEmpty();
      assertThat(upstream.received()).containsExactly("GET / HT");
    }
  }

  @Test
  void answersWhenTheTestLetsIt() throws Exception {
    var mayAnswer = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.each((_, connection) -> {
              mayAnswer.await();
              connection.send(Answers.ok("late"));
            });
        var client = RawClient.connect(upstream.port())) {
      client.send(GET);
      upstream.awaitRequests(1);
      mayAnswer.countDown();

      assertThat(client.readResponse().body()).isEqualTo("late");
    }
  }

  @Test
  void closesInTheMiddleOfABody() throws Exception {
    try (var upstream =
            FakeUpstream.each((_, connection) ->
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf").close());
        var client = RawClient.connect(upstream.port())) {
      client.send(GET);

      assertThatThrownBy(client::readResponse)
          .isInstanceOf(EOFException.class)
          .hasMessageContaining("4 of 9");
    }
  }

  @Test
  void playsRawAnswersInTheirOrder() throws Exception {
    try (var upstream = FakeUpstream.raw(Answers.ok("1"), Answers.ok("2"));
        var client = RawClient.connect(upstream.port())) {
      assertThat(client.send(GET).readResponse().body()).isEqualTo("1");
      assertThat(client.send(GET).readResponse().body()).isEqualTo("2");
      assertThat(client.send(GET).readResponse().body()).isEqualTo("2");
    }
  }

  @Test
  void echoesAfterAnUpgrade() throws Exception {
    try (var upstream = FakeUpstream.echoingAfterUpgrade();
        var client = RawClient.connect(upstream.port())) {
      client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(101);

      client.send("ping");

      assertThat(client.readBytes(4)).isEqualTo("ping");
    }
  }

  @Test
  void aScriptThatFailsFailsTheTest() throws Exception {
    var upstream =
        FakeUpstream.each((_, _) -> {
          throw new IllegalStateException("not as wanted");
        });
    try (var client = RawClient.connect(upstream.port())) {
      client.send(GET);
      assertThat(client.closedWithin(Duration.ofSeconds(10))).isTrue();
    }

    assertThatThrownBy(upstream::close)
        .isInstanceOf(AssertionError.class)
        .hasRootCauseMessage("not as wanted");
  }

  @Test
  void aRequestThatNoProxyShouldWriteFailsTheTest() throws Exception {
    var upstream = FakeUpstream.answering("");
    try (var client = RawClient.connect(upstream.port())) {
      client.send("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx");
      assertThat(client.closedWithin(Duration.ofSeconds(10))).isTrue();
    }

    assertThatThrownBy(upstream::close).hasRootCauseInstanceOf(MalformedMessageException.class);
  }

  @Test
  void underLoadOnlyTheNumberOfRequestsIsKept() throws Exception {
    try (var upstream = FakeUpstream.namedForLoad("b1");
        var client = RawClient.connect(upstream.port())) {
      assertThat(client.send(GET).readResponse().body()).isEqualTo("b1");

      assertThat(upstream.requestCount()).isEqualTo(1);
      assertThat(upstream.requests()).isEmpty();
      assertThat(upstream.received()).isEmpty();
    }
  }
}

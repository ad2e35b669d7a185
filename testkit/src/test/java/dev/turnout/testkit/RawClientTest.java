package dev.turnout.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class RawClientTest {
  private static final String GET = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

  @Test
  void readsOneResponseAtATime() throws Exception {
    String answer =
        "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n"
            + Answers.chunked(List.of("hel", "lo"), List.of(new Field("T", "v")))
            + "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"
            + "HTTP/1.0 200\r\n\r\nto the end";
    try (var server =
            FakeUpstream.each((_, connection) -> connection.sendByteByByte(answer).close());
        var client = RawClient.connect(server.port())) {
      client.send(GET);

      assertThat(client.readResponse().status()).isEqualTo(103);
      RawResponse chunked = client.readResponse();
      assertThat(chunked.framing()).isEqualTo(Framing.CHUNKED);
      assertThat(chunked.body()).isEqualTo("hello");
      assertThat(chunked.trailers().get("t")).hasValue("v");
      RawResponse notModified = client.readResponse();
      assertThat(notModified.reason()).isEqualTo("Not Modified");
      assertThat(notModified.framing()).isEqualTo(Framing.NONE);
      RawResponse last = client.readResponse();
      assertThat(last.version()).isEqualTo("HTTP/1.0");
      assertThat(last.framing()).isEqualTo(Framing.CLOSE);
      assertThat(last.body()).isEqualTo("to the end");
      assertThat(last.raw()).isEqualTo("HTTP/1.0 200\r\n\r\nto the end");
    }
  }

  @Test
  void aChunkedBodyWithoutItsEndIsNotABody() throws Exception {
    try (var server =
            FakeUpstream.each((_, connection) ->
                connection
                    .send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .send(Answers.chunk("hello"))
                    .close());
        var client = RawClient.connect(server.port())) {
      client.send(GET);

      assertThatThrownBy(client::readResponse).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void seesIfThePeerClosesInTime() throws Exception {
    var mayClose = new CountDownLatch(1);
    try (var server = FakeUpstream.scripted(_ -> mayClose.await());
        var client = RawClient.connect(server.port())) {
      assertThat(client.closedWithin(Duration.ofMillis(1))).isFalse();

      mayClose.countDown();

      assertThat(client.closedWithin(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void aResetIsAnEndToo() throws Exception {
    var mayReset = new CountDownLatch(1);
    try (var server =
            FakeUpstream.scripted(connection -> {
              mayReset.await();
              connection.reset();
            });
        var client = RawClient.connect(server.port())) {
      mayReset.countDown();

      assertThat(client.closedWithin(Duration.ofSeconds(10))).isTrue();
    }
  }

  @Test
  void stillReadsAfterAHalfClose() throws Exception {
    try (var server =
            FakeUpstream.scripted(connection -> connection.send("got " + connection.awaitClose()));
        var client = RawClient.connect(server.port())) {
      client.send("all").halfClose();

      assertThat(client.readUntilClose()).isEqualTo("got all");
    }
  }

  @Test
  void aClosedPortRefusesAndAFreeOneCanBeTaken() throws Exception {
    try (var closed = new ClosedPort()) {
      assertThatThrownBy(() -> RawClient.connect(closed.port()))
          .isInstanceOf(ConnectException.class);
    }
    int free = Ports.free();
    assertThatThrownBy(() -> RawClient.connect(free)).isInstanceOf(ConnectException.class);
  }
}

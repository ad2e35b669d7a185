package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.loadgen.ResponseParser.Progress;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseParserTest {
  private static final String SIZED =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-By: a1\r\n\r\nhello";
  private static final String CHUNKED =
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5;name=value\r\nhello\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n";

  private final ResponseParser parser = new ResponseParser(false, "X-By");

  @Test
  void aSizedResponseEndsWithItsBody() {
    ByteBuf in = buffer(SIZED + "HTTP");

    assertThat(parser.read(in)).isEqualTo(Progress.DONE);

    assertThat(parser.status()).isEqualTo(200);
    assertThat(parser.keepAlive()).isTrue();
    assertThat(parser.answeredBy()).isEqualTo("a1");
    assertThat(in.readableBytes()).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(strings = {SIZED, CHUNKED, "HTTP/1.1 100 Continue\r\n\r\n" + SIZED})
  void aResponseMayComeByteByByte(String response) {
    int last = response.length() - 1;
    for (int i = 0; i < last; i++) {
      assertThat(parser.read(buffer(response.substring(i, i + 1)))).isEqualTo(Progress.MORE);
    }

    assertThat(parser.read(buffer(response.substring(last)))).isEqualTo(Progress.DONE);
    assertThat(parser.status()).isBetween(200, 201);
    assertThat(parser.idle()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {SIZED, CHUNKED})
  void aResponseMayComeInTwoPartsCutAnywhere(String response) {
    for (int cut = 1; cut < response.length(); cut++) {
      assertThat(parser.read(buffer(response.substring(0, cut)))).isEqualTo(Progress.MORE);
      assertThat(parser.idle()).isFalse();
      ByteBuf rest = buffer(response.substring(cut));
      assertThat(parser.read(rest)).as("cut at %d", cut).isEqualTo(Progress.DONE);
      assertThat(rest.isReadable()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n"
      })
  void aResponseWithoutABodyEndsWithItsHead(String response) {
    assertThat(parser.read(buffer(response))).isEqualTo(Progress.DONE);
  }

  @Test
  void anAnswerToHeadHasNoBody() {
    var parser = new ResponseParser(true, "");

    assertThat(parser.read(buffer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")))
        .isEqualTo(Progress.DONE);
  }

  @Test
  void aResponseWithoutALengthEndsWithTheConnection() {
    assertThat(parser.read(buffer("HTTP/1.1 200 OK\r\n\r\nhello"))).isEqualTo(Progress.MORE);

    assertThat(parser.closed()).isTrue();
    assertThat(parser.keepAlive()).isFalse();
  }

  @Test
  void aConnectionThatEndsInTheMiddleWasBroken() {
    assertThat(parser.read(buffer(SIZED.substring(0, SIZED.length() - 1))))
        .isEqualTo(Progress.MORE);

    assertThat(parser.closed()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"
      })
  void theServerMayEndTheConnection(String response) {
    assertThat(parser.read(buffer(response))).isEqualTo(Progress.DONE);

    assertThat(parser.keepAlive()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 999 What\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1234567890abcdef0\r\n"
      })
  void whatIsNotAResponseIsBad(String bytes) {
    assertThat(parser.read(buffer(bytes))).isEqualTo(Progress.BAD);
  }

  @Test
  void aHeadThatNeverEndsIsBad() {
    ByteBuf line = buffer("X: " + "y".repeat(1000) + "\r\n");
    Progress progress = parser.read(buffer("HTTP/1.1 200 OK\r\n"));
    for (int i = 0; i < 66 && progress == Progress.MORE; i++) {
      progress = parser.read(line.duplicate());
    }

    assertThat(progress).isEqualTo(Progress.BAD);
  }

  private static ByteBuf buffer(String text) {
    return Unpooled.copiedBuffer(text, StandardCharsets.ISO_8859_1);
  }
}

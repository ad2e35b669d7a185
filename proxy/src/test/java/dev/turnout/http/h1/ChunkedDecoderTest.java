package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChunkedDecoderTest {
  private final ChunkedDecoder decoder = new ChunkedDecoder();

  /// The data and the last result, for a body in one piece.
  private String decode(String body) {
    decoder.reset();
    return decodeMore(body);
  }

  private String decodeMore(String body) {
    StringBuilder data = new StringBuilder();
    ByteBuf in = Unpooled.copiedBuffer(body, StandardCharsets.ISO_8859_1);
    try {
      while (true) {
        ChunkedDecoder.Result result = decoder.decode(in);
        if (result != ChunkedDecoder.Result.DATA) {
          return data.append(result).append(in.readableBytes()).toString();
        }
        ByteBuf slice = decoder.take(in);
        data.append(slice.toString(StandardCharsets.ISO_8859_1));
        slice.release();
      }
    } finally {
      in.release();
    }
  }

  private String singly(String body) {
    decoder.reset();
    String last = "";
    StringBuilder data = new StringBuilder();
    for (int i = 0; i < body.length(); i++) {
      last = decodeMore(body.substring(i, i + 1));
      data.append(last.replaceAll("[A-Z_]+\\d$", ""));
    }
    return data + last.replaceAll("^.*?([A-Z_]+\\d)$", "$1");
  }

  @Test
  void dataIsFound() {
    assertThat(decode("5\r\nhello\r\n06\r\n world\r\n0\r\n\r\nGET")).isEqualTo("hello worldDONE3");
    assertThat(decode("A\r\n0123456789\r\na\r\n0123456789\r\n000\r\n\r\n"))
        .isEqualTo("01234567890123456789DONE0");
    assertThat(singly("5\r\nhello\r\n06\r\n world\r\n0\r\n\r\n")).isEqualTo("hello worldDONE0");
    assertThat(decode("5\r\nhel")).isEqualTo("helNEED_MORE0");
    assertThat(decoder.remaining()).isEqualTo(2);
  }

  @Test
  void noMoreIsTakenThanAskedFor() {
    ByteBuf in = Unpooled.copiedBuffer("5\r\nhello\r\n0\r\n\r\n", StandardCharsets.ISO_8859_1);

    assertThat(decoder.decode(in)).isEqualTo(ChunkedDecoder.Result.DATA);
    ByteBuf two = decoder.take(in, 2);
    assertThat(two.toString(StandardCharsets.ISO_8859_1)).isEqualTo("he");
    two.release();
    assertThat(decoder.decode(in)).isEqualTo(ChunkedDecoder.Result.DATA);
    decoder.skip(in);
    assertThat(decoder.decode(in)).isEqualTo(ChunkedDecoder.Result.DONE);
    in.release();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5;a\r\n",
        "5;a=b\r\n",
        "5;a=\"b\"\r\n",
        "5;a=\"\"\r\n",
        "5;a=\"\\\"\"\r\n",
        "5 ; a = b\r\n",
        "5\t;a;b=c;d=\"e;f\"\r\n",
        "5;a ;b\r\n",
        "5;a=b ;c\r\n",
        "5;a=\"b\" ;c\r\n",
        "5;a=\"\u00e9\t\"\r\n"
      })
  void extensionsAreDropped(String line) {
    assertThat(decode(line + "hello\r\n0;x\r\n\r\n")).isEqualTo("helloDONE0");
    assertThat(singly(line + "hello\r\n0;x\r\n\r\n")).isEqualTo("helloDONE0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "5;\r\n",
        "5;;a\r\n",
        "5;a=\r\n",
        "5;a=b=c\r\n",
        "5;a b\r\n",
        "5;a=b c\r\n",
        "5;a \r\n",
        "5;a=\"b\r\n",
        "5;a=\"b\nc\"\r\n",
        "5;a=\"b\rc\"\r\n",
        "5;a=\"b\"c\r\n",
        "5;a=\"\\\r\n",
        "5;=b\r\n",
        "5;a\n",
        "5;a\r\r\n",
        "5;a\rb\r\n",
        "5;a\u0000\r\n",
        "5;\u0001\r\n",
        "5;a=\u007f\r\n",
        "5;a=(\r\n",
        "5;a=\"\u0000\"\r\n",
        "5 \r\n",
        "5\t\r\n",
        "5 a\r\n",
        "5,a\r\n"
      })
  void improperExtensionsAreInvalid(String line) {
    assertThat(decode(line + "hello\r\n0\r\n\r\n")).startsWith("INVALID");
    assertThat(singly(line + "hello\r\n0\r\n\r\n")).startsWith("INVALID");
    assertThat(decoder.status()).isEqualTo(400);
  }

  @Test
  void aSizeIsNothingButHexadecimalDigits() {
    for (int c = 0; c < 256; c++) {
      char b = (char) c;
      boolean hex = "0123456789abcdefABCDEF".indexOf(b) >= 0;
      if (!hex) {
        assertThat(decode(b + "5\r\nhello\r\n")).as("before %x", c).startsWith("INVALID");
        assertThat(decode("0" + b + "5\r\nhello\r\n")).as("inside %x", c).startsWith("INVALID");
        assertThat(decode("5" + b + "\r\nhello\r\n")).as("behind %x", c).startsWith("INVALID");
      }
    }
    assertThat(decode("0x5\r\nhello\r\n")).startsWith("INVALID");
    assertThat(decode("\r\n")).startsWith("INVALID");
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r", "\rX", "\r\r", "\n\r", "\r\r\n", "", " \r\n", "X\r\n"})
  void everyLineEndIsCrlf(String end) {
    assertThat(decode("5" + end + "hello\r\n0\r\n\r\n")).as("size").startsWith("INVALID");
    assertThat(decode("5\r\nhello" + end + "0\r\n\r\n")).as("data").startsWith("helloINVALID");
    if (!end.isEmpty()) {
      assertThat(decode("0" + end + "\r\n")).as("last").startsWith("INVALID");
      assertThat(decode("0\r\nA: b\r\n" + end + "A: b\r\n")).as("trailer").startsWith("INVALID");
      assertThat(decode("0\r\n" + end + "xxxxxx")).as("end").startsWith("INVALID");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "7fffffffffffffff, 9223372036854775807",
    "80000000, 2147483648",
    "00000000000000000000000000000001, 1"
  })
  void largeSizesAreLongs(String size, long value) {
    assertThat(decode(size + "\r\n")).startsWith("NEED_MORE");
    assertThat(decoder.remaining()).isEqualTo(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "8000000000000000",
        "ffffffffffffffff",
        "10000000000000000",
        "10000000000000005",
        "fffffffffffffffff",
        "100000000000000000000000000000005"
      })
  void sizesFrom2To63AreInvalid(String size) {
    assertThat(decode(size + "\r\nhello")).startsWith("INVALID");
  }

  @Test
  void extensionsAreLimited() {
    assertThat(decode("5;" + "a".repeat(1000) + "\r\nhello\r\n")).startsWith("helloNEED");
    assertThat(decode("5;" + "a".repeat(1024) + "\r\nhello\r\n")).startsWith("INVALID");
    assertThat(decode("0".repeat(1025))).startsWith("INVALID");
    assertThat(decode(("1;" + "a".repeat(1000) + "\r\nx\r\n").repeat(20))).contains("INVALID");
    assertThat(decode("1\r\nx\r\n".repeat(100_000))).endsWith("xNEED_MORE0");
  }

  @Test
  void trailersAreKeptButThoseThatWouldComeTooLate() {
    String trailers =
        String.join(
            "\r\n",
            "Content-Length: 5",
            "Host: evil",
            "Transfer-Encoding: chunked",
            "X-T: \t1 ",
            "Authorization: x",
            "Set-Cookie: a",
            "x-forwarded-proto: https",
            "Via: x",
            "Trailer: x",
            "X_U:");

    assertThat(decode("0\r\n" + trailers + "\r\n\r\n")).isEqualTo("DONE0");

    assertThat(decoder.trailers().count()).isEqualTo(2);
    assertThat(decoder.trailers().name(0)).isEqualTo("X-T");
    assertThat(decoder.trailers().value(0)).isEqualTo("1");
    assertThat(decoder.trailers().value(1)).isEmpty();

    assertThat(decode("0\r\n\r\n")).isEqualTo("DONE0");
    assertThat(decoder.trailers().count()).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X\r\n",
        ": y\r\n",
        " X: y\r\n",
        "X : y\r\n",
        "X: y\r\n z\r\n",
        "X: y\n",
        "X: \u0000\r\n",
        "X: y\u007f\r\n",
        "X(: y\r\n",
        "X\u0001: y\r\n",
        "\n",
        "X: y\rZ: a\r\n",
        "X: y\r\r\n"
      })
  void improperTrailersAreInvalid(String lines) {
    assertThat(decode("0\r\n" + lines + "\r\n")).startsWith("INVALID");
    assertThat(singly("0\r\n" + lines + "\r\n")).startsWith("INVALID");
  }

  @Test
  void tooManyTrailersAreTooLarge() {
    String trailer = "X: " + "a".repeat(95) + "\r\n"; // 100 bytes
    assertThat(decode("0\r\n" + trailer.repeat(160) + "\r\n")).isEqualTo("DONE0");
    assertThat(decoder.trailers().count()).isEqualTo(160);
    assertThat(decode("0\r\n" + trailer.repeat(170) + "\r\n")).startsWith("INVALID");
    assertThat(decoder.status()).isEqualTo(431);
  }
}

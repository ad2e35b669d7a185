package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.FieldName;
import dev.turnout.http.ResponseHead;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseParserTest {
  private ResponseParser parser = new ResponseParser(4096);
  private final ResponseHead head = new ResponseHead();

  private int parse(String bytes) {
    head.reset();
    parser.reset();
    byte[] data = bytes.getBytes(StandardCharsets.ISO_8859_1);
    head.append(data, 0, data.length);
    return parser.parse(head);
  }

  private boolean taken(String bytes) {
    int end = parse(bytes);
    assertThat(end).isNotEqualTo(ResponseParser.NEED_MORE);
    return end == bytes.length();
  }

  private boolean fields(String lines) {
    return taken("HTTP/1.1 200 OK\r\n" + lines + "\r\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "HTTP/1.1 200 OK|11|200|OK",
        "HTTP/1.0 404 Not Found|10|404|Not Found",
        "HTTP/1.1 200|11|200|''",
        "'HTTP/1.1 200 '|11|200|''",
        "HTTP/1.2 999 \u00e9|11|999|\u00e9"
      })
  void aStatusLineIsTakenApart(String line, int version, int status, String reason) {
    assertThat(taken(line + "\r\n\r\n")).isTrue();

    assertThat(head.version()).isEqualTo(version);
    assertThat(head.status()).isEqualTo(status);
    assertThat(head.reason()).isEqualTo(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "SEE-THIS",
        "HTTP/2.0 200 OK",
        "HTTP/0.9 200 OK",
        "HTTP/1 200 OK",
        "HTTP/1.10 200 OK",
        "http/1.1 200 OK",
        " HTTP/1.1 200 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 099 X",
        "HTTP/1.1 000 X",
        "HTTP/1.1 20 X",
        "HTTP/1.1 2000 X",
        "HTTP/1.1 -20 X",
        "HTTP/1.1 2x0 X",
        "HTTP/1.1 200\tOK",
        "HTTP/1.1 200OK",
        "HTTP/1.1 200 O\u0000K",
        "HTTP/1.1 200 O\u007fK",
        "HTTP/1.1 200 OK\rX"
      })
  void anImproperStatusLineIsInvalid(String line) {
    assertThat(taken(line + "\r\n\r\n")).isFalse();
    assertThat(parser.reason()).isEqualTo("upstream sent no valid HTTP/1.0 header");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "200|Content-Length: 5|GET|LENGTH",
        "200|Content-Length: 0|GET|LENGTH",
        "200|Transfer-Encoding: Chunked|GET|CHUNKED",
        "200|X: y|GET|UNTIL_CLOSE",
        "200|Content-Length: 5|HEAD|NONE",
        "200|Transfer-Encoding: chunked|HEAD|NONE",
        "204|Content-Length: 5|GET|NONE",
        "304|Content-Length: 5|GET|NONE",
        "304|Transfer-Encoding: chunked|GET|NONE",
        "100|Content-Length: 5|GET|NONE",
        "199|X: y|GET|NONE"
      })
  void theBodyIsFramedByStatusMethodAndFields(
      int status, String field, String method, ResponseHead.Framing framing) {
    assertThat(taken("HTTP/1.1 " + status + " X\r\n" + field + "\r\n\r\n")).isTrue();

    assertThat(head.framing(method)).isEqualTo(framing);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: chunked\u000b\r\n",
        "Content-Length:\r\n",
        "Content-Length: 5,5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 9223372036854775808\r\n",
        "Content-Length: 5\r\n 5\r\n",
        "Transfer-Encoding: chunked\r\n \r\n",
        "Transfer-Encoding\r\n",
        "Transfer-Encoding : chunked\r\n",
        " X: y\r\n",
        "X y: z\r\n",
        "X(: z\r\n",
        ": z\r\n",
        "X: y\rz\r\n",
        "X: y\r\r\n",
        "X: \u0001\r\n",
        "X: \u007f\r\n",
        "HTTP/1.1 200 OK\r\n"
      })
  void improperFieldsAreInvalid(String lines) {
    assertThat(fields(lines)).isFalse();
    assertThat(parser.reason()).startsWith("upstream sent ");
  }

  @Test
  void aFoldBecomesOneSpace() {
    assertThat(fields("A: one \r\n \t two\r\n\tthree  \r\nB:\r\n  x\r\nC: y\r\n \r\nD: z\r\n"))
        .isTrue();

    assertThat(head.fields().count()).isEqualTo(4);
    assertThat(head.fields().value(0)).isEqualTo("one two three");
    assertThat(head.fields().value(1)).isEqualTo("x");
    assertThat(head.fields().value(2)).isEqualTo("y");
    assertThat(head.fields().value(3)).isEqualTo("z");
  }

  @Test
  void theFirstOfSomeRepeatedFieldsCounts() {
    assertThat(fields("Expires: a\r\nexpires: b\r\n c\r\nSet-Cookie: d\r\nSet-Cookie: e\r\n"))
        .isTrue();

    assertThat(head.fields().count()).isEqualTo(3);
    assertThat(head.fields().first(FieldName.EXPIRES)).isEqualTo("a");
    assertThat(parser.warning())
        .isEqualTo(
            "upstream sent duplicate header line: \"expires: b\", "
                + "previous value: \"Expires: a\", ignored");
  }

  @Test
  void onlyHttp11KeepsTheConnection() {
    assertThat(fields("Content-Length: 0\r\n")).isTrue();
    assertThat(head.keepAlive()).isTrue();
    assertThat(fields("Connection: x, Close\r\n")).isTrue();
    assertThat(head.keepAlive()).isFalse();
    assertThat(taken("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n")).isTrue();
    assertThat(head.keepAlive()).isFalse();
  }

  @Test
  void nominatedFieldsEndHere() {
    assertThat(fields("Connection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\n")).isTrue();

    assertThat(head.isNominatedByConnection(1)).isTrue();
    assertThat(head.isNominatedByConnection(2)).isFalse();
  }

  @Test
  void aHeadMustFitIntoTheBuffer() {
    String start = "HTTP/1.1 200 OK\r\nX: ";
    String fits = start + "a".repeat(4096 - start.length() - 4) + "\r\n\r\n";
    assertThat(taken(fits)).isTrue();
    assertThat(parse(fits.replace("X:", "XX:"))).isEqualTo(ResponseParser.INVALID);
    assertThat(parser.reason()).isEqualTo("upstream sent too big header");
    assertThat(parse(start)).isEqualTo(ResponseParser.NEED_MORE);
  }

  @Test
  void bytesBehindTheHeadAreLeftAlone() {
    String bytes = "HTTP/1.1 200 OK\r\n\r\nbody";

    assertThat(parse(bytes)).isEqualTo(bytes.length() - 4);
  }

  @Test
  void aThousandFieldsAreEnough() {
    parser = new ResponseParser(64 * 1024);
    assertThat(fields("X: y\r\n".repeat(1000))).isTrue();
    assertThat(fields("X: y\r\n".repeat(1001))).isFalse();
  }
}

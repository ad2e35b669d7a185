package dev.turnout.http.h1;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.FieldName;
import dev.turnout.http.RequestHead;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestParserTest {
  private static final HeadLimits LIMITS = HeadLimits.DEFAULT;

  private RequestParser parser = new RequestParser(LIMITS);
  private final RequestHead head = new RequestHead();

  /// 200 for a head that is taken, the status of the refusal, or 0 if more bytes are wanted.
  private int status(String bytes) {
    head.reset();
    parser.reset();
    byte[] data = bytes.getBytes(StandardCharsets.ISO_8859_1);
    head.append(data, 0, data.length);
    int end = parser.parse(head);
    return switch (end) {
      case RequestParser.NEED_MORE -> 0;
      case RequestParser.REFUSED -> parser.status();
      default -> {
        assertThat(end).isEqualTo(data.length);
        yield 200;
      }
    };
  }

  private int fields(String lines) {
    return status("POST / HTTP/1.1\r\nHost: a.test\r\n" + lines + "\r\n");
  }

  private int line(String line) {
    return status(line + "\r\nHost: a.test\r\n\r\n");
  }

  private int host(String host) {
    return status("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  }

  @Test
  void aHeadIsTakenApart() {
    assertThat(
            status(
                String.join(
                    "\r\n",
                    "PUT /a/b?c=d HTTP/1.1",
                    "Host: A.Test.:8080",
                    "Content-Length: 12",
                    "Expect: 100-Continue",
                    "X-Two: \t one two \t",
                    "Connection: close, X-Two , content-length",
                    "",
                    "")))
        .isEqualTo(200);

    assertThat(head.method()).isEqualTo("PUT");
    assertThat(head.requestLine()).isEqualTo("PUT /a/b?c=d HTTP/1.1");
    assertThat(head.rawTarget()).isEqualTo("/a/b?c=d");
    assertThat(head.version()).isEqualTo(11);
    assertThat(head.host()).isEqualTo("a.test");
    assertThat(head.hostPort()).isEqualTo(8080);
    assertThat(head.contentLength()).isEqualTo(12);
    assertThat(head.chunked()).isFalse();
    assertThat(head.expectsContinue()).isTrue();
    assertThat(head.hasConnectionClose()).isTrue();
    assertThat(head.hasConnectionKeepAlive()).isFalse();
    assertThat(head.fields().count()).isEqualTo(5);
    assertThat(head.fields().value(3)).isEqualTo("one two");
    assertThat(head.isNominatedByConnection(3)).isTrue();
    assertThat(head.isNominatedByConnection(1)).as("framing is not up to it").isFalse();
    assertThat(head.isNominatedByConnection(0)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "http://b.test/x?y|/x?y|b.test|0|b.test",
        "HTTPS://B.Test:81/|/|b.test|81|B.Test:81",
        "http://b.test|/|b.test|0|b.test",
        "http://b.test?y|?y|b.test|0|b.test?y",
        "http://[::1]:5/|/|[::1]|5|[::1]:5"
      })
  void theAuthorityOfTheTargetWins(String target, String raw, String host, int port) {
    assertThat(line("GET " + target + " HTTP/1.1")).isEqualTo(200);

    assertThat(head.rawTarget()).isEqualTo(raw);
    assertThat(head.host()).isEqualTo(host);
    assertThat(head.hostPort()).isEqualTo(port);
    assertThat(head.hasAuthority()).isTrue();
    assertThat(head.emptyPath()).isEqualTo(raw.startsWith("?"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET / HTTP/1.1|200",
        "GET / HTTP/1.0|200",
        "GET / HTTP/1.9|200",
        "M-SEARCH / HTTP/1.1|200",
        "OPTIONS * HTTP/1.1|200",
        "GET /%zz?\"<>^`{ HTTP/1.1|200",
        "GET * HTTP/1.1|400",
        "OPTIONS *x HTTP/1.1|400",
        "OPTIONS ** HTTP/1.1|400",
        "GET a.test/ HTTP/1.1|400",
        "GET ftp://a.test/ HTTP/1.1|400",
        "GET httpx://a.test/ HTTP/1.1|400",
        "GET http:/a.test/ HTTP/1.1|400",
        "GET http:///x HTTP/1.1|400",
        "GET http://u@a.test/ HTTP/1.1|400",
        "GET http://a.test:0/ HTTP/1.1|400",
        "GET http://a.test:65536/ HTTP/1.1|400",
        "GET http://a.test#f HTTP/1.1|400",
        "GET http://a.test/#f HTTP/1.1|400",
        "GET /?a#f HTTP/1.1|400",
        "GET  / HTTP/1.1|400",
        "GET /  HTTP/1.1|400",
        "'GET / HTTP/1.1 '|400",
        "' GET / HTTP/1.1'|400",
        "GET / HTTP/1|400",
        "GET / HTTP/1.|400",
        "GET / HTTP/1.11|400",
        "GET / HTTP/1,1|400",
        "GET / HTTP/0.9|400",
        "GET / HTTP/A.1|400",
        "GET / http/1.1|400",
        "GET / HTTPS/1.1|400",
        "GET / HTTP/2.0|505",
        "GET / HTTP/3.0|505",
        "GET /|400",
        "GET|400",
        "get / HTTP/1.1|400",
        "GeT / HTTP/1.1|400",
        "GET: / HTTP/1.1|400",
        "CONNECT a.test:443 HTTP/1.1|405",
        "CONNECT [::1]:443 HTTP/1.1|405",
        "CONNECT a.test HTTP/1.1|400",
        "CONNECT a.test: HTTP/1.1|400",
        "CONNECT http://a.test:1 HTTP/1.1|400",
        "TRACE / HTTP/1.1|405"
      })
  void theRequestLineIsStrict(String line, int status) {
    assertThat(line(line)).isEqualTo(status);
  }

  @Test
  void connectNeedsAnAuthority() {
    // nginx refuses an origin-form target of CONNECT as malformed, not as a method
    assertThat(line("CONNECT / HTTP/1.1")).isEqualTo(400);
  }

  @Test
  void controlsAreRefusedEverywhereInTheRequestLine() {
    for (int c = 0; c < 256; c++) {
      char b = (char) c;
      if (c < 0x20 || c == 0x7f) {
        assertThat(line("GET /a" + b + "b HTTP/1.1")).as("target %x", c).isEqualTo(400);
        assertThat(line("GET /?" + b + " HTTP/1.1")).as("query %x", c).isEqualTo(400);
        assertThat(line("GET" + b + "/ HTTP/1.1")).as("method %x", c).isEqualTo(400);
        assertThat(line("GET /" + b + "HTTP/1.1")).as("space %x", c).isEqualTo(400);
      }
      if (c != '\r' && c != '\n') {
        assertThat(line("GET / HTTP/1.1" + b)).as("end %x", c).isEqualTo(400);
      }
      if (c >= 0x80) {
        assertThat(line("GET /" + b + "?" + b + " HTTP/1.1")).as("raw %x", c).isEqualTo(200);
      }
    }
  }

  @Test
  void aFieldNameIsAToken() {
    String marks = "!#$%&'*+-.^_`|~";
    for (int c = 0; c < 256; c++) {
      char b = (char) c;
      boolean token =
          (c >= '0' && c <= '9')
              || (c >= 'a' && c <= 'z')
              || (c >= 'A' && c <= 'Z')
              || marks.indexOf(b) >= 0;
      if (c == '\n' || c == ':') {
        continue;
      }
      int wanted = token ? 200 : 400;
      assertThat(fields("X" + b + ": y\r\n")).as("behind %x", c).isEqualTo(wanted);
      assertThat(fields("X" + b + "X: y\r\n")).as("inside %x", c).isEqualTo(wanted);
      assertThat(fields(b + "X: y\r\n")).as("before %x", c).isEqualTo(wanted);
    }
    assertThat(fields(": y\r\n")).isEqualTo(400);
    assertThat(fields("X\r\n")).isEqualTo(400);
    assertThat(fields("X".repeat(256) + ": y\r\n")).isEqualTo(200);
    assertThat(fields("X".repeat(257) + ": y\r\n")).isEqualTo(400);
  }

  @Test
  void aFieldValueHasNoControls() {
    for (int c = 0; c < 256; c++) {
      char b = (char) c;
      if (c == '\n') {
        continue;
      }
      boolean legal = c == '\t' || (c >= 0x20 && c != 0x7f);
      int wanted = legal ? 200 : 400;
      assertThat(fields("X: " + b + "y\r\n")).as("before %x", c).isEqualTo(wanted);
      assertThat(fields("X: y" + b + "z\r\n")).as("inside %x", c).isEqualTo(wanted);
      assertThat(fields("X: 0123456789" + b + "\r\n")).as("behind %x", c).isEqualTo(wanted);
      assertThat(fields("Content-Length: 5" + b + "\r\n"))
          .as("length %x", c)
          .isEqualTo(c == ' ' || c == '\t' || (c >= '0' && c <= '9') ? 200 : 400);
      if (c != ' ' && c != '\t') {
        assertThat(fields("Transfer-Encoding: chunked" + b + "\r\n"))
            .as("coding %x", c)
            .isIn(400, 501);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {" X: y\r\n", "\tX: y\r\n", "X: y\r\n z\r\n", "X: y\r\n\tz\r\n", "X: y\r\n \r\n"})
  void aFoldedLineIsRefused(String lines) {
    assertThat(fields(lines)).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(strings = {"X: y\r\r\n", "X: y\r \n", "X: y\rZ: a\r\n", "\r\r\n", "\rX: y\r\n"})
  void aBareCarriageReturnIsRefused(String lines) {
    assertThat(fields(lines)).isEqualTo(400);
  }

  @Test
  void aLoneLineFeedEndsALine() {
    assertThat(status("GET / HTTP/1.1\nHost: a.test\nX: y\n\n")).isEqualTo(200);

    assertThat(head.fields().value(1)).isEqualTo("y");
  }

  @Test
  void someEmptyLinesMayComeFirst() {
    assertThat(line("\r\n\n\r\nGET / HTTP/1.1")).isEqualTo(200);
    assertThat(head.requestLine()).isEqualTo("GET / HTTP/1.1");
    assertThat(line("\r\n".repeat(9) + "GET / HTTP/1.1")).isEqualTo(400);
    assertThat(line("\r\rGET / HTTP/1.1")).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "chunked|200",
        "Chunked|200",
        "chunked, chunked|400",
        "identity|501",
        "gzip|501",
        "xchunked|501",
        "chunkedx|501",
        "chunked, identity|501",
        "gzip , chunked|501",
        "gzip;q=1, chunked|501",
        "''|400",
        ",chunked|400",
        "chunked,|400",
        "chunked, ,|400",
        "chunked;a=b|400",
        "chunked;|400",
        "chun ked|400",
        "'chunked chunked'|400",
        "[chunked]|400"
      })
  void transferEncodingIsChunkedOrRefused(String value, int status) {
    assertThat(fields("Transfer-Encoding: " + value + "\r\n")).isEqualTo(status);
    assertThat(fields("Transfer-Encoding: " + value + "\r\nContent-Length: 0\r\n")).isEqualTo(400);
    assertThat(status("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: " + value + "\r\n\r\n"))
        .isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|200",
        "005|200",
        "9223372036854775807|200",
        "00000000000000000000000000000000000000001|200",
        "9223372036854775808|400",
        "18446744073709551621|400",
        "99999999999999999999999999|400",
        "''|400",
        "-1|400",
        "-0|400",
        "+5|400",
        "5;5|400",
        "5 5|400",
        "0x5|400",
        "5.|400",
        "1e1|400",
        "\u00b2|400",
        "\u00ba|400"
      })
  void contentLengthIsDigits(String value, int status) {
    assertThat(fields("Content-Length: " + value + "\r\n")).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length",
        "Content-Range",
        "If-Modified-Since",
        "If-Unmodified-Since",
        "If-Match",
        "If-None-Match",
        "If-Range",
        "Expect",
        "Authorization",
        "Transfer-Encoding",
        "Host"
      })
  void someFieldsMustNotRepeat(String name) {
    String lower = name.toLowerCase(java.util.Locale.ROOT);
    assertThat(fields(name + ": 1\r\n" + lower + ": 1\r\n")).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a|a|0",
        "A.B|a.b|0",
        "a.test.|a.test|0",
        "a.test.:80|a.test|80",
        "a.test:|a.test|0",
        "a.test:1|a.test|1",
        "a.test:65535|a.test|65535",
        "a_b-c~d!$&'()*+;=|a_b-c~d!$&'()*+;=|0",
        "127.0.0.1:8080|127.0.0.1|8080",
        "[::]|[::]|0",
        "[::1]:80|[::1]|80",
        "[1:2:3:4:5:6:7:8]|[1:2:3:4:5:6:7:8]|0",
        "[1::8]|[1::8]|0",
        "[1:2:3:4:5:6:7::]|[1:2:3:4:5:6:7::]|0",
        "[::FFFF:1.2.3.4]:1|[::ffff:1.2.3.4]|1",
        "[v1.a:b]|[v1.a:b]|0"
      })
  void aHostIsMadeCanonical(String sent, String host, int port) {
    assertThat(host(sent)).isEqualTo(200);

    assertThat(head.host()).isEqualTo(host);
    assertThat(head.hostPort()).isEqualTo(port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ".",
        ":80",
        ".:80",
        "a..b",
        "a b",
        "a\tb",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "u@a",
        "u:p@a",
        "a,b",
        "a, b",
        "%61",
        "a%00",
        "a\u00e9",
        "a<b>",
        "a\"b",
        "a[b]",
        "a:0",
        "a:65536",
        "a:99999999999",
        "a:-1",
        "a:+1",
        "a: 1",
        "a:1 1",
        "a:1:2",
        "a:b",
        "a:1.",
        "[",
        "[]",
        "[:]",
        "[::1",
        "::1",
        "[::1]x",
        "[::1].",
        "[::1]:",
        "[::1]::80",
        "[:::1]",
        "[1::2::3]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1:2:3:4:5:6:7:8::]",
        "[12345::]",
        "[g::]",
        "[1:]",
        "[:1]",
        "[::1%25eth0]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::1.2.3.4.5]",
        "[::1.2.3.4:1]",
        "[1.2.3.4]",
        "[v.a]",
        "[v1.]",
        "[v1a]"
      })
  void anImproperHostIsRefused(String sent) {
    assertThat(host(sent)).isEqualTo(sent.equals("[::1]:") ? 200 : 400);
  }

  @Test
  void aHostHasAtMost255Bytes() {
    assertThat(host("a".repeat(255))).isEqualTo(200);
    assertThat(host("a".repeat(256))).isEqualTo(400);
  }

  @Test
  void onlyHttp10MayLeaveOutTheHost() {
    assertThat(status("GET / HTTP/1.0\r\n\r\n")).isEqualTo(200);
    assertThat(head.host()).isNull();
    assertThat(status("GET / HTTP/1.1\r\n\r\n")).isEqualTo(400);
    assertThat(parser.reason()).contains("without \"Host\" header");
    assertThat(status("GET http://a.test/ HTTP/1.1\r\n\r\n")).isEqualTo(400);
  }

  @Test
  void anotherExpectationThanContinueFails() {
    assertThat(fields("Expect: 100-continue\r\n")).isEqualTo(200);
    assertThat(head.expectsContinue()).isTrue();
    assertThat(fields("Expect: 100-continue, x\r\n")).isEqualTo(417);
    assertThat(fields("Expect: \r\n")).isEqualTo(417);
    assertThat(status("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n")).isEqualTo(200);
    assertThat(head.expectsContinue()).isFalse();
  }

  @Test
  void unusualNamesAreDroppedOrPassedAsConfigured() {
    String lines = "x_y: 1\r\nx.y: 2\r\nx-y: 3\r\n";

    assertThat(fields(lines)).isEqualTo(200);
    assertThat(head.fields().count()).isEqualTo(2);
    assertThat(parser.ignored()).contains("x.y: 2");

    parser = new RequestParser(new HeadLimits(1024, 4, 8192, 1000, true, true));
    assertThat(fields(lines)).isEqualTo(200);
    assertThat(head.fields().find(FieldName.of("X_Y"))).isEqualTo(1);
    assertThat(head.fields().count()).isEqualTo(3);

    parser = new RequestParser(new HeadLimits(1024, 4, 8192, 1000, false, false));
    assertThat(fields(lines)).isEqualTo(200);
    assertThat(head.fields().count()).isEqualTo(4);
  }

  @Test
  void connectionOptionsAreCounted() {
    assertThat(fields("Connection: " + "a,".repeat(64) + "close\r\n")).isEqualTo(200);
    assertThat(head.hasConnectionClose()).isTrue();
    assertThat(fields("Connection: " + "a,".repeat(65) + "\r\n")).isEqualTo(400);
    assertThat(fields("Connection: Keep-Alive\r\nconnection: UPGRADE\r\nUpgrade: x\r\n"))
        .isEqualTo(200);
    assertThat(head.hasConnectionKeepAlive()).isTrue();
    assertThat(head.hasUpgrade()).isTrue();
  }

  @Test
  void aLongRequestLineIsRefusedWith414() {
    String fits = "GET /" + "a".repeat(8192 - 5 - 11) + " HTTP/1.1\r\n";
    assertThat(status(fits + "Host: a\r\n\r\n")).isEqualTo(200);
    assertThat(status(fits.replace(" HTTP", "a HTTP") + "Host: a\r\n\r\n")).isEqualTo(414);
    assertThat(status("GET /" + "a".repeat(8192 - 6))).isZero();
    assertThat(status("GET /" + "a".repeat(8192 - 5))).isEqualTo(414);
    assertThat(parser.reason()).isEqualTo("client sent too long URI");
  }

  @Test
  void aLongFieldLineIsRefusedWith431() {
    assertThat(fields("X: " + "a".repeat(8192 - 5) + "\r\n")).isEqualTo(200);
    assertThat(fields("X: " + "a".repeat(8192 - 4) + "\r\n")).isEqualTo(431);
    assertThat(parser.reason()).startsWith("client sent too long header line: \"X: aaa");
  }

  @Test
  void manyFieldLinesAreRefusedWith431() {
    parser = new RequestParser(new HeadLimits(1024, 4, 8192, 3, false, true));
    assertThat(fields("X: y\r\n".repeat(2))).isEqualTo(200);
    assertThat(fields("X: y\r\n".repeat(3))).isEqualTo(431);
    assertThat(parser.reason()).isEqualTo("client sent too many header lines");
  }

  @Test
  void linesArePackedIntoTheHeaderBuffersAsNginxDoes() {
    // 128 bytes, then two of 256: each line must fit whole into what is left of one of them
    parser = new RequestParser(new HeadLimits(128, 2, 256, 1000, false, true));
    String big = "X: " + "a".repeat(200) + "\r\n";

    assertThat(fields(big + big)).isEqualTo(200);
    assertThat(fields(big + "X: " + "a".repeat(20) + "\r\n" + big)).isEqualTo(200);
    assertThat(fields(big + big + "X: " + "a".repeat(60) + "\r\n")).isEqualTo(431);
    assertThat(fields(big + big + big)).isEqualTo(431);
  }

  @Test
  void binaryJunkIsRefusedAtOnce() {
    assertThat(status("\u0016\u0003\u0001\u0002")).isEqualTo(400);
    assertThat(parser.reason()).isEqualTo("client sent invalid method");
  }

  @Test
  void theReasonNamesTheLineWithoutItsControls() {
    assertThat(fields("X\u001b[1m: y\r\n")).isEqualTo(400);
    assertThat(parser.reason()).isEqualTo("client sent invalid header line: \"X\\x1b...\"");
  }
}

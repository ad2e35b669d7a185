package dev.turnout.http.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BodyFiltersIT {
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  @BeforeEach
  void start() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            default_type text/html;
            charset_map koi8-r utf-8 { C1 D0B0; C2 D0B1; }
            server {
              listen 127.0.0.1:0;
              location /once { alias html/words.html; sub_filter one ONE; sub_filter two "$arg_by"; }
              location /all { alias html/words.html; sub_filter one ONE; sub_filter onetwo X;
                  sub_filter_once off; sub_filter_last_modified on; }
              location /long { alias html/long.html; sub_filter needle ""; sub_filter_once off; }
              location /utf8 { alias html/koi.html; source_charset koi8-r; charset utf-8; }
              location /koi8 { alias html/utf.html; source_charset utf-8; charset koi8-r; }
              location /named { alias html/words.html; charset utf-8; }
              location /trailers { alias html/words.html; add_trailer X-Sum $status; }
              location /ranges { alias html/digits.html; }
              location /limited { alias html/long.html; limit_rate 100m; add_header X-Rate $limit_rate; }
              location /set { alias html/words.html; set $limit_rate 16m; add_header X-Rate $limit_rate; }
            }
            """);
    Path root = Files.createDirectories(proxy.directory().resolve("html"));
    Files.writeString(root.resolve("words.html"), "One onetwo one two");
    Files.writeString(root.resolve("long.html"), ("x".repeat(9_999) + "needle").repeat(50));
    Files.write(root.resolve("koi.html"), new byte[] {'a', (byte) 0xc1, (byte) 0xc2, (byte) 0xff});
    Files.write(root.resolve("utf.html"), "a\u0430\u0431\u20ac".getBytes(UTF_8));
    Files.writeString(root.resolve("digits.html"), "0123456789");
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private RawResponse get(String target, String fields) throws IOException {
    return RawClient.ask(
        proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n");
  }

  @Test
  void eachTextIsReplacedOnceInAnyCase() throws IOException {
    RawResponse response = get("/once?by=2", "");

    assertThat(response.body()).isEqualTo("ONE one2 one two");
    assertThat(response.headers().get("Last-Modified")).isEmpty();
    assertThat(response.headers().get("ETag")).isEmpty();
  }

  @Test
  void theTextNamedFirstWinsWhereTwoBegin() throws IOException {
    RawResponse response = get("/all", "");

    assertThat(response.body()).isEqualTo("ONE ONEtwo ONE two");
    assertThat(response.headers().get("Last-Modified")).isNotEmpty();
  }

  @Test
  void aTextIsFoundOverTheEdgesOfBuffers() throws IOException {
    assertThat(get("/long", "").body()).isEqualTo("x".repeat(9_999 * 50));
  }

  @Test
  void textsAreChangedIntoTheCharsetThatIsNamed() throws IOException {
    RawResponse response = get("/utf8", "");

    assertThat(response.headers().get("Content-Type")).contains("text/html; charset=utf-8");
    assertThat(new String(response.body().getBytes(ISO_8859_1), UTF_8)).isEqualTo("a\u0430\u0431?");
  }

  @Test
  void whatTheCharsetLacksBecomesAReference() throws IOException {
    assertThat(get("/koi8", "").body()).isEqualTo("a\u00c1\u00c2&#8364;");
  }

  @Test
  void aCharsetCanBeNamedWithoutChangingAnything() throws IOException {
    RawResponse response = get("/named", "");

    assertThat(response.headers().get("Content-Type")).contains("text/html; charset=utf-8");
    assertThat(response.headers().get("Content-Length")).contains("18");
  }

  @Test
  void trailersComeBehindTheBody() throws IOException {
    RawResponse response = get("/trailers", "");

    assertThat(response.body()).isEqualTo("One onetwo one two");
    assertThat(response.trailers().get("X-Sum")).contains("200");
  }

  @Test
  void severalRangesComeAsParts() throws IOException {
    RawResponse response = get("/ranges", "Range: bytes=7-8,0-0\r\n");

    assertThat(response.status()).isEqualTo(206);
    String boundary = response.headers().get("Content-Type").orElse("").substring(31);
    assertThat(response.body())
        .isEqualTo(
            "\r\n--"
                + boundary
                + "\r\nContent-Type: text/html\r\nContent-Range: bytes 7-8/10\r\n\r\n78"
                + "\r\n--"
                + boundary
                + "\r\nContent-Type: text/html\r\nContent-Range: bytes 0-0/10\r\n\r\n0"
                + "\r\n--"
                + boundary
                + "--\r\n");
  }

  @Test
  void aRangeBeyondTheEndIsRefused() throws IOException {
    RawResponse response = get("/ranges", "Range: bytes=10-\r\n");

    assertThat(response.status()).isEqualTo(416);
    assertThat(response.headers().get("Content-Range")).contains("bytes */10");
    assertThat(response.headers().get("ETag")).isEmpty();
  }

  @Test
  void aLimitedResponseComesWhole() throws IOException {
    RawResponse response = get("/limited", "");

    assertThat(response.body()).hasSize(50 * 10_005);
    assertThat(response.headers().get("X-Rate")).contains("104857600");
  }

  @Test
  void theLimitCanBeSetByARule() throws IOException {
    assertThat(get("/set", "").headers().get("X-Rate")).contains("16777216");
  }
}

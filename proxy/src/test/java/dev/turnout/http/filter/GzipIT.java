package dev.turnout.http.filter;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GzipIT {
  private static final String TEXT = "a text that is long enough to be compressed. ".repeat(3);
  private static final String LONG = longText();

  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  private static String longText() {
    SplittableRandom random = new SplittableRandom(7);
    StringBuilder out = new StringBuilder();
    while (out.length() < 1_500_000) {
      out.append("line ").append(random.nextInt(1000)).append('\n');
    }
    return out.toString();
  }

  @BeforeEach
  void start() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            default_type text/html;
            types { text/html html; application/octet-stream bin; }
            server {
              listen 127.0.0.1:0;
              location / { gzip on; gzip_vary on; add_header X-After $sent_http_content_encoding; }
              location /proxied { gzip on; gzip_types *; proxy_pass http://127.0.0.1:%d; }
              location /via { gzip on; gzip_proxied no-store; add_header Cache-Control no-store;
                  alias html/a.html; }
              location /static { gzip_static on; gzip_vary on; alias html/s.html; }
              location /always { gunzip on; gzip_static always; alias html/s.html; }
              location /broken { gunzip on; gzip_static always; alias html/b.html; }
            }
            """
                .formatted(1));
    Path root = Files.createDirectories(proxy.directory().resolve("html"));
    Files.writeString(root.resolve("a.html"), TEXT);
    Files.writeString(root.resolve("long.html"), LONG);
    Files.writeString(root.resolve("short.html"), "short");
    Files.writeString(root.resolve("a.bin"), TEXT);
    Files.writeString(root.resolve("s.html"), TEXT);
    Files.write(
        root.resolve("s.html.gz"),
        (gzip(TEXT.substring(0, 20)) + gzip(TEXT.substring(20))).getBytes(ISO_8859_1));
    String whole = gzip(LONG);
    Files.write(
        root.resolve("b.html.gz"), whole.substring(0, whole.length() / 2).getBytes(ISO_8859_1));
    Files.writeString(root.resolve("b.html"), TEXT);
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private RawResponse ask(String method, String target, String fields) throws IOException {
    return RawClient.ask(
        proxy.port(), method + " " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n");
  }

  private RawResponse gzipped(String target) throws IOException {
    return ask("GET", target, "Accept-Encoding: gzip\r\n");
  }

  private static String gzip(String text) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(text.getBytes(ISO_8859_1));
    }
    return out.toString(ISO_8859_1);
  }

  private static String plain(RawResponse response) throws IOException {
    byte[] body = response.body().getBytes(ISO_8859_1);
    return new String(
        new GZIPInputStream(new ByteArrayInputStream(body)).readAllBytes(), ISO_8859_1);
  }

  @Test
  void aTextIsCompressedForWhoTakesIt() throws IOException {
    RawResponse response = gzipped("/a.html");

    assertThat(response.headers().get("Content-Encoding")).contains("gzip");
    assertThat(response.headers().get("Vary")).contains("Accept-Encoding");
    assertThat(response.headers().get("ETag").orElse("")).startsWith("W/\"");
    assertThat(response.headers().get("Accept-Ranges")).isEmpty();
    assertThat(response.headers().get("Content-Length")).isEmpty();
    assertThat(plain(response)).isEqualTo(TEXT);
  }

  @Test
  void whoDoesNotTakeItGetsTheTextAndIsToldThatItVaries() throws IOException {
    RawResponse response = ask("GET", "/a.html", "Accept-Encoding: br, gzip;q=0\r\n");

    assertThat(response.body()).isEqualTo(TEXT);
    assertThat(response.headers().get("Content-Encoding")).isEmpty();
    assertThat(response.headers().get("Vary")).contains("Accept-Encoding");
    assertThat(response.headers().get("Accept-Ranges")).contains("bytes");
  }

  @Test
  void whatIsShortOrOfAnotherTypeStaysAsItIs() throws IOException {
    assertThat(gzipped("/short.html").body()).isEqualTo("short");
    assertThat(gzipped("/a.bin").body()).isEqualTo(TEXT);
  }

  @Test
  void aRangeOfWhatIsCompressedIsNotServed() throws IOException {
    RawResponse response =
        ask("GET", "/a.html", "Accept-Encoding: gzip\r\nRange: bytes=0-1,99999-\r\n");

    assertThat(response.status()).isEqualTo(200);
    assertThat(plain(response)).isEqualTo(TEXT);
  }

  @Test
  void theWeakTagIsAsGoodForNotModified() throws IOException {
    String etag = gzipped("/a.html").headers().get("ETag").orElse("");

    RawResponse response =
        ask("GET", "/a.html", "Accept-Encoding: gzip\r\nIf-None-Match: " + etag + "\r\n");

    assertThat(response.status()).isEqualTo(304);
    assertThat(response.headers().get("Content-Encoding")).isEmpty();
  }

  @Test
  void headHasTheFieldsAndNoBody() throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      RawResponse response =
          client
              .send("HEAD /a.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
              .readResponse("HEAD");

      assertThat(response.headers().get("Content-Encoding")).contains("gzip");
      assertThat(response.body()).isEmpty();
      assertThat(client.get("a", "/short.html").body()).isEqualTo("short");
    }
  }

  @Test
  void aLongFileGoesThroughInPieces() throws IOException {
    assertThat(plain(gzipped("/long.html"))).isEqualTo(LONG);
  }

  @Test
  void aClientThatReadsLittleHoldsTheCompressionBack() throws IOException {
    try (RawClient client = RawClient.connectWithBuffer(proxy.port(), 2048)) {
      RawResponse response =
          client
              .send("GET /long.html HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n")
              .readResponse();

      assertThat(plain(response)).isEqualTo(LONG);
    }
  }

  @Test
  void throughAProxyOnlyWhatIsAllowedIsCompressed() throws IOException {
    assertThat(ask("GET", "/a.html", "Accept-Encoding: gzip\r\nVia: 1.1 x\r\n").body())
        .isEqualTo(TEXT);
    assertThat(plain(ask("GET", "/via", "Accept-Encoding: gzip\r\nVia: 1.1 x\r\n")))
        .isEqualTo(TEXT);
  }

  @Test
  void aResponseOfAnUpstreamIsCompressedToo() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering(LONG)) {
      assertThat(
              proxy.reload(
                  """
                  server { listen 127.0.0.1:0; gzip on; gzip_types *;
                    location / { proxy_pass http://127.0.0.1:%d; } }
                  """
                      .formatted(upstream.port())))
          .isTrue();

      assertThat(plain(gzipped("/"))).isEqualTo(LONG);
    }
  }

  @Test
  void theFileBesideIsSentToWhoTakesIt() throws IOException {
    RawResponse compressed = gzipped("/static");
    RawResponse text = ask("GET", "/static", "");

    assertThat(plain(compressed)).isEqualTo(TEXT);
    assertThat(compressed.headers().get("Content-Type")).isNotEmpty();
    assertThat(text.body()).isEqualTo(TEXT);
    assertThat(text.headers().get("Vary")).contains("Accept-Encoding");
    RawResponse part = ask("GET", "/static", "Accept-Encoding: gzip\r\nRange: bytes=0-1\r\n");
    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).isEqualTo("\u001f\u008b");
  }

  @Test
  void gunzipMakesAllMembersPlainForWhoDoesNotTakeThem() throws IOException {
    RawResponse response = ask("GET", "/always", "");

    assertThat(response.body()).isEqualTo(TEXT);
    assertThat(response.headers().get("Content-Encoding")).isEmpty();
    assertThat(plain(gzipped("/always"))).isEqualTo(TEXT);
  }

  @Test
  void whatIsNotWholeBreaksTheResponseOff() throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      String all = client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n").readUntilClose();

      assertThat(all).startsWith("HTTP/1.1 200").doesNotEndWith("0\r\n\r\n");
    }
  }
}

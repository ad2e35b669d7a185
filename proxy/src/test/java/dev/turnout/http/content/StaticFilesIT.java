package dev.turnout.http.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StaticFilesIT {
  private static final String DATE = "Thu, 01 Jan 2026 00:00:00 GMT";
  private static final String ETAG = "\"6955b900-10\"";

  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  @BeforeEach
  void files() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            types { text/plain txt; }
            types { text/html html; }
            log_format short "$request_method $status $body_bytes_sent $http_x";
            server {
              listen 127.0.0.1:0;
              access_log logs/short.log short;
              location /alias/ { alias html/sub/; }
              location /try { try_files $uri $uri/ /file.txt; }
              location /named { try_files /none @named; }
              location /slash { root html; try_files $uri @named; }
              location /passed { try_files /none @passed; }
              location @passed { proxy_pass http://127.0.0.1:$server_port; proxy_set_header Host seen; }
              location /real { root html/link; return 200 $realpath_root; }
              location /logged { access_log logs/by_$arg_name.log short; return 200; }
              location @named { return 200 "named"; }
              location /denied { deny all; }
              location /kept { alias html/file.txt; expires 1h; add_header X-Kept yes; }
            }
            server {
              listen 127.0.0.1:0;
              server_name seen;
              return 200 $request_uri;
            }
            """);
    Path root = proxy.directory().resolve("html");
    Files.createDirectories(root.resolve("sub"));
    Files.createDirectories(root.resolve("empty"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("sub"));
    Files.writeString(root.resolve("sub/index.html"), "index of sub");
    Path file = Files.writeString(root.resolve("file.txt"), "0123456789abcdef");
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private RawResponse get(String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target);
  }

  private RawResponse ask(String method, String target, String fields) throws IOException {
    return RawClient.ask(
        proxy.port(), method + " " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n");
  }

  @Test
  void aFileComesWithItsTypeTimeAndTag() throws IOException {
    RawResponse response = get("/file.txt");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("0123456789abcdef");
    assertThat(response.headers().get("Content-Type")).contains("text/plain");
    assertThat(response.headers().get("Last-Modified")).contains(DATE);
    assertThat(response.headers().get("ETag")).contains(ETAG);
    assertThat(response.headers().get("Accept-Ranges")).contains("bytes");
  }

  @Test
  void directoriesAnswerWithTheirIndexOrARedirectToIt() throws IOException {
    assertThat(get("/sub/").body()).isEqualTo("index of sub");
    assertThat(get("/alias/").body()).isEqualTo("index of sub");
    assertThat(get("/empty/").status()).isEqualTo(403);
    assertThat(get("/sub?a=b").headers().get("Location"))
        .contains("http://a.test:" + proxy.port() + "/sub/?a=b");
  }

  @Test
  void whatIsNotThereIsA404AndIsLogged() throws IOException {
    assertThat(get("/none").status()).isEqualTo(404);
    assertThat(get("/none/").status()).isEqualTo(404);
    assertThat(get("/file.txt/").status()).isEqualTo(404);

    assertThat(proxy.errorLog())
        .contains("/html/none\" failed (2: No such file or directory), client: 127.0.0.1");
  }

  @Test
  void onlyGetAndHeadAreAllowed() throws IOException {
    assertThat(ask("POST", "/file.txt", "Content-Length: 0\r\n").status()).isEqualTo(405);
    assertThat(ask("DELETE", "/file.txt", "").status()).isEqualTo(405);
  }

  @Test
  void behindAFileThereIsNoSlash() throws IOException {
    Files.createDirectories(proxy.directory().resolve("html/slash"));
    Files.writeString(proxy.directory().resolve("html/slash/a.txt"), "a");

    assertThat(get("/slash/a.txt").body()).isEqualTo("a");
    assertThat(get("/slash/a.txt/").body()).isEqualTo("named");
  }

  @Test
  void aTargetComesToANamedLocationAsItWasSent() throws IOException {
    assertThat(get("/passed//a%2Fb?c").body()).isEqualTo("/passed//a%2Fb?c");
  }

  @Test
  void tryFilesTakesTheFirstThatIsThere() throws IOException {
    assertThat(get("/try").body()).isEqualTo("0123456789abcdef");
    assertThat(get("/named").body()).isEqualTo("named");
  }

  @Test
  void aClientThatHasTheFileGetsA304() throws IOException {
    assertThat(ask("GET", "/file.txt", "If-Modified-Since: " + DATE + "\r\n").status())
        .isEqualTo(304);
    assertThat(ask("GET", "/file.txt", "If-None-Match: W/" + ETAG + "\r\n").status())
        .isEqualTo(304);
    assertThat(ask("GET", "/file.txt", "If-None-Match: \"other\"\r\n").status()).isEqualTo(200);
    assertThat(ask("GET", "/file.txt", "If-Match: \"other\"\r\n").status()).isEqualTo(412);
  }

  @Test
  void aPartOfTheFileCanBeAskedFor() throws IOException {
    RawResponse part = ask("GET", "/file.txt", "Range: bytes=4-7\r\n");
    RawResponse beyond = ask("GET", "/file.txt", "Range: bytes=16-\r\n");

    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).isEqualTo("4567");
    assertThat(part.headers().get("Content-Range")).contains("bytes 4-7/16");
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.headers().get("Content-Range")).contains("bytes */16");
  }

  @Test
  void clientsUnderADenyGetA403() throws IOException {
    assertThat(get("/denied").status()).isEqualTo(403);
    assertThat(proxy.errorLog()).contains("access forbidden by rule, client: 127.0.0.1");
  }

  @Test
  void addedFieldsGoWithAnswersThatWentWell() throws IOException {
    RawResponse response = get("/kept");

    assertThat(response.headers().get("Cache-Control")).contains("max-age=3600");
    assertThat(response.headers().get("X-Kept")).contains("yes");
  }

  @Test
  void eachRequestIsALineOfTheAccessLog() throws Exception {
    get("/file.txt");
    ask("GET", "/none", "X: a\"b\r\nX: c\r\n");

    String expected = "GET 200 16 -\nGET 404 \\d+ a\\\\x22b, c\n";
    Path log = proxy.directory().resolve("logs/short.log");
    Eventually.until(
        Duration.ofSeconds(5),
        () -> Files.readString(log).matches(expected),
        () -> "the access log did not get its lines");
  }

  @Test
  void aLogMayBeNamedByTheRequest() throws Exception {
    get("/logged?name=a");
    get("/logged?name=b");

    for (String name : List.of("a", "b")) {
      Path log = proxy.directory().resolve("logs/by_" + name + ".log");
      Eventually.until(
          Duration.ofSeconds(5),
          () -> Files.exists(log) && Files.readString(log).equals("GET 200 0 -\n"),
          () -> "the line is not in " + log);
    }
  }

  @Test
  void theRootIsKnownWithoutItsSymbolicLinks() throws IOException {
    Path real = proxy.directory().resolve("html/sub").toRealPath();

    assertThat(get("/real").body()).isEqualTo(real.toString());
  }
}

package dev.turnout.admin.dashboard;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/// The page as it is served. What it does is tested in a browser, by the system test.
class DashboardIT {
  private static final Path SOURCES =
      Path.of("../dashboard/src/main/resources/dev/turnout/dashboard");

  private static String server(String locations) {
    return "server { listen 127.0.0.1:0; server_name localhost; " + locations + " }";
  }

  private static final String USUAL =
      server("location /a<b/ { control_api; } location /ui/ { dashboard; }");

  private static RawResponse get(TestProxy proxy, String target, String... fields)
      throws IOException {
    try (var client = RawClient.connect(proxy.port())) {
      StringBuilder request =
          new StringBuilder("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n");
      for (String field : fields) {
        request.append(field).append("\r\n");
      }
      return client.send(request + "\r\n").readResponse("GET");
    }
  }

  private static String refusal(String locations) {
    try (TestProxy proxy = TestProxy.start(USUAL)) {
      assertThat(proxy.reload(server(locations))).isFalse();
      return proxy.errorLog();
    }
  }

  @Test
  void thePageKnowsItsApiAndAllowsNothingFromElsewhere() throws IOException {
    try (TestProxy proxy = TestProxy.start(USUAL)) {
      RawResponse page = get(proxy, "/ui/");

      assertThat(page.status()).isEqualTo(200);
      assertThat(page.body()).contains("data-api=\"/a&lt;b\"");
      assertThat(page.headers().get("Content-Security-Policy").orElseThrow())
          .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
          .doesNotContain("unsafe", "http:", "https:", "*", "data:");
      assertThat(page.headers().get("X-Content-Type-Options")).hasValue("nosniff");
      assertThat(get(proxy, "/ui").headers().get("Location").orElseThrow()).endsWith("/ui/");
      assertThat(get(proxy, "/ui/none.js").status()).isEqualTo(404);
      assertThat(get(proxy, "/ui/../../dev/turnout/app/Main.class").status()).isNotEqualTo(200);
    }
  }

  @Test
  void aLocationWithoutASlashLeadsToOneWith() throws IOException {
    try (TestProxy proxy =
        TestProxy.start(server("location /c { control_api; } location /ui { dashboard; }"))) {
      assertThat(get(proxy, "/ui").status()).isEqualTo(301);
      assertThat(get(proxy, "/ui").headers().get("Location").orElseThrow()).endsWith("/ui/");
      assertThat(get(proxy, "/ui/").body()).contains("data-api=\"/c\"");
      assertThat(get(proxy, "/ui/app.js").headers().get("Content-Type").orElseThrow())
          .startsWith("text/javascript");
    }
  }

  @Test
  void whatTheBrowserHasIsNotSentAgain() throws IOException {
    try (TestProxy proxy = TestProxy.start(USUAL)) {
      String tag = get(proxy, "/ui/app.js").headers().get("ETag").orElseThrow();

      assertThat(get(proxy, "/ui/app.js", "If-None-Match: " + tag).status()).isEqualTo(304);
    }
  }

  @Test
  void allOfItIsUnder100KilobytesCompressed() throws IOException {
    try (TestProxy proxy = TestProxy.start(USUAL)) {
      long bytes = 0;
      for (String name : DashboardFiles.names()) {
        RawResponse plain = get(proxy, "/ui/" + name);
        RawResponse small = get(proxy, "/ui/" + name, "Accept-Encoding: gzip");
        assertThat(small.headers().get("Content-Encoding")).hasValue("gzip");
        byte[] compressed = small.body().getBytes(ISO_8859_1);
        try (var in = new GZIPInputStream(new ByteArrayInputStream(compressed))) {
          assertThat(in.readAllBytes()).as(name).isEqualTo(plain.body().getBytes(ISO_8859_1));
        }
        bytes += compressed.length;
      }
      assertThat(bytes).isLessThan(100_000);
    }
  }

  @Test
  void everyFileThereIsIsServed() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      assertThat(
              files
                  .filter(Files::isRegularFile)
                  .map(file -> SOURCES.relativize(file).toString())
                  .filter(name -> !name.equals("files.txt") && !name.endsWith(".md")))
          .containsExactlyInAnyOrderElementsOf(DashboardFiles.names());
    }
  }

  @Test
  void vendoredFilesAreWhatTheirHashSays() throws IOException, NoSuchAlgorithmException {
    String table = Files.readString(SOURCES.resolve("vendor/README.md"), UTF_8);
    Matcher row = Pattern.compile("\\| `([^`]+)` .*\\| `([0-9a-f]{64})` \\|").matcher(table);
    int rows = 0;
    for (; row.find(); rows++) {
      byte[] bytes = Files.readAllBytes(SOURCES.resolve("vendor").resolve(row.group(1)));
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(bytes);
      assertThat(HexFormat.of().formatHex(hash)).as(row.group(1)).isEqualTo(row.group(2));
    }
    assertThat(rows).isEqualTo(2);
  }

  @Test
  void strangersDoNotGetIt() throws IOException {
    String config = server("location /c/ { control_api; } location /ui/ { deny all; dashboard; }");
    try (TestProxy proxy = TestProxy.start(config)) {
      assertThat(get(proxy, "/ui/").status()).isEqualTo(403);
    }
  }

  @Test
  void itNeedsAnApi() {
    assertThat(refusal("location /ui/ { dashboard; }"))
        .contains("\"dashboard\" finds no \"control_api\" in this server");
    assertThat(
            refusal(
                "location /a/ { control_api; } location /b { control_api; }"
                    + " location /ui/ { dashboard; }"))
        .contains("\"dashboard\" finds several \"control_api\" in this server: /a, /b");
    assertThat(
            refusal(
                "location /contrl/ { control_api; } location /ui/ { dashboard api=/control/; }"))
        .contains("there is no \"control_api\" at /control/ in this server");
    assertThat(refusal("location /c/ { control_api; } location /ui/ { dashboard c; }"))
        .contains("invalid parameter \"c\"");
    assertThat(refusal("location /c/ { control_api; } location ~ ui { dashboard; }"))
        .contains("\"dashboard\" must be in a location that is given by a prefix");
  }

  @Test
  void oneOfSeveralApisIsNamed() throws IOException {
    String config =
        server(
            "location /a/ { control_api; } location /b { control_api; }"
                + " location /ui/ { dashboard api=/b/; }");
    try (TestProxy proxy = TestProxy.start(config)) {
      assertThat(get(proxy, "/ui/").body()).contains("data-api=\"/b\"");
    }
  }

  @Test
  void thePageLoadsNothingThatIsNotThere() throws IOException {
    List<String> names = DashboardFiles.names();
    Pattern loads =
        Pattern.compile("(?:src|href)=\"([a-z/]+\\.(?:js|css|svg))\"|from \"\\./([^\"]+)\"");
    for (String name : names) {
      Matcher found = loads.matcher(Files.readString(SOURCES.resolve(name), UTF_8));
      while (found.find()) {
        assertThat(names).contains(found.group(1) != null ? found.group(1) : found.group(2));
      }
    }
  }
}

package dev.turnout.http.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DirectoriesIT {
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  @BeforeEach
  void start() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            server {
              listen 127.0.0.1:0;
              location /html/ { alias html/; autoindex on; }
              location /short/ { alias html/; autoindex on; autoindex_exact_size off; }
              location /json/ { alias html/; autoindex on; autoindex_format json; }
              location /jsonp/ { alias html/; autoindex on; autoindex_format jsonp; }
              location /xml/ { alias html/; autoindex on; autoindex_format xml; }
              location /random/ { alias html/; random_index on; }
              location /none/ { alias html/; }
            }
            """);
    Path root = Files.createDirectories(proxy.directory().resolve("html"));
    Path file = Files.writeString(root.resolve("a<b"), "x".repeat(20_000));
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-02T03:04:05Z")));
    Files.writeString(root.resolve(".hidden"), "");
    Path inner = Files.createDirectories(root.resolve("z"));
    Files.setLastModifiedTime(inner, FileTime.from(Instant.parse("2026-01-02T03:04:05Z")));
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private RawResponse get(String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target);
  }

  @Test
  void aListHasDirectoriesFirstAndEscapesNames() throws IOException {
    RawResponse response = get("/html/");

    assertThat(response.headers().get("Content-Type")).contains("text/html");
    assertThat(response.body())
        .contains("<h1>Index of /html/</h1>")
        .contains(
            "<a href=\"z/\">z/</a>"
                + " ".repeat(48)
                + " 02-Jan-2026 03:04"
                + " ".repeat(19)
                + "-\r\n")
        .contains(
            "<a href=\"a%3Cb\">a&lt;b</a>"
                + " ".repeat(47)
                + " 02-Jan-2026 03:04"
                + " ".repeat(15)
                + "20000\r\n")
        .doesNotContain("hidden");
  }

  @Test
  void sizesMayBeRounded() throws IOException {
    assertThat(get("/short/").body()).contains("02-Jan-2026 03:04     20K\r\n");
  }

  @Test
  void listsComeInOtherForms() throws IOException {
    assertThat(get("/json/").body())
        .isEqualTo(
            "[\r\n{ \"name\":\"z\", \"type\":\"directory\", \"mtime\":\"Fri, 02 Jan 2026 03:04:05 GMT\" },"
                + "\r\n{ \"name\":\"a<b\", \"type\":\"file\", \"mtime\":\"Fri, 02 Jan 2026 03:04:05 GMT\","
                + " \"size\":20000 }\r\n]");
    assertThat(get("/jsonp/?callback=f").body())
        .startsWith("/* callback */\r\nf([")
        .endsWith("]);");
    assertThat(get("/jsonp/?callback=f()").status()).isEqualTo(400);
    assertThat(get("/xml/").body())
        .contains("<directory mtime=\"2026-01-02T03:04:05Z\">z</directory>")
        .contains("<file mtime=\"2026-01-02T03:04:05Z\" size=\"20000\">a&lt;b</file>");
  }

  @Test
  void withoutListsADirectoryIsForbidden() throws IOException {
    assertThat(get("/none/").status()).isEqualTo(403);
  }

  @Test
  void aRandomFileIsAFile() throws IOException {
    assertThat(get("/random/").body()).hasSize(20_000);
  }

  @Test
  void headOfAListHasNoBody() throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      RawResponse response =
          client.send("HEAD /html/ HTTP/1.1\r\nHost: a\r\n\r\n").readResponse("HEAD");

      assertThat(response.status()).isEqualTo(200);
      assertThat(client.get("a", "/none/").status()).isEqualTo(403);
    }
  }
}

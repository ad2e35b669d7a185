package dev.turnout.http.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// `proxy_store`: answers that become files.
class StoreIT {
  private static TestProxy storing(FakeUpstream upstream, String... more) {
    return TestProxy.start(
        """
        server {
          listen 127.0.0.1:0;
          root kept;
          proxy_http_version 1.1;
          location / { proxy_pass http://%s; proxy_store on; %s }
          location /named/ { proxy_pass http://%s; proxy_store by-$arg_name; }
          location /ssi { ssi on; ssi_types *; root pages; }
        }
        """
            .formatted(upstream.address(), String.join(" ", more), upstream.address()));
  }

  private static List<Path> temporaryFiles(TestProxy proxy) throws IOException {
    Path directory = proxy.directory().resolve("proxy_temp");
    if (!Files.exists(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }

  private static String answer(String body, String... fields) {
    return "HTTP/1.1 200 OK\r\nContent-Length: "
        + body.length()
        + "\r\n"
        + String.join("\r\n", fields)
        + (fields.length == 0 ? "" : "\r\n")
        + "\r\n"
        + body;
  }

  @Test
  void anAnswerIsAFileWhenTheClientHasIt() throws Exception {
    String body = "text ".repeat(100_000);
    String dated = "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT";
    try (FakeUpstream upstream = FakeUpstream.raw(answer(body, dated));
        TestProxy proxy = storing(upstream)) {
      assertThat(RawClient.get(proxy.port(), "h", "/a/b.txt").body()).isEqualTo(body);

      Path file = proxy.directory().resolve("kept/a/b.txt");
      Eventually.until(Duration.ofSeconds(10), () -> Files.exists(file), () -> "nothing is stored");
      assertThat(file).content().isEqualTo(body);
      assertThat(Files.getLastModifiedTime(file))
          .isEqualTo(FileTime.from(Instant.parse("2026-01-01T00:00:00Z")));
      assertThat(Files.getPosixFilePermissions(file))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(temporaryFiles(proxy)).isEmpty();
    }
  }

  @Test
  void theConnectionGoesOnWhenTheFileIsThere() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("one");
        TestProxy proxy = storing(upstream, "proxy_store_access group:rw all:r;");
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("h", "/named/?name=x").body()).isEqualTo("one");
      assertThat(client.get("h", "/chunk").body()).isEqualTo("one");
      assertThat(client.get("h", "/chunk").body()).isEqualTo("one");

      assertThat(proxy.directory().resolve("by-x")).hasContent("one");
      assertThat(Files.getPosixFilePermissions(proxy.directory().resolve("kept/chunk")))
          .isEqualTo(PosixFilePermissions.fromString("rw-rw-r--"));
    }
  }

  @Test
  void onlyWholeAnswersOfGoodRequestsAreStored() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno",
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx");
        TestProxy proxy = storing(upstream)) {
      assertThat(RawClient.get(proxy.port(), "h", "/none").status()).isEqualTo(404);
      assertThat(RawClient.ask(proxy.port(), "HEAD /head HTTP/1.1\r\nHost: h\r\n\r\n").status())
          .isEqualTo(200);
      assertThatThrownBy(() -> RawClient.get(proxy.port(), "h", "/broken"))
          .isInstanceOf(IOException.class);

      Eventually.until(
          Duration.ofSeconds(10),
          () -> temporaryFiles(proxy).isEmpty(),
          () -> "temporary files stay");
      assertThat(proxy.directory().resolve("kept/none")).doesNotExist();
      assertThat(proxy.directory().resolve("kept/head")).doesNotExist();
      assertThat(proxy.directory().resolve("kept/broken")).doesNotExist();
    }
  }

  @Test
  void aDirectoryThatCannotBeWrittenCostsTheClientNothing() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("one");
        TestProxy proxy = storing(upstream, "proxy_temp_path /dev/null;");
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("h", "/a").body()).isEqualTo("one");
      assertThat(client.get("h", "/b").body()).isEqualTo("one");
      assertThat(proxy.errorLog()).contains("storing \"" + proxy.directory() + "/kept/a\" failed");
    }
  }

  @Test
  void whatASubrequestGetsIsStored() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("part");
        TestProxy proxy = storing(upstream)) {
      Path pages = Files.createDirectories(proxy.directory().resolve("pages"));
      Files.writeString(pages.resolve("ssi"), "<!--#include virtual=\"/p\" -->");

      assertThat(RawClient.get(proxy.port(), "h", "/ssi").body()).isEqualTo("part");
      assertThat(proxy.directory().resolve("kept/p")).hasContent("part");
    }
  }
}

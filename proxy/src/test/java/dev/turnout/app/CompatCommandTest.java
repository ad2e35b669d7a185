package dev.turnout.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompatCommandTest {
  @TempDir Path directory;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int compare(String... configuration) throws IOException {
    Path file =
        Files.writeString(directory.resolve("nginx.conf"), String.join("\n", configuration));
    return run("compat", file.toString());
  }

  private int run(String... arguments) throws IOException {
    return CompatCommand.run(arguments, new PrintStream(out), new PrintStream(err));
  }

  private String report() {
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  @Test
  void aConfigurationThatRunsSaysSo() throws IOException {
    int status =
        compare(
            "events {}",
            "http { server { listen 127.0.0.1:8080; location / { return 200 $host; } } }");

    assertThat(report()).isEqualTo("1 file, 6 directives: 6 run, 0 run and differ, 0 refused\n");
    assertThat(status).isZero();
  }

  @Test
  void everyRefusalIsTold() throws IOException {
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 30; i++) {
      many.append("ssl_certificate site.pem;\n");
    }
    int status =
        compare(
            "events {}",
            "http { server { listen 127.0.0.1:8443 ssl;",
            many.toString(),
            "location / { proxy_pass https://127.0.0.1; no_such_thing on; } } }",
            "mail { server { listen 25; protocol smtp; } }");

    assertThat(status).isEqualTo(1);
    assertThat(report().lines().filter(line -> line.contains("\"ssl_certificate\""))).hasSize(30);
    assertThat(report())
        .contains("the \"ssl\" parameter of \"listen\" is not supported in")
        .contains("https protocol is not supported in \"proxy_pass\" in")
        .contains("unknown directive \"no_such_thing\" in")
        .contains("and 3 directives inside of refused blocks");
  }

  @Test
  void whatDiffersIsToldOnceWithItsReason() throws IOException {
    int status =
        compare(
            "events {}",
            "http { proxy_buffering off; server { listen 127.0.0.1:8080; proxy_buffering on; } }");

    assertThat(status).isZero();
    assertThat(report())
        .startsWith("1 file, 6 directives: 4 run, 2 run and differ, 0 refused\n")
        .contains("  proxy_buffering (" + directory + "/nginx.conf:2 and 1 more): Responses");
  }

  @Test
  void includedFilesAreReadAndAFileThatIsMissingIsNoRefusal() throws IOException {
    Files.writeString(directory.resolve("more.conf"), "server { listen 127.0.0.1:8080; xyz; }");

    int status = compare("events {}", "http { include more.conf; include /none/mime.types; }");

    assertThat(status).isEqualTo(1);
    assertThat(report())
        .startsWith("2 files, ")
        .contains("unknown directive \"xyz\" in " + directory + "/more.conf:1")
        .contains("on this machine:\n  open() \"/none/mime.types\" failed");
  }

  @Test
  void aVariableThatNothingDefinesIsRefused() throws IOException {
    int status =
        compare(
            "events {}",
            "http { server { listen 127.0.0.1:8080; location / { return 200 $nowhere; } } }");

    assertThat(status).isEqualTo(1);
    assertThat(report()).contains("unknown \"nowhere\" variable");
  }

  @Test
  void nothingIsWritten() throws IOException {
    compare(
        "events {}",
        "error_log errors.log;",
        "http { access_log requests.log; server { listen 127.0.0.1:8080; } }");

    try (var files = Files.list(directory)) {
      assertThat(files.map(file -> String.valueOf(file.getFileName())))
          .containsExactly("nginx.conf");
    }
  }

  @Test
  void aFileThatIsNotThereIsSaid() throws IOException {
    assertThat(run("compat", directory + "/none")).isEqualTo(2);
    assertThat(run("compat")).isEqualTo(2);
    assertThat(err.toString(StandardCharsets.ISO_8859_1))
        .contains("/none\" is not a file that can be read")
        .contains("usage: turnout compat file");
  }
}

package dev.turnout.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `state FILE` in an upstream: the file is read, written with every change, and counts.
class ServerListFileIT {
  @TempDir private Path directory;

  private static final String NODE =
      """
      upstream u { state u.conf; }
      server { listen 127.0.0.1:0; location / { proxy_pass http://u; }
        location /conf { upstream_conf; } location /upstream { dyups_interface; } }
      """;

  private static RawResponse conf(TestProxy proxy, String query) throws Exception {
    return RawClient.get(proxy.port(), "h", "/conf?upstream=u&" + query);
  }

  private static String served(TestProxy proxy) throws Exception {
    return RawClient.get(proxy.port(), "h", "/").body();
  }

  private String servers() throws IOException {
    StringBuilder lines = new StringBuilder();
    for (String line : Files.readAllLines(directory.resolve("u.conf"))) {
      if (!line.startsWith("#")) {
        lines.append(line).append('\n');
      }
    }
    return lines.toString();
  }

  @Test
  void aMissingFileIsAnEmptyListAndTheFirstChangeMakesIt() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);

      conf(proxy, "add=&server=" + a.address() + "&weight=2");

      assertThat(servers()).isEqualTo("server " + a.address() + " weight=2;\n");
      assertThat(directory.resolve("u.conf.tmp")).doesNotExist();
      assertThat(served(proxy)).isEqualTo("a");
    }
  }

  @Test
  void theListSurvivesARestartWithItsIds() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a")) {
      try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
        conf(proxy, "add=&server=127.0.0.1:1&down=");
        conf(proxy, "add=&server=" + a.address());
        conf(proxy, "remove=&id=0");
      }

      try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
        assertThat(conf(proxy, "").body()).isEqualTo("server " + a.address() + "; # id=1\n");
        assertThat(served(proxy)).isEqualTo("a");
      }
    }
  }

  @Test
  void aFileThatWasEditedWhileTheNodeWasDownCounts() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b")) {
      try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
        conf(proxy, "add=&server=" + a.address() + "&max_fails=9");
      }
      Files.writeString(
          directory.resolve("u.conf"),
          "server " + b.address() + ";\nserver " + a.address() + " backup;\n");

      try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
        assertThat(served(proxy)).isEqualTo("b");
        assertThat(conf(proxy, "").body())
            .contains("server " + b.address() + ";")
            .contains("server " + a.address() + " backup;")
            .doesNotContain("max_fails");
      }
    }
  }

  @Test
  void withoutAJournalTheFileIsEnough() throws Exception {
    String node = "state_directory off;\n" + NODE;
    try (FakeUpstream a = FakeUpstream.named("a")) {
      try (TestProxy proxy = TestProxy.startIn(directory, node)) {
        conf(proxy, "add=&server=" + a.address() + "&max_conns=5");
      }

      try (TestProxy proxy = TestProxy.startIn(directory, node)) {
        assertThat(served(proxy)).isEqualTo("a");
      }
    }
  }

  @Test
  void aReloadKeepsTheListAndTakesAnEditedFile() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      conf(proxy, "add=&server=" + a.address());
      assertThat(proxy.reload(NODE)).isTrue();
      assertThat(served(proxy)).isEqualTo("a");

      Files.writeString(directory.resolve("u.conf"), "server " + b.address() + ";\n");
      assertThat(proxy.reload(NODE)).isTrue();

      assertThat(served(proxy)).isEqualTo("b");
    }
  }

  @Test
  void aMethodSetByAnotherInterfaceStaysAlthoughTheFileDoesNotHoldIt() throws Exception {
    String body = "least_conn; server 127.0.0.1:1;";
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      RawResponse set =
          RawClient.ask(
              proxy.port(),
              "POST /upstream/u HTTP/1.1\r\nHost: h\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body);
      assertThat(set.body()).isEqualTo("success");
      assertThat(servers()).isEqualTo("server 127.0.0.1:1;\n");
    }

    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      assertThat(proxy.upstreams().find("u"))
          .satisfies(u -> assertThat(u.current().spec().method().text()).isEqualTo("least_conn"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          upstream u { state u.conf; server 127.0.0.1:1; } | | "state" directive is incompatible with "server"
          upstream u { state u.conf; } upstream v { state u.conf; } | | is in use by upstream "u"
          upstream u { state no/u.conf; } | | no/u.conf": No such file or directory
          upstream u { state u.conf; } | server 127.0.0.1:1 weight=x; | invalid parameter "weight=x"
          upstream u { state u.conf; } | ip_hash; | directive "ip_hash" is only for configurations
          upstream u { state u.conf; ip_hash; } | server 127.0.0.1:1 backup; | balancing method does not support parameter "backup"
          """)
  void whatCannotBeReadIsRefused(String upstreams, String file, String message) throws Exception {
    if (file != null) {
      Files.writeString(directory.resolve("u.conf"), file);
    }

    assertThatThrownBy(
            () -> TestProxy.startIn(directory, upstreams + " server { listen 127.0.0.1:0; }"))
        .hasMessageContaining(message);
  }

  @Test
  void aFullDiskRefusesTheChangeAndNothingIsInForce() throws Exception {
    Path disk = Files.createDirectory(directory.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=64k", "turnout-test", disk.toString()),
        "may not mount a tmpfs");
    String node = NODE.replace("state u.conf", "state disk/u.conf");
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.startIn(directory, node)) {
      conf(proxy, "add=&server=" + a.address());
      String stored = Files.readString(disk.resolve("u.conf"));
      Path ballast = disk.resolve("ballast");
      fill(ballast);

      RawResponse refused = conf(proxy, "add=&server=127.0.0.1:1");

      assertThat(refused.status()).isEqualTo(507);
      assertThat(conf(proxy, "").body()).isEqualTo("server " + a.address() + "; # id=0\n");
      assertThat(disk.resolve("u.conf")).hasContent(stored);
      assertThat(proxy.writer().history().revision()).isEqualTo(1);

      Files.delete(ballast);
      assertThat(conf(proxy, "add=&server=127.0.0.1:1&down=").status()).isEqualTo(200);
      assertThat(Files.readString(disk.resolve("u.conf"))).contains("server 127.0.0.1:1 down;");
    } finally {
      assertThat(run("umount", disk.toString())).isTrue();
    }
  }

  private static void fill(Path ballast) throws IOException {
    try (var out = Files.newOutputStream(ballast)) {
      while (true) {
        out.write(new byte[1024]);
      }
    } catch (IOException full) {
      assertThat(full).hasMessageContaining("No space left");
    }
  }

  private static boolean run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor() == 0;
    } catch (IOException _) {
      return false; // no such program
    }
  }
}

package dev.turnout.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.upstream.PeerSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `servers_from file`.
class FileServersIT {
  private static final Duration SOON = Duration.ofSeconds(15);
  private static final String NODE =
      """
      upstream u { servers_from file list.conf interval=10ms; }
      server { listen 127.0.0.1:0; location / { proxy_pass http://u; } }
      """;

  @TempDir private Path directory;
  private Path list = Path.of("list.conf");

  @BeforeEach
  void placeOfTheList() {
    list = directory.resolve("list.conf");
  }

  private static String shown(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u")).current().spec().servers().stream()
        .map(PeerSpec::line)
        .collect(Collectors.joining("\n", "", "\n"));
  }

  private static void await(TestProxy proxy, String lines) throws Exception {
    Eventually.until(SOON, () -> shown(proxy).equals(lines), () -> shown(proxy) + proxy.errorLog());
  }

  private static void awaitLogged(TestProxy proxy, String text) throws Exception {
    Eventually.until(SOON, () -> proxy.errorLog().contains(text), proxy::errorLog);
  }

  /// As an editor saves: beside it, and then in its place.
  private void save(String text) throws Exception {
    Path aside = directory.resolve("list.conf~");
    Files.writeString(aside, text);
    Files.move(aside, list, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  void aListAppliesOnSave() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b")) {
      String first = "server " + a.address() + ";\n";
      Files.writeString(list, first);
      try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");

        String second = "server " + b.address() + " weight=2 max_conns=7;\n";
        save(second);
        await(proxy, second);
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("b");

        Files.writeString(list, first + second);
        await(proxy, first + second);
        assertThat(proxy.writer().history().last(1).getFirst().origin().dialect())
            .isEqualTo("file");
      }
    }
  }

  @Test
  void aListThatIsBrokenEmptyOrGoneChangesNothing() throws Exception {
    String good = "server 127.0.0.1:1;\n";
    Files.writeString(list, good);
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      save("server 127.0.0.1:2;\nserver 127.0.0.1:3 wieght=2;\n");
      awaitLogged(proxy, "invalid parameter \"wieght=2\" in " + list + ":2");
      save("# nothing\n");
      awaitLogged(proxy, "it has no servers now");
      Files.delete(list);
      awaitLogged(proxy, "failed (2: No such file or directory)");
      assertThat(shown(proxy)).isEqualTo(good);

      save("server 127.0.0.1:4 backup;\nserver 127.0.0.1:5;\n");
      await(proxy, "server 127.0.0.1:4 backup;\nserver 127.0.0.1:5;\n");
    }
  }

  @Test
  void howASourceIsDoingIsShown() throws Exception {
    Files.writeString(list, "server 127.0.0.1:1;\n");
    String node =
        NODE.replace(
            "location /",
            "location /control { control_api; } location /metrics { prometheus; } location /");
    try (TestProxy proxy = TestProxy.startIn(directory, node)) {
      save("server 127.0.0.1:2;\n");
      await(proxy, "server 127.0.0.1:2;\n");
      Eventually.until(SOON, () -> sources(proxy).contains("\"in_step\""), proxy::errorLog);
      assertThat(sources(proxy))
          .contains("{\"upstream\":\"u\",\"source\":\"" + list + "\",\"state\":\"in_step\"")
          .contains("\"changes\":1,\"failures\":0");
      assertThat(RawClient.get(proxy.port(), "localhost", "/metrics").body())
          .contains("turnout_source_in_step{upstream=\"u\"} 1")
          .contains("turnout_source_changes_total{upstream=\"u\"} 1");

      save("nonsense");

      Eventually.until(SOON, () -> sources(proxy).contains("\"silent\""), proxy::errorLog);
      assertThat(RawClient.get(proxy.port(), "localhost", "/metrics").body())
          .contains("turnout_source_in_step{upstream=\"u\"} 0");
    }
  }

  private static String sources(TestProxy proxy) throws Exception {
    return RawClient.get(proxy.port(), "localhost", "/control/sources").body();
  }

  @Test
  void aRestartWithoutTheListGoesOnWithWhatItWas() throws Exception {
    Files.writeString(list, "server 127.0.0.1:1;\n");
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      save("server 127.0.0.1:2;\n");
      await(proxy, "server 127.0.0.1:2;\n");
    }
    Files.delete(list);
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      assertThat(shown(proxy)).isEqualTo("server 127.0.0.1:2;\n");
    }
  }

  @Test
  void anEditWhileTheNodeWasDownCounts() throws Exception {
    Files.writeString(list, "server 127.0.0.1:1;\n");
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      save("server 127.0.0.1:2;\n");
      await(proxy, "server 127.0.0.1:2;\n");
    }
    save("server 127.0.0.1:3;\n");
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      await(proxy, "server 127.0.0.1:3;\n");
    }
  }

  @Test
  void aReloadThatTakesTheSourceAwayHasWhatTheBlockNames() throws Exception {
    Files.writeString(list, "server 127.0.0.1:1;\n");
    try (TestProxy proxy = TestProxy.startIn(directory, NODE)) {
      assertThat(proxy.reload(NODE)).isTrue();
      save("server 127.0.0.1:2;\n");
      await(proxy, "server 127.0.0.1:2;\n");

      assertThat(
              proxy.reload(
                  NODE.replace("servers_from file list.conf interval=10ms", "server 10.0.0.1")))
          .isTrue();

      assertThat(shown(proxy)).isEqualTo("server 10.0.0.1;\n");
    }
  }

  @Test
  void whatTheBlockNamesCountsUntilThereIsAFirstAnswerAlsoWhenItIsEdited() throws Exception {
    String node = NODE.replace("10ms;", "10ms; server 10.0.0.1;");
    try (TestProxy proxy = TestProxy.startIn(directory, node)) {
      assertThat(shown(proxy)).isEqualTo("server 10.0.0.1;\n");
      assertThat(proxy.reload(node.replace("10.0.0.1", "10.0.0.2"))).isTrue();
      assertThat(shown(proxy)).isEqualTo("server 10.0.0.2;\n");

      save("server 127.0.0.1:3;\n");
      await(proxy, "server 127.0.0.1:3;\n");
      assertThat(proxy.reload(node)).isTrue();
      assertThat(shown(proxy)).isEqualTo("server 127.0.0.1:3;\n");
    }
  }

  @Test
  void whatCannotBeMeantIsRefused() {
    refused("servers_from fiel list.conf;", "invalid parameter \"fiel\"");
    refused("servers_from file list.conf every=1s;", "invalid parameter \"every=1s\"");
    refused("servers_from file list.conf interval=0;", "invalid parameter \"interval=0\"");
    refused(
        "upsync 127.0.0.1:1/v1/kv/u upsync_type=consul; servers_from file list.conf;",
        "by \"upsync\" already");
  }

  private static void refused(String upstream, String message) {
    assertThatThrownBy(() -> TestProxy.start("upstream u { " + upstream + " }"))
        .hasMessageContaining(message);
  }
}

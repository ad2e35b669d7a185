package dev.turnout.http.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalChange.Put;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.testkit.RawClient;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `keyval` by network and by prefix, and entries that end, over real HTTP.
class KeyvalIT {
  @TempDir private Path directory;

  private static String node(String parameters) {
    return "keyval_zone zone=z:1m "
        + parameters
        + ";\n"
        + """
        keyval $arg_k $found zone=z default=none;
        keyval_zone zone=switches:1m;
        server { listen 127.0.0.1:0; location / { return 200 $found; }
          location /switch { upstream_switch zone=switches; } }
        """;
  }

  private static ChangeResult change(TestProxy proxy, KeyvalChange... edits) throws Exception {
    KeyvalZone zone = proxy.zone("z");
    assertThat(zone).isNotNull();
    return proxy
        .writer()
        .submit(ChangeRequest.of(Origin.of("test", ""), zone, edits))
        .get(20, TimeUnit.SECONDS);
  }

  private static String found(TestProxy proxy, String key) throws Exception {
    return RawClient.get(proxy.port(), "h", "/?k=" + key).body();
  }

  @Test
  void anAddressIsFoundInItsSmallestNetwork() throws Exception {
    try (TestProxy proxy = TestProxy.start(node("type=ip"))) {
      change(proxy, new Put("10.0.0.0/8", "wide"), new Put("10.1.0.0/16", "narrow"));

      assertThat(found(proxy, "10.1.2.3")).isEqualTo("narrow");
      assertThat(found(proxy, "10.2.2.3")).isEqualTo("wide");
      assertThat(found(proxy, "11.2.2.3")).isEqualTo("none");

      change(proxy, new KeyvalChange.Delete("10.1.0.0/16"));
      assertThat(found(proxy, "10.1.2.3")).isEqualTo("wide");
      assertThat(change(proxy, new Put("ten", "v"))).isEqualTo(new ChangeResult.InvalidKey("ten"));
    }
  }

  @Test
  void aReloadToAnotherTypeLooksTheSameEntriesUpAnew() throws Exception {
    try (TestProxy proxy = TestProxy.start(node("type=string"))) {
      change(proxy, new Put("/a", "a"), new Put("/a/b", "b"));
      assertThat(found(proxy, "/a/b/c")).isEqualTo("none");

      assertThat(proxy.reload(node("type=prefix"))).isTrue();

      assertThat(found(proxy, "/a/b/c")).isEqualTo("b");
      assertThat(found(proxy, "/a/c")).isEqualTo("a");
    }
  }

  @Test
  void anEntryIsNotServedOnceItsTimeIsOver() throws Exception {
    try (TestProxy proxy = TestProxy.start(node("timeout=1h"))) {
      change(proxy, new Put("k", "v"));
      assertThat(found(proxy, "k")).isEqualTo("v");

      change(proxy, new Put("k", "v", 0L));

      assertThat(found(proxy, "k")).isEqualTo("none");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"timeout=1h", "timeout=1h state=z.json"})
  void deadlinesSurviveARestart(String parameters) throws Exception {
    long deadline;
    try (TestProxy proxy = TestProxy.startIn(directory, node(parameters))) {
      change(proxy, new Put("k", "v"), new Put("over", "v", 0L));
      KeyvalZone zone = proxy.zone("z");
      assertThat(zone).isNotNull();
      deadline = zone.snapshot().deadline("k");
    }

    try (TestProxy proxy = TestProxy.startIn(directory, node(parameters))) {
      assertThat(found(proxy, "k")).isEqualTo("v");
      assertThat(found(proxy, "over")).isEqualTo("none");
      KeyvalZone zone = proxy.zone("z");
      assertThat(zone).isNotNull();
      assertThat(zone.snapshot().deadline("k")).isEqualTo(deadline);
    }
  }

  @Test
  void whatIsRestoredEndsWhenItWouldHaveEnded() throws Exception {
    try (TestProxy proxy = TestProxy.start(node("timeout=1h"))) {
      change(proxy, new Put("k", "old"));
      KeyvalZone zone = proxy.zone("z");
      assertThat(zone).isNotNull();
      long deadline = zone.snapshot().deadline("k");
      long revision = proxy.writer().history().revision();
      change(proxy, new Put("k", "new", 7_200_000L));

      proxy
          .writer()
          .submit(
              ChangeRequest.of(
                  Origin.of("test", ""), new dev.turnout.control.Operation.Restore(revision)))
          .get(20, TimeUnit.SECONDS);

      assertThat(found(proxy, "k")).isEqualTo("old");
      assertThat(zone.snapshot().deadline("k")).isEqualTo(deadline);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          sync         | the "sync" parameter of "keyval_zone" is not supported
          type=cidr    | invalid type "type=cidr"
          timeout=0    | invalid timeout value "timeout=0"
          timeout=soon | invalid timeout value "timeout=soon"
          """)
  void whatCannotBeIsRefused(String parameter, String message) {
    assertThatThrownBy(() -> TestProxy.start(node(parameter))).hasMessageContaining(message);
  }
}

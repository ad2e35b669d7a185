package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.gate.KeyMaker;
import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a page asks each second, and who it is that asks.
class FiguresIT {
  private FakeUpstream upstream;
  private TestProxy proxy;
  private ControlClient client;

  private String config(String more) {
    return """
    upstream app { server %s; server 127.0.0.1:1 down; }
    upstream other { server 127.0.0.1:1; }
    server {
      listen 127.0.0.1:0;
      server_name localhost;
      location /control { control_api write=on; }
      location /reading { control_api; }
      %s
      location / { proxy_pass http://app; }
    }
    """
        .formatted(upstream.address(), more);
  }

  @BeforeEach
  void start() throws IOException {
    upstream = FakeUpstream.answering("hello");
    proxy = TestProxy.start(config("location /ui { dashboard api=/control; }"));
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    proxy.close();
    upstream.close();
  }

  private void request() throws IOException {
    assertThat(RawClient.get(proxy.port(), "localhost", "/").body()).isEqualTo("hello");
    proxy.status(); // counted
  }

  @Test
  void serversAreTheRowsOfColumns() throws IOException {
    request();

    ControlClient.Reply figures = client.get("/figures?latency=APP");

    assertThat(figures.at("/upstreams/0/name")).isEqualTo("app");
    assertThat(figures.at("/upstreams/0/id")).isEqualTo("2");
    assertThat(figures.at("/upstreams/0/state/0")).isEqualTo("up");
    assertThat(figures.at("/upstreams/0/state/1")).isEqualTo("down");
    assertThat(figures.at("/upstreams/0/requests/0")).isEqualTo("1");
    assertThat(figures.at("/upstreams/0/server_errors/0")).isEqualTo("0");
    assertThat(figures.at("/upstreams/0/last_passed/0")).isEqualTo("null");
    assertThat(figures.at("/upstreams/0/bounds_us")).isEqualTo("17");
    assertThat(figures.at("/upstreams/0/latency/0")).isEqualTo("18");
    assertThat(figures.at("/upstreams/1/latency")).isEqualTo("-");
  }

  @Test
  void whatHasNotMovedIsNotSentAgain() throws IOException {
    String tag = client.get("/figures").etag();

    assertThat(client.get("/figures", "If-None-Match", tag).status()).isEqualTo(304);
    request();
    ControlClient.Reply moved = client.get("/figures", "If-None-Match", tag);
    assertThat(moved.status()).isEqualTo(200);
    assertThat(moved.at("/upstreams/0/requests/0")).isEqualTo("1");
  }

  @Test
  void theTimelineCountsWhatIsNotForOperators() throws Exception {
    request();

    Eventually.until(
        Duration.ofSeconds(20),
        () -> client.get("/timeline").body().matches("(?s).*\"requests\":\\[(0,)*1[],].*"),
        () -> client.get("/timeline").body());
    assertThat(client.get("/timeline").at("/kept")).isEqualTo("true");
    assertThat(client.get("/timeline?since=" + Long.MAX_VALUE).at("/requests")).isEqualTo("0");
  }

  @Test
  void withoutADashboardNothingIsKept() {
    assertThat(proxy.reload(config(""))).isTrue();

    assertThat(client.get("/timeline").at("/kept")).isEqualTo("false");
  }

  @Test
  void theIndexTellsWhoAsksAndWhatTheyMayDo(@TempDir Path directory) throws IOException {
    assertThat(client.get("").at("/you/level")).isEqualTo("admin");
    assertThat(client.get("").at("/you/writable")).isEqualTo("true");
    try (ControlClient reading = ControlClient.of(proxy, "/reading")) {
      assertThat(reading.get("").at("/you/level")).isEqualTo("viewer");
      assertThat(reading.get("").at("/you/writable")).isEqualTo("false");
    }

    KeyMaker bob = KeyMaker.make("bob", "operator:upstream=web-*,host=*.test");
    Path keys = directory.resolve("keys");
    Files.writeString(keys, bob.line() + "\n");
    assertThat(proxy.reload(config("management_keys " + keys + ";"))).isTrue();
    ControlClient.Reply index = client.get("", "Authorization", "Bearer " + bob.key());
    assertThat(index.at("/you/who")).isEqualTo("key:bob");
    assertThat(index.at("/you/level")).isEqualTo("operator");
    assertThat(index.at("/you/upstreams/0")).isEqualTo("web-*");
    assertThat(index.at("/you/hosts/0")).isEqualTo("*.test");
  }
}

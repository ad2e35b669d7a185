package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.server;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.turnout.app.TestProxy;
import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.net.resolve.ResolverStats;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.DnsRecord;
import dev.turnout.testkit.FakeDns;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Names that are resolved while the node runs: of `proxy_pass` with variables, and of servers with
/// `resolve`.
class NameResolutionIT {
  private static final String NAME = "app.example.com";

  private final FakeDns dns = FakeDns.start();
  private final FakeUpstream app = FakeUpstream.named("app");

  @AfterEach
  void close() {
    dns.close();
    app.close();
  }

  private String resolver(String... parameters) {
    return "resolver " + dns.address() + " ipv6=off " + String.join(" ", parameters) + ";\n";
  }

  /// A location that passes to the host in the argument `to`.
  private String byArgument(String resolver) {
    return resolver + server("proxy_pass http://$arg_to;");
  }

  private String named(String resolver, String parameters) {
    return resolver
        + "upstream u { server "
        + NAME
        + ":"
        + app.port()
        + " resolve "
        + parameters
        + "; }\n"
        + server("proxy_pass http://u;", "add_header X-Peer $upstream_addr always;");
  }

  private static RawResponse get(TestProxy proxy, String target) throws Exception {
    return RawClient.get(proxy.port(), "h", target);
  }

  private static Upstream upstream(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u"));
  }

  private static List<String> addresses(TestProxy proxy) {
    return upstream(proxy).current().peers().stream().map(one -> one.address().text()).toList();
  }

  /// Waits until the present answer for the name has been asked for and taken up: who watches a
  /// name asks again only after that.
  private void awaitTakenUp(String name) throws InterruptedException {
    dns.awaitQuestions(name, dns.questionsFor(name) + 2);
  }

  // ---- proxy_pass with variables

  @Test
  void aNameInAVariableIsResolvedOnceForManyRequests() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(byArgument(resolver()), 2)) {
      for (int i = 0; i < 5; i++) {
        assertThat(get(proxy, "/?to=" + NAME + ":" + app.port()).body()).isEqualTo("app");
      }

      assertThat(dns.questionsFor(NAME)).isEqualTo(1);
      assertThat(app.requests().getFirst().headers().get("Host")).contains(NAME + ":" + app.port());
    }
  }

  @Test
  void anAddressThatRefusesIsFollowedByTheNext() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.2", "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(byArgument(resolver()))) {
      for (int i = 0; i < 5; i++) {
        assertThat(get(proxy, "/?to=" + NAME + ":" + app.port()).body()).isEqualTo("app");
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"3, Host not found", "2, Server failure"})
  void aNameThatCannotBeResolvedIsABadGateway(int code, String words) throws Exception {
    dns.fails(NAME, code);
    try (TestProxy proxy = TestProxy.start(byArgument(resolver()))) {
      assertThat(get(proxy, "/p?to=" + NAME).status()).isEqualTo(502);

      assertThat(proxy.errorLog())
          .contains(
              NAME
                  + " could not be resolved ("
                  + code
                  + ": "
                  + words
                  + "), client: 127.0.0.1, server: , request: \"GET /p?to="
                  + NAME);
    }
  }

  @Test
  void aNameServerThatIsSilentIsABadGatewayAfterTheTimeout() throws Exception {
    dns.silentAbout(NAME);
    try (TestProxy proxy = TestProxy.start(byArgument(resolver() + "resolver_timeout 50ms;\n"))) {
      assertThat(get(proxy, "/?to=" + NAME).status()).isEqualTo(502);

      assertThat(proxy.errorLog())
          .contains(NAME + " could not be resolved (110: Operation timed out)");
    }
  }

  @Test
  void withoutAResolverTheLogSaysSo() throws Exception {
    try (TestProxy proxy = TestProxy.start(byArgument(""))) {
      assertThat(get(proxy, "/?to=" + NAME).status()).isEqualTo(502);

      assertThat(proxy.errorLog()).contains("no resolver defined to resolve " + NAME);
    }
  }

  @Test
  void aClientThatLeavesMeanwhileLeavesNothingBehind() throws Exception {
    dns.silentAbout(NAME);
    try (TestProxy proxy = TestProxy.start(byArgument(resolver()))) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("GET /?to=" + NAME + ":" + app.port() + " HTTP/1.1\r\nHost: h\r\n\r\n");
        dns.awaitQuestions(NAME, 1);
      }
      dns.addresses(NAME, 60, "127.0.0.1");

      assertThat(get(proxy, "/?to=" + NAME + ":" + app.port()).body()).isEqualTo("app");
      assertThat(app.requests()).hasSize(1);
    }
  }

  @Test
  void aBodyWaitsForTheName() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(byArgument(resolver()));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(
          "POST /?to="
              + NAME
              + ":"
              + app.port()
              + " HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");

      assertThat(client.readResponse().body()).isEqualTo("app");
      assertThat(app.requests().getFirst().body()).isEqualTo("hello");
    }
  }

  @Test
  void aStatusZoneCountsOverReloads() throws Exception {
    dns.addresses(NAME, 60, "127.0.0.1");
    String http = byArgument(resolver("status_zone=names"));
    try (TestProxy proxy = TestProxy.start(http)) {
      get(proxy, "/?to=" + NAME + ":" + app.port());
      get(proxy, "/?to=" + NAME + ":" + app.port());
      get(proxy, "/?to=gone.example.com");
      proxy.reload(http);
      get(proxy, "/?to=" + NAME + ":" + app.port());

      ResolverStats.Counts counts = proxy.resolverCounts("names");
      assertThat(counts.name()).isEqualTo(3);
      assertThat(counts.noerror()).isEqualTo(2);
      assertThat(counts.nxdomain()).isEqualTo(1);
    }
  }

  // ---- servers with resolve

  @Test
  void aServerFollowsItsName() throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(named(resolver(), ""))) {
      awaitTakenUp(NAME);
      assertThat(get(proxy, "/").body()).isEqualTo("app");

      dns.addresses(NAME, 0, "127.0.0.2", "127.0.0.1");
      awaitTakenUp(NAME);
      assertThat(addresses(proxy))
          .containsExactlyInAnyOrder("127.0.0.2:" + app.port(), "127.0.0.1:" + app.port());
    }
  }

  @Test
  void aNameThatIsGoneLeavesNoPeers() throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(named(resolver("valid=1s"), ""))) {
      awaitTakenUp(NAME);
      assertThat(addresses(proxy)).isNotEmpty();

      dns.forgets(NAME);
      awaitTakenUp(NAME);

      assertThat(addresses(proxy)).isEmpty();
      assertThat(get(proxy, "/").status()).isEqualTo(502);
      assertThat(proxy.errorLog())
          .contains("[error]")
          .contains(NAME + " could not be resolved (3: Host not found)\n")
          .contains("no live upstreams while connecting to upstream");
    }
  }

  @Test
  void aNameServerThatFailsChangesNothing() throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(named(resolver() + "resolver_timeout 1s;\n", ""))) {
      awaitTakenUp(NAME);
      Peer before = upstream(proxy).current().peers().getFirst();

      dns.fails(NAME);
      awaitTakenUp(NAME);

      assertThat(upstream(proxy).current().peers()).containsExactly(before);
      assertThat(get(proxy, "/").body()).isEqualTo("app");
      assertThat(proxy.errorLog()).contains(NAME + " could not be resolved (2: Server failure)\n");
    }
  }

  @Test
  void aStartWithoutNameServersServesByTheLastAddresses(@TempDir Path directory) throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1", "127.0.0.2");
    String configuration =
        named(resolver(), "max_fails=0")
            + server("control_api write=on;").replace("location /", "location /control");
    try (TestProxy proxy = TestProxy.startIn(directory, configuration)) {
      awaitTakenUp(NAME);
      assertThat(addresses(proxy)).hasSize(2);
    }
    dns.silentAbout(NAME);

    try (TestProxy proxy = TestProxy.startIn(directory, configuration)) {
      dns.awaitQuestions(NAME, dns.questionsFor(NAME) + 1);

      assertThat(addresses(proxy))
          .containsExactlyInAnyOrder("127.0.0.1:" + app.port(), "127.0.0.2:" + app.port());
      assertThat(get(proxy, "/").body()).isEqualTo("app");
    }
  }

  @Test
  void addressesOutliveAReload() throws Exception {
    dns.addresses(NAME, 3600, "127.0.0.1");
    try (TestProxy proxy = TestProxy.start(named(resolver(), ""))) {
      dns.awaitQuestions(NAME, 1);
      RawResponse first = get(proxy, "/");
      while (first.status() == 502) {
        first = get(proxy, "/"); // the answer is on its way
      }
      dns.silentAbout(NAME);

      assertThat(proxy.reload(named(resolver(), "weight=2"))).isTrue();

      assertThat(get(proxy, "/").body()).isEqualTo("app");
      assertThat(upstream(proxy).current().peers().getFirst().weight()).isEqualTo(2);
      assertThat(dns.questionsFor(NAME)).isEqualTo(1);
    }
  }

  @Test
  void aServiceGivesPortsWeightsAndBackups() throws Exception {
    dns.says(
        "_http._tcp.example.com",
        DnsRecord.service(0, 1, 5, app.port(), NAME),
        DnsRecord.service(0, 2, 3, 9, "spare.example.com"));
    dns.addresses(NAME, 0, "127.0.0.1");
    dns.addresses("spare.example.com", 0, "127.0.0.2");
    String http =
        resolver()
            + "upstream u { server example.com resolve service=http; }\n"
            + server("proxy_pass http://u;");
    try (TestProxy proxy = TestProxy.start(http)) {
      awaitTakenUp("_http._tcp.example.com");

      assertThat(get(proxy, "/").body()).isEqualTo("app");
      Upstream group = upstream(proxy);
      assertThat(group.current().primaries())
          .singleElement()
          .satisfies(peer -> {
            assertThat(peer.weight()).isEqualTo(5);
            assertThat(peer.spec().server()).isEqualTo(NAME);
            assertThat(Objects.requireNonNull(group.current().parent(peer)).id()).isZero();
          });
      assertThat(group.current().backups())
          .singleElement()
          .satisfies(peer -> assertThat(peer.address().text()).isEqualTo("127.0.0.2:9"));
    }
  }

  @Test
  void anUpstreamMayHaveAResolverOfItsOwn() throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1");
    String http =
        "upstream u { server "
            + NAME
            + ":"
            + app.port()
            + " resolve; "
            + resolver()
            + "}\n"
            + server("proxy_pass http://u;");
    try (TestProxy proxy = TestProxy.start(http)) {
      awaitTakenUp(NAME);

      assertThat(get(proxy, "/").body()).isEqualTo("app");
    }
  }

  @Test
  void idleConnectionsToAnAddressThatIsGoneAreClosed() throws Exception {
    dns.addresses(NAME, 0, "127.0.0.1");
    try (FakeUpstream kept =
            FakeUpstream.scripted(connection -> {
              connection.read();
              connection.send(Answers.ok("kept"));
              connection.awaitClose();
              dns.addresses("closed.example.com", 60, "127.0.0.1");
            });
        TestProxy proxy =
            TestProxy.start(
                resolver("valid=1s")
                    + "upstream u { server "
                    + NAME
                    + ":"
                    + kept.port()
                    + " resolve; }\n"
                    + server("proxy_pass http://$target;")
                        .replace("location", "set $target $arg_to; location"))) {
      awaitTakenUp(NAME);
      assertThat(get(proxy, "/?to=u").body()).isEqualTo("kept");

      dns.addresses(NAME, 0, "127.0.0.2");

      while (get(proxy, "/?to=closed.example.com:" + app.port()).status() == 502) {
        Thread.onSpinWait(); // until the connection has been closed
      }
    }
  }

  // ---- what is refused

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "resolver;|invalid number of arguments in \"resolver\" directive",
        "resolver valid=1s;|no name servers defined",
        "resolver 127.0.0.1 valid=x;|invalid parameter: valid=x",
        "resolver 127.0.0.1 ipv6=maybe;|invalid parameter: ipv6=maybe",
        "resolver 127.0.0.1 ipv4=off ipv6=off;|\"ipv4\" and \"ipv6\" cannot both be \"off\"",
        "resolver 127.0.0.1:x;|invalid port in resolver \"127.0.0.1:x\"",
        "resolver 127.0.0.1; resolver 127.0.0.1;|\"resolver\" directive is duplicate",
        "upstream u { server a resolve service=; }|service is empty",
        "upstream u { server a service=http; }|"
            + "service upstream \"a\" requires \"resolve\" parameter",
        "upstream u { server a:1 resolve service=http; }|"
            + "service upstream \"a:1\" may not have port",
        "upstream u { server 127.0.0.1 resolve service=http; }|"
            + "service upstream \"127.0.0.1\" requires domain name",
        "upstream u { server a:0 resolve; }|invalid port in upstream \"a:0\"",
      })
  void whatCannotBeIsRefused(String http, String words) {
    assertThatExceptionOfType(ConfigLoadException.class)
        .isThrownBy(() -> TestProxy.start(http).close())
        .satisfies(e -> assertThat(e.errors().getFirst().located()).contains(words));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "server { listen 127.0.0.1:0; resolver 127.0.0.1; }"})
  void namesOfServersNeedAResolverWhereTheyStand(String more) {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> TestProxy.start("upstream u { server a resolve; }" + more).close())
        .satisfies(e ->
            assertThat(e.located())
                .contains(
                    "no resolver defined to resolve names at run time in upstream \"u\" in "));
  }
}

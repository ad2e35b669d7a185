package dev.turnout.discovery.upsync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.Event;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.Consul;
import dev.turnout.testkit.Etcd;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/// `upsync` against a real Consul and a real etcd.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class UpsyncIT {
  private static final Duration SOON = Duration.ofSeconds(15);

  private Consul consul;
  private Etcd etcd;

  @BeforeAll
  void startRegistries() {
    consul = Consul.start();
    etcd = Etcd.start();
  }

  @AfterAll
  void stopRegistries() {
    if (consul != null) { // else there is none on this machine
      consul.close();
    }
    if (etcd != null) { // else there is none on this machine
      etcd.close();
    }
  }

  private static String node(String upstream) {
    return "upstream u { "
        + upstream
        + " }\nserver { listen 127.0.0.1:0; location / { proxy_pass http://u; }"
        + " location /show { upstream_show; } }";
  }

  private String keys(String name) {
    return "upsync %s/v1/kv/upstreams/%s upsync_type=consul upsync_interval=10ms;"
        .formatted(consul.address(), name);
  }

  private static String shown(TestProxy proxy) {
    try {
      return RawClient.get(proxy.port(), "h", "/show?u").body();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void awaitShown(TestProxy proxy, String... servers) throws Exception {
    StringBuilder text = new StringBuilder("Upstream name: u; Backend server count: ");
    text.append(servers.length).append('\n');
    for (String server : servers) {
      text.append("        server ").append(server).append(";\n");
    }
    Eventually.until(
        SOON,
        () -> shown(proxy).contentEquals(text),
        () -> "not\n" + text + "but\n" + shown(proxy) + proxy.errorLog());
  }

  private static void awaitLogged(TestProxy proxy, String text) throws Exception {
    Eventually.until(SOON, () -> proxy.errorLog().contains(text), proxy::errorLog);
  }

  /// The states that were told as events.
  private static String states(TestProxy proxy) {
    StringBuilder states = new StringBuilder();
    for (Event event : proxy.control().events().after(0, 1000).events()) {
      if (event.content() instanceof Event.Told told && told.kind().equals("discovery")) {
        states.append(states.isEmpty() ? "" : " ").append(told.fields().get("state"));
      }
    }
    return states.toString();
  }

  private static List<PeerSpec> servers(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u")).current().spec().servers();
  }

  @Test
  void keysOfConsulAreServersAndEachChangeIsInTheHistoryWithItsReason() throws Exception {
    consul.put("upstreams/kv/127.0.0.1:8081", "");
    try (TestProxy proxy = TestProxy.start(node(keys("kv") + " server 127.0.0.1:1;"))) {
      awaitShown(proxy, "127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s");

      consul.put(
          "upstreams/kv/%5B::1%5D:8082",
          "{\"weight\":\"3\",\"max_fails\":0,\"fail_timeout\":20,\"down\":1}");
      awaitShown(
          proxy,
          "[::1]:8082 weight=3 max_fails=0 fail_timeout=20s down",
          "127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s");

      JournalEntry last = proxy.writer().history().last(1).getFirst();
      assertThat(last.origin().dialect()).isEqualTo("upsync");
      assertThat(last.origin().who())
          .isEqualTo("consul " + consul.address() + "/v1/kv/upstreams/kv");
      assertThat(last.origin().why()).matches("index \\d+ \\+\\[::1\\]:8082");
    }
  }

  @Test
  void aBackupIsABackupAndANameIsLookedUp() throws Exception {
    try (FakeUpstream backup = FakeUpstream.named("backup");
        ClosedPort closed = new ClosedPort()) {
      consul.put("upstreams/names/localhost:" + backup.port(), "{\"backup\":1}");
      consul.put("upstreams/names/" + closed.address(), "{}");
      try (TestProxy proxy = TestProxy.start(node(keys("names")))) {
        Eventually.until(SOON, () -> servers(proxy).size() >= 2, proxy::errorLog);

        assertThat(servers(proxy))
            .filteredOn(server -> server.server().startsWith("localhost"))
            .isNotEmpty()
            .allMatch(PeerSpec::backup);
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("backup");
      }
    }
  }

  @Test
  void keysOfANeighbourWhoseNameBeginsAlikeAndBrokenOnesAreLeftOut() throws Exception {
    consul.put("upstreams/pre/127.0.0.1:1", "");
    consul.put("upstreams/prefix/127.0.0.1:2", "");
    consul.put("upstreams/pre/127.0.0.1:3%3B%20x", "");
    consul.put("upstreams/pre/10.0.0.4:4", "{\"weight\":0,\"max_fails\":-1,\"down\":\"2\"}");
    consul.put("upstreams/pre/10.0.0.5:5", "{\"weight\":");

    try (TestProxy proxy = TestProxy.start(node(keys("pre")))) {
      awaitShown(
          proxy,
          "127.0.0.1:1 weight=1 max_fails=2 fail_timeout=10s",
          "10.0.0.5:5 weight=1 max_fails=2 fail_timeout=10s",
          "10.0.0.4:4 weight=1 max_fails=2 fail_timeout=10s");
      assertThat(proxy.errorLog())
          .contains("\"10.0.0.4:4\": \"weight\" value is invalid, setting default value 1")
          .contains("key \"upstreams/pre/127.0.0.1:3; x\" does not end in HOST:PORT")
          .contains("\"10.0.0.5:5\": not JSON");
    }
  }

  @Test
  void anEmptyAnswerNeverEmptiesTheGroup() throws Exception {
    consul.put("upstreams/empty/127.0.0.1:1", "");
    try (TestProxy proxy = TestProxy.start(node(keys("empty")))) {
      awaitShown(proxy, "127.0.0.1:1 weight=1 max_fails=2 fail_timeout=10s");

      consul.delete("upstreams/empty?recurse");
      awaitLogged(proxy, "it has no servers now, the servers stay as they are");
      assertThat(servers(proxy)).hasSize(1);

      consul.put("upstreams/empty/127.0.0.1:2", "");
      awaitShown(proxy, "127.0.0.1:2 weight=1 max_fails=2 fail_timeout=10s");
      Eventually.until(SOON, () -> states(proxy).endsWith("in_step"), () -> states(proxy));
      assertThat(states(proxy)).isEqualTo("refused in_step");
    }
  }

  @Test
  void whatAnOperatorChangedStaysUntilTheRegistrySaysOtherwise() throws Exception {
    consul.put("upstreams/edit/127.0.0.1:1", "");
    try (TestProxy proxy = TestProxy.start(node(keys("edit")))) {
      awaitShown(proxy, "127.0.0.1:1 weight=1 max_fails=2 fail_timeout=10s");
      proxy
          .writer()
          .submit(
              ChangeRequest.of(
                  Origin.of("test", ""),
                  "u",
                  new UpstreamChange.Update(
                      servers(proxy).getFirst().id(),
                      PeerPatch.NOTHING.withDrain(true).withWeight(9))))
          .join();

      consul.put("upstreams/edit/127.0.0.1:2", "");

      awaitShown(
          proxy,
          "127.0.0.1:2 weight=1 max_fails=2 fail_timeout=10s",
          "127.0.0.1:1 weight=9 max_fails=2 fail_timeout=10s");
      assertThat(servers(proxy).getLast().drain()).isTrue();
    }
  }

  @Test
  void servicesAreServersWithTheirTags() throws Exception {
    consul.call(
        "PUT",
        "/v1/agent/service/register",
        """
        {"ID":"a","Name":"shop","Address":"10.1.1.1","Port":80,
         "Tags":["weight=5","max_fails=7","fail_timeout=1m","backup","other"]}
        """);
    try (TestProxy proxy =
        TestProxy.start(
            node(
                "upsync %s/v1/catalog/service/shop upsync_type=consul_services upsync_interval=10ms;"
                    .formatted(consul.address())))) {
      awaitShown(proxy, "10.1.1.1:80 weight=5 max_fails=7 fail_timeout=60s backup");
    }
  }

  @Test
  void aServiceWhoseCheckFailsIsDown() throws Exception {
    consul.call(
        "PUT",
        "/v1/agent/service/register",
        """
        {"ID":"h","Name":"healthy","Address":"10.1.1.2","Port":81,
         "Check":{"TTL":"1h","Status":"passing","CheckID":"ttl"}}
        """);
    try (TestProxy proxy =
        TestProxy.start(
            node(
                "upsync %s/v1/health/service/healthy upsync_type=consul_health upsync_interval=10ms;"
                    .formatted(consul.address())))) {
      awaitShown(proxy, "10.1.1.2:81 weight=1 max_fails=2 fail_timeout=10s");

      consul.call("PUT", "/v1/agent/check/fail/ttl", "");

      awaitShown(proxy, "10.1.1.2:81 weight=1 max_fails=2 fail_timeout=10s down");
    }
  }

  @Test
  void nodesOfEtcdAreServers() throws Exception {
    etcd.call("PUT", "/v2/keys/upstreams/u/127.0.0.1:1", "value={\"weight\":2}");
    try (TestProxy proxy =
        TestProxy.start(
            node(
                "upsync %s/v2/keys/upstreams/u upsync_type=etcd upsync_interval=10ms;"
                    .formatted(etcd.address())))) {
      awaitShown(proxy, "127.0.0.1:1 weight=2 max_fails=2 fail_timeout=10s");

      etcd.call("PUT", "/v2/keys/upstreams/u/127.0.0.1:2", "value=");
      etcd.call("DELETE", "/v2/keys/upstreams/u/127.0.0.1:1", "");

      awaitShown(proxy, "127.0.0.1:2 weight=1 max_fails=2 fail_timeout=10s");

      etcd.call("DELETE", "/v2/keys/upstreams/u?recursive=true", "");

      awaitLogged(proxy, "it has no servers now, the servers stay as they are");
      assertThat(servers(proxy)).hasSize(1);
    }
  }

  @Test
  void aRegistryThatIsRestartedEmptyAndCountsFromTheBeginningIsFollowedOn() throws Exception {
    try (Consul own = Consul.start();
        FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b")) {
      for (int i = 0; i < 20; i++) {
        own.put("upstreams/u/" + a.address(), "{\"weight\":" + (i + 1) + "}");
      }
      try (TestProxy proxy =
          TestProxy.start(
              node(
                  "upsync %s/v1/kv/upstreams/u/ upsync_type=consul upsync_interval=10ms;"
                      .formatted(own.address())))) {
        awaitShown(proxy, a.address() + " weight=20 max_fails=2 fail_timeout=10s");

        own.kill();
        awaitLogged(proxy, "refused the connection");
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
        own.restart();
        awaitLogged(proxy, "it has no servers now, the servers stay as they are");
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
        own.put("upstreams/u/" + b.address(), "");

        awaitShown(proxy, b.address() + " weight=1 max_fails=2 fail_timeout=10s");
        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("b");
      }
    }
  }

  @Test
  void aReloadAndARestartGoOnWithWhatWasThereAndTheBlockCountsForNothing(@TempDir Path directory)
      throws Exception {
    String server = " server 127.0.0.1:1;";
    consul.put("upstreams/restart/127.0.0.1:8081", "");
    String shown = "127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s";
    try (ClosedPort closed = new ClosedPort()) {
      String away = keys("restart").replace(consul.address(), closed.address());
      long id;
      try (TestProxy proxy = TestProxy.startIn(directory, node(keys("restart") + server))) {
        awaitShown(proxy, shown);
        id = servers(proxy).getFirst().id();
        assertThat(proxy.reload(node(away + server))).isTrue();
        awaitLogged(proxy, "refused the connection");
        awaitShown(proxy, shown);
      }
      try (TestProxy proxy = TestProxy.startIn(directory, node(away + server))) {
        awaitLogged(proxy, "refused the connection");
        awaitShown(proxy, shown);
        assertThat(servers(proxy).getFirst().id()).isEqualTo(id);
        assertThat(proxy.reload(node(server))).isTrue();
      }
    }
  }

  @Test
  void theDumpIsIncludedWithoutDoublingServersAndIsWhatANodeThatRemembersNothingStartsWith(
      @TempDir Path directory) throws Exception {
    Path dump = directory.resolve("servers.conf");
    Files.writeString(dump, "server 127.0.0.1:1;\n");
    String upstream = keys("dump") + " upsync_dump_path servers.conf;";
    consul.put("upstreams/dump/127.0.0.1:8081", "{\"down\":1}");
    consul.put("upstreams/dump/127.0.0.1:8082", "{\"backup\":1}");
    String lines =
        """
        server 127.0.0.1:8082 weight=1 max_fails=2 fail_timeout=10s backup;
        server 127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s down;
        """;
    try (TestProxy proxy =
        TestProxy.startIn(directory, node(upstream + " include servers.conf;"))) {
      Eventually.until(SOON, () -> Files.readString(dump).equals(lines), proxy::errorLog);
      assertThat(proxy.reload(node(upstream + " include servers.conf;"))).isTrue();
      assertThat(servers(proxy)).hasSize(2);
    }
    try (ClosedPort closed = new ClosedPort();
        TestProxy proxy =
            TestProxy.start(
                node(
                    upstream
                            .replace(consul.address(), closed.address())
                            .replace("servers.conf", dump.toString())
                        + " server 127.0.0.1:9;"))) {
      awaitShown(
          proxy,
          "127.0.0.1:8082 weight=1 max_fails=2 fail_timeout=10s backup",
          "127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s down");
    }
  }

  @Test
  void strongDependencyRefusesToStartWithoutAnAnswer() throws Exception {
    consul.put("upstreams/strong/127.0.0.1:8081", "");
    try (ClosedPort closed = new ClosedPort();
        TestProxy proxy =
            TestProxy.start(
                node(
                    keys("strong").replace(";", " strong_dependency=on;") + " server 10.0.0.1;"))) {
      assertThat(servers(proxy).getFirst().address().text()).isEqualTo("127.0.0.1:8081");

      assertThatThrownBy(() ->
              TestProxy.start(
                  node(
                      keys("strong")
                          .replace(";", " strong_dependency=on;")
                          .replace(consul.address(), closed.address()))))
          .hasMessageContaining("upsync: pull upstream \"u\" conf failed")
          .hasMessageContaining("refused the connection");
    }
  }

  @Test
  void aTokenInTheAddressIsNeitherLoggedNorRemembered() throws Exception {
    String secret = "0815-secret";
    try (FakeUpstream refusing = FakeUpstream.answering(403, List.of(), "no");
        TestProxy proxy =
            TestProxy.start(
                node(
                    "upsync %s/v1/kv/u?token=%s upsync_type=consul; server 127.0.0.1:1;"
                        .formatted(refusing.address(), secret)))) {
      awaitLogged(proxy, "answered with status 403: it wants a token, or another one");

      assertThat(proxy.errorLog()).doesNotContain(secret);
      assertThat(refusing.requests().getFirst().target())
          .startsWith("/v1/kv/u?token=0815-secret&recurse&index=0");
    }
  }

  @Test
  void aRegistryInTroubleIsNotAskedAgainAtOnce() throws Exception {
    try (FakeUpstream leaderless = FakeUpstream.answering(500, List.of(), "No cluster leader");
        TestProxy proxy =
            TestProxy.start(
                node(
                    "upsync %s/v1/kv/u upsync_type=consul upsync_interval=1ms; server 10.0.0.1;"
                        .formatted(leaderless.address())))) {
      long began = System.nanoTime();
      awaitLogged(proxy, "answered with status 500: it may be without a leader");
      Eventually.until(SOON, () -> leaderless.requests().size() >= 3, proxy::errorLog);
      long third = System.nanoTime();

      assertThat(Duration.ofNanos(third - began)).isGreaterThan(Duration.ofSeconds(1));
      assertThat(proxy.errorLog().lines()).hasSize(1);
      assertThat(servers(proxy)).hasSize(1);
    }
  }

  @Test
  void anAnswerThatIsNoneOfTheRegistryChangesNothingAndIsSaid() throws Exception {
    for (String body : List.of("<html>", "{}", "[{\"Key\":3}]")) {
      try (FakeUpstream other = FakeUpstream.answering(body);
          TestProxy proxy =
              TestProxy.start(
                  node(
                      "upsync %s/v1/kv/u upsync_type=consul; server 10.0.0.1;"
                          .formatted(other.address())))) {
        Eventually.until(SOON, () -> !proxy.errorLog().isEmpty(), () -> body);

        assertThat(proxy.errorLog()).contains("the servers stay as they are");
        assertThat(servers(proxy)).hasSize(1);
      }
    }
  }

  @Test
  void anIndexThatGoesBackwardsOrIsZeroMeansToAskForEverything() throws Exception {
    AtomicInteger questions = new AtomicInteger();
    List<Integer> indexes = List.of(10, 5, 7, 0, 9);
    try (FakeUpstream consul =
            FakeUpstream.each((_, connection) -> {
              int number = questions.getAndIncrement();
              int index = indexes.get(Math.min(number, indexes.size() - 1));
              connection.send(
                  Answers.of(
                      200,
                      List.of(new Field("X-Consul-Index", Integer.toString(index))),
                      "[{\"Key\":\"u/10.0.0.1:%d\",\"Value\":null}]".formatted(number + 1)));
            });
        TestProxy proxy =
            TestProxy.start(
                node(
                    "upsync %s/v1/kv/u upsync_type=consul upsync_interval=1ms;"
                        .formatted(consul.address())))) {
      Eventually.until(SOON, () -> questions.get() >= 8, proxy::errorLog);

      assertThat(consul.requests().stream().map(RecordedRequest::target).limit(6))
          .extracting(target -> target.replaceAll(".*index=(\\d+).*", "$1"))
          .containsExactly("0", "10", "0", "7", "0", "9");
      assertThat(servers(proxy)).extracting(PeerSpec::server).containsExactly("10.0.0.1:5");
    }
  }

  @Test
  void aServerThatMayNotBeReachedIsLeftOutAndTheOthersAreTaken() throws Exception {
    consul.put("upstreams/closed/127.0.0.1:8081", "");
    consul.put("upstreams/closed/169.254.169.254:80", "");
    try (TestProxy proxy = TestProxy.start(node(keys("closed") + " server 127.0.0.1:1;"))) {
      awaitShown(proxy, "127.0.0.1:8081 weight=1 max_fails=2 fail_timeout=10s");
      assertThat(proxy.errorLog()).contains("169.254.169.254:80").contains("it is left out");
    }
  }

  @Test
  void whatCannotBeMeantIsRefusedWhenTheConfigurationIsRead() {
    refused("upsync 127.0.0.1:8500/v1/kv/u", "upsync_type cannt be null");
    refused("upsync 127.0.0.1:8500 upsync_type=consul", "please input conf_server upstream key");
    refused("upsync 127.0.0.1:0/v1/kv/u upsync_type=consul", "conf server port is invalid");
    refused("upsync 127.0.0.1:x/v1/kv/u upsync_type=consul", "conf server port is invalid");
    refused("upsync 127.0.0.1:8500/v1/kv/u upsync_type=zk", "upsync_type invalid para");
    refused(
        "upsync 127.0.0.1:8500/v1/kv/u upsync_type=consul upsync_interval=5x",
        "invalid parameter: \"upsync_interval=5x\"");
    refused("upsync 127.0.0.1:8500/v1/kv/u upsync_type=consul zzz", "invalid parameter: \"zzz\"");
    refused(
        "upsync 127.0.0.1:8500/v1/kv/u upsync_type=consul strong_dependency=yes",
        "it must be \"on\" or \"off\"");
    refused("state x.conf; upsync 127.0.0.1:8500/v1/kv/u upsync_type=consul", "are found out");
  }

  private static void refused(String upstream, String message) {
    assertThatThrownBy(() -> TestProxy.start(node(upstream + ";"))).hasMessageContaining(message);
  }

  @Test
  void upstreamShowAnswersLikeTheModule() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            """
            upstream a { server 127.0.0.1:1 weight=2; }
            upstream b { server 127.0.0.1:2 down; }
            server { listen 127.0.0.1:0; location / { upstream_show; } }
            """)) {
      assertThat(RawClient.get(proxy.port(), "h", "/").body())
          .isEqualTo(
              """
              Upstream name: a; Backend server count: 1
                      server 127.0.0.1:1 weight=2 max_fails=1 fail_timeout=10s;

              Upstream name: b; Backend server count: 1
                      server 127.0.0.1:2 weight=1 max_fails=1 fail_timeout=10s down;

              """);
      assertThat(RawClient.get(proxy.port(), "h", "/?c").body())
          .isEqualTo("The upstream you requested does not exist. Please double-check the name");
      assertThat(
              RawClient.ask(proxy.port(), "POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n").status())
          .isEqualTo(405);
    }
  }
}

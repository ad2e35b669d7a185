package dev.turnout.http.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.upstream.ActiveHealth;
import dev.turnout.upstream.ChangeResult;
import dev.turnout.upstream.HealthLog;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerState;
import dev.turnout.upstream.ProbeResult;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `health_check` and `match` with real servers. Tests wait for what the listener is told.
class HealthCheckIT {
  private static String http(String upstream, String check, String... inHttp) {
    return "error_log logs/error.log info; "
        + String.join(" ", inHttp)
        + " upstream u { zone u 64k; "
        + upstream
        + " } server { listen 127.0.0.1:0; server_name probes.test;"
        + " location / { proxy_pass http://u; "
        + check
        + " } }";
  }

  private static String servers(Switchable... servers) {
    StringBuilder out = new StringBuilder();
    for (Switchable server : servers) {
      out.append("server ").append(server.address()).append(" max_fails=0; ");
    }
    return out.toString();
  }

  private static Upstream upstream(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u"));
  }

  private static Peer peer(TestProxy proxy, int i) {
    return upstream(proxy).current().peers().get(i);
  }

  private static SortedSet<String> answers(TestProxy proxy) throws IOException {
    TreeSet<String> bodies = new TreeSet<>();
    for (int i = 0; i < 6; i++) {
      bodies.add(RawClient.get(proxy.port(), "h", "/").body());
    }
    return bodies;
  }

  private static void change(TestProxy proxy, UpstreamChange change, long revision) {
    Upstream upstream = upstream(proxy);
    if (upstream.current().spec().apply(change) instanceof ChangeResult.Changed(var next)) {
      upstream.publish(next, revision);
    } else {
      throw new AssertionError(change + " is refused");
    }
  }

  @Test
  void aServerThatFailsItsCheckTakesNoRequestsUntilItPasses() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a");
        Switchable b = new Switchable().answer(200, "b");
        TestProxy proxy =
            TestProxy.start(http(servers(a, b), "health_check interval=20ms;"), log)) {
      assertThat(answers(proxy)).containsExactly("a", "b");

      a.answer(500, "a");
      log.await(a.port() + " UP>UNHEALTHY");
      assertThat(answers(proxy)).containsExactly("b");
      assertThat(peer(proxy, 0).state(0)).isEqualTo(PeerState.UNHEALTHY);
      a.answer(200, "a");
      log.await(a.port() + " UNHEALTHY>UP");
      assertThat(answers(proxy)).containsExactly("a", "b");

      assertThat(proxy.errorLog())
          .containsOnlyOnce(
              "[warn] "
                  + logged(
                      proxy,
                      "peer is unhealthy while checking status code, health check \"\" of peer "
                          + a.address()
                          + " in upstream \"u\"\n"))
          .containsOnlyOnce(
              "peer is healthy while checking status code, health check \"\" of peer "
                  + a.address()
                  + " in upstream \"u\"\n");
    }
  }

  /// `123#45: message`, as the error log has it.
  private static String logged(TestProxy proxy, String message) {
    String log = proxy.errorLog();
    int at = log.indexOf(message);
    assertThat(at).as(log).isPositive();
    return log.substring(log.lastIndexOf("] ", at) + 2, at) + message;
  }

  @Test
  void whatTheLastProbeSawIsKept() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable();
        TestProxy proxy = TestProxy.start(http(servers(a), "health_check interval=20ms;"), log)) {
      a.answer(503, "x");
      log.await(a.port() + " UP>UNHEALTHY");

      ActiveHealth found = peer(proxy, 0).activeHealth();
      ProbeResult last = Objects.requireNonNull(found.last());
      assertThat(last.passed()).isFalse();
      assertThat(last.stage()).isEqualTo("checking status code");
      assertThat(last.saw()).isEqualTo("HTTP/1.1 503 Test");
      assertThat(last.atMillis()).isPositive();
      assertThat(found.lastPassed()).isFalse();
      assertThat(found.unhealthy()).isEqualTo(1);
      assertThat(found.fails()).isPositive();
      assertThat(found.checks()).isGreaterThanOrEqualTo(found.fails());
    }
  }

  @Test
  void aServerThatRefusesConnectionsIsUnhealthy() throws Exception {
    HealthLog log = new HealthLog();
    try (ClosedPort closed = new ClosedPort();
        TestProxy proxy =
            TestProxy.start(
                http("server " + closed.address() + ";", "health_check interval=20ms;"), log)) {
      log.await(closed.port() + " UP>UNHEALTHY");

      assertThat(Objects.requireNonNull(peer(proxy, 0).activeHealth().last()).saw())
          .isEqualTo("connect() failed (111: Connection refused)");
      assertThat(proxy.errorLog())
          .contains(
              "connect() failed (111: Connection refused) while connecting to upstream, health"
                  + " check \"\" of peer "
                  + closed.address()
                  + " in upstream \"u\"")
          .contains("peer is unhealthy while connecting to upstream, health check \"\" of peer");
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);
      assertThat(proxy.errorLog()).contains("no live upstreams");
    }
  }

  @Test
  void aSilentServerTimesOutAsTheLocationSays() throws Exception {
    HealthLog log = new HealthLog();
    try (FakeUpstream silent = FakeUpstream.scripted(connection -> connection.awaitClose());
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server " + silent.address() + ";",
                    "proxy_read_timeout 50ms; health_check interval=20ms;"),
                log)) {
      log.await(silent.port() + " UP>UNHEALTHY");

      assertThat(proxy.errorLog())
          .contains(
              "upstream timed out (110: Connection timed out) while reading response header from"
                  + " upstream, health check \"\" of peer "
                  + silent.address());
    }
  }

  @Test
  void whatIsNoAnswerIsAFailure() throws Exception {
    for (String bytes : new String[] {"", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nX y\r\n\r\n"}) {
      HealthLog log = new HealthLog();
      try (FakeUpstream server =
              FakeUpstream.each((_, connection) -> {
                connection.send(bytes);
                connection.close();
              });
          TestProxy proxy =
              TestProxy.start(
                  http("server " + server.address() + ";", "health_check interval=20ms;"), log)) {
        log.await(server.port() + " UP>UNHEALTHY");

        assertThat(proxy.errorLog())
            .contains("peer is unhealthy while reading response header from upstream");
      }
    }
  }

  @Test
  void failsAndPassesAreCountedInARow() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable();
        TestProxy proxy =
            TestProxy.start(
                http(servers(a), "health_check interval=20ms fails=3 passes=2;"), log)) {
      a.answer(500, "");
      log.await(a.port() + " UP>UNHEALTHY");
      ActiveHealth found = peer(proxy, 0).activeHealth();
      assertThat(found.fails()).isGreaterThanOrEqualTo(3);

      a.answer(200, "");
      log.await(a.port() + " UNHEALTHY>UP");

      assertThat(found.checks() - found.fails()).isGreaterThanOrEqualTo(2);
      assertThat(log.words()).hasSize(2);
    }
  }

  @Test
  void aProbeHasAHostAlsoWhereTheLocationPassesTheClients() throws Exception {
    String config =
        http("server @; ", "health_check interval=20ms; proxy_set_header Host $host;")
            .replace("server_name probes.test;", "");
    try (Switchable a = new Switchable();
        TestProxy proxy = TestProxy.start(config.replace("@", a.address()))) {
      RecordedRequest probe = a.awaitRequests(1).getFirst();

      assertThat(probe.headers().all("Host")).containsExactly("u");
      assertThat(proxy.port()).isPositive();
    }
  }

  @Test
  void theProbeIsSentAsTheLocationSpeaks() throws Exception {
    try (Switchable a = new Switchable();
        TestProxy proxy =
            TestProxy.start(
                http(
                    servers(a),
                    "health_check interval=20ms uri=/well?deep=1;"
                        + " proxy_set_header X-Asked \"$proxy_host$is_args$server_name\";"
                        + " proxy_set_header Host $proxy_host;"
                        + " proxy_set_header X-Client $http_user_agent;"))) {
      RecordedRequest probe = a.awaitRequests(1).getFirst();

      assertThat(probe.method()).isEqualTo("GET");
      assertThat(probe.target()).isEqualTo("/well?deep=1");
      assertThat(probe.version()).isEqualTo("HTTP/1.1");
      assertThat(probe.headers().get("Host")).contains("u");
      assertThat(probe.headers().get("X-Asked")).contains("uprobes.test");
      assertThat(probe.headers().has("X-Client")).isFalse();
      assertThat(probe.headers().get("Connection")).contains("close");
      assertThat(proxy.errorLog()).doesNotContain("unexpected");
    }
  }

  @Test
  void eachProbeHasItsConnectionUnlessItMayBeKept() throws Exception {
    try (Switchable a = new Switchable();
        TestProxy _ = TestProxy.start(http(servers(a), "health_check interval=10ms;"))) {
      a.awaitRequests(3);

      assertThat(a.server().connectionCount()).isGreaterThanOrEqualTo(3);
    }
    try (Switchable a = new Switchable();
        TestProxy _ =
            TestProxy.start(http(servers(a), "health_check interval=10ms keepalive_time=1m;"))) {
      List<RecordedRequest> probes = a.awaitRequests(5);

      assertThat(a.server().connectionCount()).isEqualTo(1);
      assertThat(probes.getFirst().headers().has("Connection")).isFalse();
    }
  }

  @Test
  void aKeptConnectionThatTheServerClosedIsNoFailure() throws Exception {
    HealthLog log = new HealthLog();
    try (FakeUpstream server =
            FakeUpstream.each((_, connection) -> {
              connection.send(Answers.ok("x"));
              connection.close();
            });
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server " + server.address() + ";",
                    "health_check interval=10ms keepalive_time=1m;"),
                log)) {
      server.awaitRequests(4);

      assertThat(log.words()).isEmpty();
      assertThat(peer(proxy, 0).activeHealth().fails()).isZero();
    }
  }

  @Test
  void aServerAtAUnixSocketIsAskedThere(@TempDir Path directory) throws Exception {
    HealthLog log = new HealthLog();
    Path path = directory.resolve("s");
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(path));
      Thread.ofVirtual().start(() -> answerOnce(listener));
      try (TestProxy proxy =
          TestProxy.start(
              http("server unix:" + path + ";", "health_check interval=1h port=1 mandatory;"),
              log)) {
        log.await(path + " CHECKING>UP");

        assertThat(proxy.errorLog())
            .contains("health check \"\" of peer unix:" + path + " in upstream \"u\"");
      }
    }
  }

  private static void answerOnce(ServerSocketChannel listener) {
    try (SocketChannel connection = listener.accept()) {
      connection.read(ByteBuffer.allocate(4096));
      connection.write(ByteBuffer.wrap(Answers.ok("").getBytes(StandardCharsets.ISO_8859_1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void probesEndWithTheNode() throws Exception {
    try (Switchable a = new Switchable()) {
      try (TestProxy _ = TestProxy.start(http(servers(a), "health_check interval=10ms;"))) {
        a.awaitRequests(2);
      }
      try (TestProxy _ =
          TestProxy.start(http(servers(a), "health_check interval=10ms uri=/second;"))) {
        int before = a.awaitRequests(3).size();

        assertThat(a.awaitRequests(before + 20).subList(before + 2, before + 20))
            .allMatch(probe -> probe.target().equals("/second"));
      }
    }
  }

  @Test
  void anotherPortMayBeAsked() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable serving = new Switchable();
        Switchable asked = new Switchable();
        TestProxy proxy =
            TestProxy.start(
                http(servers(serving), "health_check interval=20ms port=" + asked.port() + ";"),
                log)) {
      asked.answer(500, "");
      log.await(serving.port() + " UP>UNHEALTHY");

      assertThat(serving.server().requests()).isEmpty();
      assertThat(proxy.errorLog())
          .contains(
              "of peer " + serving.address() + " in upstream \"u\", port " + asked.port() + "\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          status 200;                             | 200 | true
          status 200;                             | 204 | false
          status ! 500;                           | 200 | true
          status ! 500;                           | 500 | false
          status 200 204;                         | 204 | true
          status ! 301 302;                       | 302 | false
          status 200-399;                         | 399 | true
          status 200-399;                         | 400 | false
          status ! 400-599;                       | 404 | false
          status 301-303 307;                     | 307 | true
          status 301-303 307;                     | 304 | false
          header X-Kind = good;                   | 200 | true
          header X-Kind = bad;                    | 200 | false
          header x-kind != bad;                   | 200 | true
          header X-Kind != good;                  | 200 | false
          header X-Other != good;                 | 200 | false
          header X-Kind ~ ^go;                    | 200 | true
          header X-Kind ~ ^GO;                    | 200 | false
          header X-Kind !~ bad;                   | 200 | true
          header X-Kind !~ oo;                    | 200 | false
          header X-Kind;                          | 500 | true
          header X-Other;                         | 200 | false
          header ! X-Other;                       | 200 | true
          header ! X-Kind;                        | 200 | false
          body ~ "Welcome to";                    | 200 | true
          body ~ maintenance;                     | 200 | false
          body !~ maintenance;                    | 200 | true
          body !~ Welcome;                        | 200 | false
          require $good_status;                   | 204 | true
          require $good_status;                   | 200 | false
          require $upstream_http_x_kind;          | 200 | true
          require $upstream_http_x_kind $empty;   | 200 | false
          status 200; body ~ W; header X-Kind;    | 200 | true
          status 200; body ~ W; header X-Other;   | 200 | false
          """)
  void anAnswerMustHoldWhatMatchAsks(String tests, int status, boolean holds) throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a =
            new Switchable()
                .raw(
                    Answers.of(
                        status, List.of(new Field("X-Kind", "good")), "Welcome to the server"));
        TestProxy _ =
            TestProxy.start(
                http(
                    servers(a),
                    "health_check interval=1h mandatory match=m;",
                    "match m { " + tests + " }",
                    "map $upstream_status $good_status { 204 1; default 0; }",
                    "map $uri $empty { default \"\"; }"),
                log)) {
      log.await(a.port() + " CHECKING>" + (holds ? "UP" : "UNHEALTHY"));
    }
  }

  @Test
  void theNameOfTheMatchAndTheTestThatFailedAreTold() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "closed for maintenance" + "!".repeat(300));
        TestProxy proxy =
            TestProxy.start(
                http(
                    servers(a),
                    "health_check interval=1h match=open;",
                    "match open { status 200; body !~ maintenance; }"),
                log)) {
      log.await(a.port() + " UP>UNHEALTHY");

      assertThat(log.reasons()).containsExactly("checking body, health check \"open\"");
      assertThat(Objects.requireNonNull(peer(proxy, 0).activeHealth().last()).saw())
          .isEqualTo("closed for maintenance" + "!".repeat(178));
      assertThat(proxy.errorLog())
          .contains("peer is unhealthy while checking body, health check \"open\" of peer");
    }
  }

  @Test
  void onlyTheBeginningOfABodyIsLookedAt() throws Exception {
    HealthLog log = new HealthLog();
    String large = "x".repeat(300 * 1024) + "END";
    try (Switchable a =
            new Switchable().raw(Answers.chunked(List.of("first ", "last"), List.of()));
        Switchable b = new Switchable().answer(200, large);
        TestProxy _ =
            TestProxy.start(
                http(
                    servers(a, b),
                    "health_check interval=1h mandatory match=m;",
                    "match m { body ~ \"last|END\"; }"),
                log)) {
      log.await(a.port() + " CHECKING>UP").await(b.port() + " CHECKING>UNHEALTHY");
    }
  }

  @Test
  void aMandatoryCheckKeepsAServerBackUntilItHasPassed() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a");
        Switchable b = new Switchable().answer(404, "b");
        TestProxy proxy =
            TestProxy.start(
                http(servers(a, b), "health_check interval=20ms fails=1000 mandatory;"), log)) {
      log.await(a.port() + " CHECKING>UP");
      b.awaitRequests(2);
      assertThat(answers(proxy)).containsExactly("a");
      assertThat(peer(proxy, 1).state(0)).isEqualTo(PeerState.CHECKING);

      b.answer(200, "b");
      log.await(b.port() + " CHECKING>UP");

      assertThat(answers(proxy)).containsExactly("a", "b");
    }
  }

  @Test
  void persistentKeepsAServerUpOverAReload() throws Exception {
    for (boolean persistent : new boolean[] {true, false}) {
      HealthLog log = new HealthLog();
      try (Switchable a = new Switchable().answer(200, "a")) {
        String check = "fails=1000 mandatory" + (persistent ? " persistent;" : ";");
        try (TestProxy proxy =
            TestProxy.start(http(servers(a), "health_check interval=20ms " + check), log)) {
          log.await(a.port() + " CHECKING>UP");

          a.answer(500, "a"); // what it answers from now on proves nothing
          int before = a.server().requests().size();
          assertThat(proxy.reload(http(servers(a), "health_check interval=20ms " + check)))
              .isTrue();
          a.awaitRequests(before + 3);

          assertThat(log.words())
              .containsExactlyElementsOf(
                  persistent
                      ? List.of(a.port() + " UP>CHECKING", a.port() + " CHECKING>UP")
                      : List.of(
                          a.port() + " UP>CHECKING",
                          a.port() + " CHECKING>UP",
                          a.port() + " UP>CHECKING"));
          assertThat(RawClient.get(proxy.port(), "h", "/").status())
              .isEqualTo(persistent ? 500 : 502);
        }
      }
    }
  }

  @Test
  void anUnhealthyServerIsStillSoAfterAReload() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a");
        Switchable b = new Switchable().answer(500, "b");
        TestProxy proxy = TestProxy.start(http(servers(a, b), "health_check interval=1h;"), log)) {
      log.await(b.port() + " UP>UNHEALTHY");

      assertThat(
              proxy.reload(http(servers(a, b), "health_check interval=1h; proxy_read_timeout 7s;")))
          .isTrue();

      assertThat(answers(proxy)).containsExactly("a");
      assertThat(log.words()).hasSize(1);
    }
  }

  @Test
  void aCheckThatIsTakenOutOfTheConfigurationCountsNoMore() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(500, "a");
        TestProxy proxy = TestProxy.start(http(servers(a), "health_check interval=20ms;"), log)) {
      log.await(a.port() + " UP>UNHEALTHY");

      assertThat(proxy.reload(http(servers(a), ""))).isTrue();

      log.await(a.port() + " UNHEALTHY>UP");
      assertThat(answers(proxy)).containsExactly("a");
    }
  }

  @Test
  void probesFollowTheList() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable();
        Switchable b = new Switchable();
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server " + a.address() + "; server " + b.address() + " down;",
                    "health_check interval=20ms mandatory;"),
                log)) {
      log.await(a.port() + " CHECKING>UP");
      assertThat(b.server().requests()).isEmpty();

      change(proxy, new UpstreamChange.Update(1, PeerPatch.NOTHING.withDown(false)), 101);
      log.await(b.port() + " DOWN>CHECKING").await(b.port() + " CHECKING>UP");
      change(proxy, new UpstreamChange.Update(0, PeerPatch.NOTHING.withDrain(true)), 102);
      a.answer(500, "");
      log.await(a.port() + " DRAINING>UNHEALTHY"); // it is still probed
      change(proxy, new UpstreamChange.Remove(0), 103);
      b.answer(500, "");
      log.await(b.port() + " UP>UNHEALTHY");
      int probes = a.server().requests().size();
      b.awaitRequests(b.server().requests().size() + 5);

      assertThat(a.server().requests().size()).isLessThanOrEqualTo(probes + 1);
    }
  }

  @Test
  void aServerThatFlapsUnderTrafficIsToldEachTime() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a");
        Switchable b = new Switchable().answer(200, "b");
        TestProxy proxy =
            TestProxy.start(http(servers(a, b), "health_check interval=10ms;"), log)) {
      for (int i = 1; i <= 3; i++) {
        a.answer(500, "a");
        log.await(a.port() + " UP>UNHEALTHY", i);
        assertThat(answers(proxy)).containsExactly("b");
        a.answer(200, "a");
        log.await(a.port() + " UNHEALTHY>UP", i);
        assertThat(answers(proxy)).containsExactly("a", "b");
      }

      assertThat(log.words()).hasSize(6);
      assertThat(peer(proxy, 0).activeHealth().unhealthy()).isEqualTo(3);
    }
  }

  @Test
  void whenAllServersAreUnhealthyPanicServesThemAll() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(500, "a");
        Switchable b = new Switchable().answer(500, "b");
        TestProxy proxy =
            TestProxy.start(
                http(servers(a, b) + " panic_threshold 30%;", "health_check interval=20ms;"),
                log)) {
      log.await("panic 0/2");
      assertThat(answers(proxy)).containsExactly("a", "b");
      assertThat(upstream(proxy).health().isPanic()).isTrue();
      assertThat(proxy.errorLog())
          .contains(
              "[warn] "
                  + logged(
                      proxy,
                      "panic_threshold of upstream \"u\": 0 of 2 servers are usable: from now on"
                          + " health is ignored"));

      b.answer(200, "b");
      log.await("calm 1/2");

      assertThat(answers(proxy)).containsExactly("b");
      assertThat(proxy.errorLog()).contains("1 of 2 servers are usable: health counts again");
    }
  }

  @Test
  void failedRequestsAreToldAsFailedProbesAre() throws Exception {
    HealthLog log = new HealthLog();
    try (ClosedPort closed = new ClosedPort();
        ClosedPort other = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + closed.address()
                        + "; server "
                        + other.address()
                        + "; server "
                        + good.address()
                        + "; max_ejected 34%;",
                    ""),
                log)) {
      assertThat(answers(proxy)).containsExactly("good");

      assertThat(log.words()).hasSize(1);
      assertThat(log.words().getFirst()).endsWith(" UP>UNAVAIL");
      assertThat(log.reasons()).containsExactly("upstream server temporarily disabled");
    }
  }

  @Test
  void whatIsWrongIsRefused() {
    String u = "upstream u { server 127.0.0.1:1; zone u 64k; } ";
    Stream.of(
            "interval=0|invalid parameter \"interval=0\"",
            "interval=x|invalid parameter \"interval=x\"",
            "fails=0|invalid parameter \"fails=0\"",
            "passes=|invalid parameter \"passes=\"",
            "uri=here|invalid parameter \"uri=here\"",
            "port=65536|invalid parameter \"port=65536\"",
            "persistent|\"persistent\" requires \"mandatory\" before it",
            "often|invalid parameter \"often\"",
            "type=tcp|invalid parameter \"type=tcp\"",
            "grpc_service=a type=grpc|\"grpc_service=a\" requires \"type=grpc\" before it",
            "type=grpc grpc_status=17|invalid parameter \"grpc_status=17\"",
            "uri=/a type=grpc|\"type=grpc\" is not compatible with \"uri\" and \"match\"",
            "keepalive_time=1s type=grpc|\"keepalive_time\" is not supported with \"type=grpc\"",
            "match=none|match \"none\" not found")
        .map(row -> row.split("\\|"))
        .forEach(row ->
            assertThatThrownBy(() ->
                    TestProxy.start(
                        u
                            + "server { listen 127.0.0.1:0; location / { proxy_pass http://u;"
                            + " health_check "
                            + row[0]
                            + "; } }"))
                .as(row[0])
                .hasMessageContaining(row[1]));
    Stream.of(
            "upstream u { server 127.0.0.1:1; } server { listen 127.0.0.1:0; location / {"
                + " proxy_pass http://u; health_check; } }"
                + "|\"health_check\" requires a shared memory zone in upstream \"u\"",
            u
                + "server { listen 127.0.0.1:0; location / { proxy_pass http://$host; health_check; } }"
                + "|\"health_check\" cannot be used with \"proxy_pass\" directive with variables",
            u
                + "server { listen 127.0.0.1:0; location / { health_check; } }"
                + "|\"health_check\" must be in a location with \"proxy_pass\"",
            "match m { status 99; }|invalid status \"99\"",
            "match m { status 300-200; }|invalid status \"300-200\"",
            "match m { status; }|invalid number of arguments in \"status\" directive",
            "match m { header a b; }|invalid parameter \"a\"",
            "match m { header a > b; }|invalid operator \">\"",
            "match m { body ~ (; }|pcre2_compile() failed",
            "match m { body = x; }|invalid operator \"=\"",
            "match m { require x; }|invalid variable name \"x\"",
            "match m { send x; }|unknown directive \"send\"",
            "match m { status 200; } match m { status 200; }|duplicate match \"m\"",
            "upstream u { server 127.0.0.1:1; panic_threshold 30; }|invalid value \"30\"",
            "upstream u { server 127.0.0.1:1; max_ejected 101%; }|invalid value \"101%\"",
            "upstream u { server 127.0.0.1:1; zone u 4k; }|zone \"u\" is too small")
        .map(row -> row.split("\\|"))
        .forEach(row ->
            assertThatThrownBy(() -> TestProxy.start(row[0]))
                .as(row[0])
                .hasMessageContaining(row[1]));
  }
}

package dev.turnout.http.health;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.upstream.HealthLog;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Tengine's `check` and `check_status`. The first probe comes within a second, as Tengine's does.
class CheckIT {
  private static String http(String upstream) {
    return "error_log logs/error.log info; upstream u { "
        + upstream
        + " } server { listen 127.0.0.1:0; location / { proxy_pass http://u; }"
        + " location /status { check_status; } location /csv { check_status csv; } }";
  }

  private static String masked(String text, Switchable server) {
    return text.replace(server.address(), "SERVER")
        .replaceAll("\"(rise|fall)\": \\d+", "\"$1\": N");
  }

  @Test
  void aServerIsDownUntilItHasRisen() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a");
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; check interval=20 rise=2 fall=2 timeout=1000 type=http;"),
                log)) {
      assertThat(log.words()).startsWith(a.port() + " UP>CHECKING");
      log.await(a.port() + " CHECKING>UP");
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
      assertThat(a.server().requests().size()).isGreaterThanOrEqualTo(2);
      assertThat(a.server().requests().getFirst().raw()).isEqualTo("GET / HTTP/1.0\r\n\r\n");

      a.answer(500, "a");
      log.await(a.port() + " UP>UNHEALTHY");
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(502);

      assertThat(proxy.errorLog())
          .contains("enable check peer: " + a.address())
          .contains("disable check peer: " + a.address());
    }
  }

  @Test
  void aServerIsUpFromTheBeginningIfThatIsSaid() throws Exception {
    HealthLog log = new HealthLog();
    try (FakeUpstream a = FakeUpstream.named("a");
        ClosedPort closed = new ClosedPort();
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; server "
                        + closed.address()
                        + " max_fails=0; check interval=20 rise=1 fall=1 default_down=false"
                        + " type=tcp;"),
                log)) {
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
      log.await(closed.port() + " UP>UNHEALTHY");

      assertThat(proxy.errorLog())
          .contains(
              "connect() failed (111: Connection refused) while connecting to upstream, check of"
                  + " peer: "
                  + closed.address());
      RawResponse down = RawClient.get(proxy.port(), "h", "/csv?status=down");
      assertThat(down.body())
          .matches("1,u," + closed.address() + ",down,0,\\d+,tcp,0\n")
          .doesNotContain(a.address());
    }
  }

  @Test
  void whatIsSentAndWhatIsLifeCanBeSaid() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(404, "");
        TestProxy _ =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; check interval=20 rise=1 fall=1 type=http;"
                        + " check_keepalive_requests 3;"
                        + " check_http_send \"HEAD /x HTTP/1.1\\r\\nHost: check\\r\\n\\r\\n\";"
                        + " check_http_expect_alive http_4xx;"),
                log)) {
      a.raw("HTTP/1.1 404 No\r\nContent-Length: 5\r\n\r\n"); // the answer to a HEAD
      log.await(a.port() + " CHECKING>UP");
      a.awaitRequests(9);

      assertThat(a.server().requests().getLast().raw())
          .isEqualTo("HEAD /x HTTP/1.1\r\nHost: check\r\n\r\n");
      assertThat(a.server().requests().getLast().number()).isLessThan(3);
      assertThat(a.server().requests()).anyMatch(request -> request.number() == 2);
    }
  }

  @Test
  void anInformationalAnswerIsLifeIfThatIsSaid() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().raw("HTTP/1.1 101 Switching Protocols\r\n\r\n");
        TestProxy _ =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; check interval=20 rise=1 fall=1 type=http;"
                        + " check_http_expect_alive http_1xx;"),
                log)) {
      log.await(a.port() + " CHECKING>UP");
    }
  }

  @Test
  void aBodyThatDoesNotEndIsNoFailure() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a =
            new Switchable().raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbeginning");
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; check interval=20 timeout=50 rise=2 fall=100 type=http;"
                        + " check_keepalive_requests 10;"
                        + " check_http_send \"GET / HTTP/1.1\\r\\nHost: check\\r\\n\\r\\n\";"),
                log)) {
      log.await(a.port() + " CHECKING>UP");
      a.awaitRequests(4);

      assertThat(log.words()).hasSize(2);
      assertThat(proxy.errorLog()).doesNotContain("[error] disable");
    }
  }

  @Test
  void aProbeThatTakesTooLongHasFailed() throws Exception {
    HealthLog log = new HealthLog();
    try (FakeUpstream slow =
            FakeUpstream.each((_, connection) -> {
              connection.send("HTTP/1.1 200 OK\r\n");
              connection.awaitClose();
            });
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + slow.address()
                        + "; check interval=20 timeout=50 rise=1 fall=1 default_down=false"
                        + " type=http;"),
                log)) {
      log.await(slow.port() + " UP>UNHEALTHY");

      assertThat(proxy.errorLog()).contains("upstream timed out (110: Connection timed out)");
    }
  }

  @Test
  void theStatusHasTenginesFormats() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable();
        TestProxy proxy =
            TestProxy.start(
                http(
                    "server "
                        + a.address()
                        + "; check interval=20 rise=1 type=http port="
                        + a.port()
                        + ";"),
                log)) {
      log.await(a.port() + " CHECKING>UP");

      RawResponse html = RawClient.get(proxy.port(), "h", "/status");
      assertThat(html.status()).isEqualTo(200);
      assertThat(html.headers().get("Content-Type")).contains("text/html");
      assertThat(html.body())
          .startsWith("<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\n")
          .contains("<h2>Check upstream server number: 1, generation: 1</h2>\n")
          .contains("    <td>u</td>\n    <td>" + a.address() + "</td>\n    <td>up</td>\n")
          .endsWith("</table>\n</body>\n</html>\n");
      RawResponse csv = RawClient.get(proxy.port(), "h", "/status?format=csv");
      assertThat(csv.headers().get("Content-Type")).contains("text/plain");
      assertThat(csv.body()).matches("0,u," + a.address() + ",up,\\d+,0,http," + a.port() + "\n");
      RawResponse json = RawClient.get(proxy.port(), "h", "/csv?format=json&status=up");
      assertThat(json.headers().get("Content-Type")).contains("application/json");
      assertThat(masked(json.body(), a))
          .isEqualTo(
              """
              {"servers": {
                "total": 1,
                "up": 1,
                "down": 0,
                "generation": 1,
                "server": [
                  {"index": 0, "upstream": "u", "name": "SERVER", "status": "up", "rise": N, \
              "fall": N, "type": "http", "port": %d}
                ]
              }}
              """
                  .formatted(a.port()));
      assertThat(RawClient.get(proxy.port(), "h", "/csv?status=down").body()).isEmpty();
      assertThat(
              RawClient.ask(
                      proxy.port(), "POST /csv HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
                  .status())
          .isEqualTo(405);
    }
  }

  @Test
  void whatIsKnownOfAServerSurvivesAReload() throws Exception {
    HealthLog log = new HealthLog();
    try (Switchable a = new Switchable().answer(200, "a")) {
      String upstream = "server " + a.address() + "; check interval=3600000 rise=1 type=http;";
      String quick = upstream.replace("3600000", "20");
      try (TestProxy proxy = TestProxy.start(http(quick), log)) {
        log.await(a.port() + " CHECKING>UP");

        assertThat(proxy.reload(http(upstream))).isTrue();

        assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
        assertThat(Objects.requireNonNull(proxy.upstreams().find("u")).zombies()).isEmpty();
        assertThat(log.words()).hasSize(2);
        assertThat(RawClient.get(proxy.port(), "h", "/status").body()).contains("generation: 2");
      }
    }
  }

  @Test
  void withoutChecksThereIsNoStatus() throws Exception {
    try (TestProxy proxy = TestProxy.start(http("server 127.0.0.1:1;"))) {
      assertThat(RawClient.get(proxy.port(), "h", "/status").status()).isEqualTo(500);
      assertThat(proxy.errorLog())
          .contains("http upstream check module can not find any check server");
    }
  }

  @Test
  void whatIsWrongIsRefused() {
    Stream.of(
            "check type=mysql;|check type \"mysql\" is not supported",
            "check type=ssl_hello;|check type \"ssl_hello\" is not supported",
            "check type=ajp;|check type \"ajp\" is not supported",
            "check type=fastcgi;|check type \"fastcgi\" is not supported",
            "check type=x;|invalid parameter \"type=x\"",
            "check interval=0;|invalid parameter \"interval=0\"",
            "check rise=x;|invalid parameter \"rise=x\"",
            "check default_down=maybe;|invalid value \"default_down=maybe\", it must be",
            "check unique=true;|the \"unique\" parameter of \"check\" is not supported",
            "check_http_send \"x\";|invalid check_http_send should set [check] first",
            "check type=tcp; check_http_send \"x\";|invalid check_http_send for type \"tcp\"",
            "check type=http; check_http_expect_alive http_6xx;|invalid value \"http_6xx\"")
        .map(row -> row.split("\\|"))
        .forEach(row ->
            assertThatThrownBy(() -> TestProxy.start(http("server 127.0.0.1:1; " + row[0])))
                .as(row[0])
                .hasMessageContaining(row[1]));
    assertThatThrownBy(() ->
            TestProxy.start("server { listen 127.0.0.1:0; location / { check_status xml; } }"))
        .hasMessageContaining("invalid check format \"xml\"");
  }
}

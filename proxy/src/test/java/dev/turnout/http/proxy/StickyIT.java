package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.server;
import static dev.turnout.http.proxy.Configurations.servers;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.turnout.app.TestProxy;
import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.sticky.RouteId;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `sticky`, from the directive to the wire.
class StickyIT {
  private static RawResponse ask(TestProxy proxy, String cookie) throws Exception {
    return RawClient.ask(
        proxy.port(), "GET / HTTP/1.1\r\nHost: h\r\nCookie: " + cookie + "\r\n\r\n");
  }

  private static Upstream group(TestProxy proxy) {
    return Objects.requireNonNull(proxy.upstreams().find("u"));
  }

  private static String two(FakeUpstream a, FakeUpstream b, String sticky) {
    return "server " + a.address() + "; server " + b.address() + "; sticky " + sticky + ";";
  }

  @Test
  void theCookieThatAResponseSetsBringsTheClientBack() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(servers(two(a, b, "cookie srv")), 2)) {
      RawResponse first = RawClient.get(proxy.port(), "h", "/");
      String cookie = first.headers().get("Set-Cookie").orElseThrow();

      assertThat(cookie)
          .isEqualTo("srv=" + RouteId.of(first.body().equals("a") ? a.address() : b.address()));
      for (int i = 0; i < 6; i++) {
        RawResponse next = ask(proxy, "x=1; " + cookie);
        assertThat(next.body()).isEqualTo(first.body());
        assertThat(next.headers().all("Set-Cookie")).containsExactly(cookie);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "domain=.example.com path=/a | srv=r; domain=.example.com; path=/a",
        "path=/ secure samesite=Lax httponly | srv=r; httponly; secure; samesite=Lax; path=/",
        "expires=max | srv=r; expires=Thu, 31-Dec-37 23:55:55 GMT; max-age=315360000",
        "samesite=$arg_s domain=$arg_d | srv=r; domain=d; samesite=strict"
      })
  void theCookieHasNginxsAttributes(String parameters, String cookie) throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server " + a.address() + " route=r; sticky cookie srv " + parameters + ";"))) {
      assertThat(RawClient.get(proxy.port(), "h", "/?s=wrong&d=d").headers().all("Set-Cookie"))
          .containsExactly(cookie);
    }
  }

  @Test
  void aCookieThatExpiresSaysWhenInBothForms() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(
                servers("server " + a.address() + " route=r; sticky cookie srv expires=1h;"))) {
      assertThat(RawClient.get(proxy.port(), "h", "/").headers().get("Set-Cookie").orElseThrow())
          .matches(
              "srv=r; expires=[A-Z][a-z]{2}, \\d\\d-[A-Z][a-z]{2}-\\d\\d \\d\\d:\\d\\d:\\d\\d GMT;"
                  + " max-age=3600");
    }
  }

  @Test
  void errorPagesBringTheClientBackToo() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        TestProxy proxy =
            TestProxy.start(
                servers("server " + closed.address() + " route=r; sticky cookie srv;"))) {
      RawResponse response = RawClient.get(proxy.port(), "h", "/");

      assertThat(response.status()).isEqualTo(502);
      assertThat(response.headers().all("Set-Cookie")).containsExactly("srv=r");
    }
  }

  @Test
  void theCookieNamesTheServerThatAnsweredAfterARetry() throws Exception {
    try (ClosedPort closed = new ClosedPort();
        FakeUpstream good = FakeUpstream.named("good");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + closed.address()
                        + " route=bad; server "
                        + good.address()
                        + " route=good; sticky cookie srv;"))) {
      RawResponse response = ask(proxy, "srv=bad");

      assertThat(response.body()).isEqualTo("good");
      assertThat(response.headers().all("Set-Cookie")).containsExactly("srv=good");
    }
  }

  @Test
  void noServerNoCookie() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(servers("server " + a.address() + " down; sticky cookie srv;"))) {
      RawResponse response = RawClient.get(proxy.port(), "h", "/");

      assertThat(response.status()).isEqualTo(502);
      assertThat(response.headers().all("Set-Cookie")).isEmpty();
    }
  }

  @Test
  void theFirstVariableThatSaysSomethingNamesTheRoute() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    "server "
                        + a.address()
                        + " route=a; server "
                        + b.address()
                        + " route=b; sticky route $cookie_r $arg_r;"))) {
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(proxy.port(), "h", "/?r=b").body()).isEqualTo("b");
        assertThat(ask(proxy, "r=a").body()).isEqualTo("a");
      }
      assertThat(RawClient.get(proxy.port(), "h", "/?r=b").headers().all("Set-Cookie")).isEmpty();
    }
  }

  private static FakeUpstream login(String name) {
    return FakeUpstream.answering(200, List.of(new Field("Set-Cookie", "sid=" + name)), name);
  }

  @Test
  void aSessionThatAServerBeginsBindsToIt() throws Exception {
    try (FakeUpstream a = login("a");
        FakeUpstream b = login("b");
        TestProxy proxy =
            TestProxy.start(
                servers(
                    two(a, b, "learn create=$upstream_cookie_sid lookup=$cookie_sid zone=z:64k")),
                2)) {
      RawClient.get(proxy.port(), "h", "/");
      RawClient.get(proxy.port(), "h", "/");

      for (int i = 0; i < 4; i++) {
        assertThat(ask(proxy, "sid=b").body()).isEqualTo("b");
        assertThat(ask(proxy, "sid=a").body()).isEqualTo("a");
      }
      for (Peer peer : group(proxy).current().peers()) {
        assertThat(group(proxy).sessionsAt(peer, 0)).hasValue(1);
      }
    }
  }

  @Test
  void sessionsOutliveAReloadAndDrainWithTheirServer() throws Exception {
    try (FakeUpstream a = login("a");
        FakeUpstream b = login("b");
        FakeUpstream c = login("c")) {
      String learn = "sticky learn create=$upstream_cookie_sid lookup=$cookie_sid zone=z:64k;";
      String before = "server " + a.address() + "; server " + b.address() + ";" + learn;
      try (TestProxy proxy = TestProxy.start(servers(before))) {
        RawClient.get(proxy.port(), "h", "/");
        RawClient.get(proxy.port(), "h", "/");

        String after =
            "server " + c.address() + "; server " + b.address() + " drain weight=5;" + learn;
        assertThat(proxy.reload(servers(after))).isTrue();

        for (int i = 0; i < 3; i++) {
          assertThat(ask(proxy, "sid=b").body()).isEqualTo("b");
          assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("c");
        }
        assertThat(ask(proxy, "sid=a").body()).isEqualTo("c"); // its server is gone
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"header, true", "'', false"})
  void withHeaderASessionBindsBeforeTheBodyIsThere(String header, boolean bound) throws Exception {
    CountDownLatch end = new CountDownLatch(1);
    FakeUpstream.Answer slow =
        (_, connection) -> {
          connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na");
          end.await(10, TimeUnit.SECONDS);
          connection.send("b");
        };
    try (FakeUpstream a = FakeUpstream.each(slow);
        FakeUpstream b = FakeUpstream.each(slow);
        TestProxy proxy =
            TestProxy.start(
                servers(
                    two(
                        a,
                        b,
                        "learn create=$cookie_sid lookup=$cookie_sid zone=z:64k " + header)));
        RawClient one = RawClient.connect(proxy.port());
        RawClient two = RawClient.connect(proxy.port())) {
      String request = "GET / HTTP/1.1\r\nHost: h\r\nCookie: sid=s\r\n\r\n";
      one.send(request).readBytes(20);
      two.send(request).readBytes(20);
      boolean together = a.requestCount() != 1;
      end.countDown();

      assertThat(together).isEqualTo(bound);
    }
  }

  @Test
  void oneUpstreamsCookieIsNotAnothers() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(
                "upstream other { server 127.0.0.1:1; sticky cookie srv; } upstream u { server "
                    + a.address()
                    + "; }"
                    + server("proxy_pass http://u;"))) {
      assertThat(RawClient.get(proxy.port(), "h", "/").headers().all("Set-Cookie")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sticky cookie c bad=1 | unknown parameter \"bad=1\"",
        "sticky what x | unknown parameter \"what\"",
        "sticky cookie '' | \"sticky\" directive empty cookie name",
        "sticky cookie c path= | \"sticky\" directive no value for \"path\"",
        "sticky cookie c secure secure | \"sticky\" directive parameter \"secure\" is duplicate",
        "sticky cookie c expires=no | \"sticky\" directive invalid \"expires\" parameter value",
        "sticky cookie c samesite=no | \"sticky\" directive invalid \"samesite\" parameter value",
        "sticky cookie c; sticky cookie d | \"sticky\" directive is duplicate",
        "sticky route arg_x | invalid variable name \"arg_x\"",
        "sticky route $nothing | unknown \"nothing\" variable",
        "sticky learn create=$arg_x zone=z:1m | \"sticky\" directive \"lookup\" parameter is not"
            + " specified",
        "sticky learn lookup=$arg_x zone=z:1m | \"sticky\" directive \"create\" parameter is not"
            + " specified",
        "sticky learn lookup=$arg_x create=$arg_x | \"sticky\" directive \"zone\" parameter is not"
            + " specified",
        "sticky learn lookup=x create=$arg_x zone=z:1m | \"sticky\" directive missing variable in the"
            + " \"lookup\" parameter",
        "sticky learn lookup=$arg_x create=$arg_x zone=z:1k | \"sticky\" directive zone is too small",
        "sticky learn lookup=$arg_x create=$arg_x zone=z | \"sticky\" directive zone size is not"
            + " specified",
        "sticky learn lookup=$arg_x create=$arg_x zone=z:1m timeout=0 | \"sticky\" directive invalid"
            + " timeout",
        "sticky learn lookup=$arg_x create=$arg_x zone=z:1m sync | the \"sync\" parameter of"
            + " \"sticky\" is not possible: there is no store",
        "server 127.0.0.1:2 route= | route is empty",
        "server 127.0.0.1:2 route=123456789012345678901234567890123 | route is longer than 32",
        "zone '' | invalid zone name \"\"",
        "zone z 1x | invalid zone size \"1x\"",
        "zone z 16k | zone \"z\" is too small",
        "zone z | zero size shared memory zone \"z\"",
        "queue 0 | invalid value \"0\" in \"queue\" directive",
        "queue 10 time=1 | invalid parameter \"time=1\"",
        "least_time body | invalid value \"body\"",
        "least_time header often | invalid parameter \"often\"",
        "random two least_time=body | invalid parameter \"least_time=body\"",
      })
  void whatIsWrongIsToldInNginxsWords(String directive, String message) {
    assertThat(refusal(servers("server 127.0.0.1:1; " + directive + ";"))).isEqualTo(message);
  }

  /// What is told first of what is wrong with these contents of `http {}`.
  private static String refusal(String http) {
    return switch (catchThrowable(() -> TestProxy.start(http))) {
      case ConfigLoadException whileRead -> whileRead.errors().getFirst().messageText();
      case ConfigException whenRead -> whenRead.messageText();
      case null -> throw new AssertionError("taken: " + http);
      case Throwable other -> throw new AssertionError(other);
    };
  }

  @Test
  void aZoneOfSessionsBelongsToOneUpstream() {
    String learn = "{ server 127.0.0.1:1; sticky learn lookup=$arg_x create=$arg_x zone=z:1m; } ";

    assertThat(refusal("upstream one " + learn + "upstream two " + learn))
        .isEqualTo("sticky zone \"z\" is already used in upstream \"one\"");
  }

  @Test
  void severalUpstreamsShareAZoneWhoseSizeOneOfThemSays() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(
                "upstream v { zone z 64k; server 127.0.0.1:1; } "
                    + servers("zone z; server " + a.address() + ";"))) {
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");
      assertThat(group(proxy).current().spec().options().zone()).isEqualTo("z");
    }
  }
}

package dev.turnout.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.upstream.HealthLog;
import dev.turnout.upstream.HealthOptions;
import dev.turnout.upstream.QueueLimits;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamOptions;
import dev.turnout.upstream.sticky.StickyCookie;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The interface of the dyups module, by the letter, over real HTTP.
class DyupsIT {
  private static final String DEFAULTS =
      " weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=0\n";

  @TempDir private Path directory;

  private static String node(String upstreams) {
    return upstreams
        + """
        server { listen 127.0.0.1:0; location / { proxy_pass http://$host; }
          location /admin/ { dyups_interface; }
          location /list { dyups_interface; } location /detail { dyups_interface; }
          location /upstream { dyups_interface; } }
        """;
  }

  private static String one(FakeUpstream server) {
    return node("upstream one { server " + server.address() + "; }\n");
  }

  private static RawResponse post(TestProxy proxy, String target, String body) throws Exception {
    return RawClient.ask(
        proxy.port(),
        "POST "
            + target
            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  private static RawResponse ask(TestProxy proxy, String method, String target) throws Exception {
    return RawClient.ask(
        proxy.port(), method + " " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }

  private static String served(TestProxy proxy, String host) throws Exception {
    return RawClient.get(proxy.port(), host, "/").body();
  }

  @Test
  void aGroupThatIsSetIsServedListedAndRemoved() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(one(a))) {
      RawResponse set = post(proxy, "/upstream/two", "server " + b.address() + ";");

      assertThat(set.status()).isEqualTo(200);
      assertThat(set.body()).isEqualTo("success");
      assertThat(set.headers().all("Content-Type")).isEmpty();
      assertThat(served(proxy, "two")).isEqualTo("b");
      assertThat(served(proxy, "one")).isEqualTo("a");
      assertThat(ask(proxy, "GET", "/list").body()).isEqualTo("one\ntwo\n");
      assertThat(ask(proxy, "GET", "/upstream/two").body())
          .isEqualTo("server " + b.address() + "\n");
      assertThat(ask(proxy, "GET", "/detail").body())
          .isEqualTo(
              "one\nserver "
                  + a.address()
                  + DEFAULTS
                  + "\ntwo\nserver "
                  + b.address()
                  + DEFAULTS
                  + "\n");

      assertThat(ask(proxy, "DELETE", "/upstream/two").body()).isEqualTo("success");

      assertThat(RawClient.get(proxy.port(), "two", "/").status()).isEqualTo(502);
      assertThat(ask(proxy, "GET", "/list").body()).isEqualTo("one\n");
      assertThat(ask(proxy, "GET", "/upstream/two").status()).isEqualTo(404);
    }
  }

  @Test
  void aGroupOfTheConfigurationCanBeReplacedRemovedAndMadeAgain() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(one(a))) {
      post(proxy, "/upstream/one", "server " + b.address() + " weight=3;");
      assertThat(served(proxy, "one")).isEqualTo("b");
      assertThat(ask(proxy, "GET", "/detail").body()).contains(" weight=3 ");

      ask(proxy, "DELETE", "/upstream/one");
      assertThat(RawClient.get(proxy.port(), "one", "/").status()).isEqualTo(502);
      assertThat(ask(proxy, "GET", "/list").status()).isEqualTo(204);

      post(proxy, "/upstream/one", "server " + a.address() + ";");
      assertThat(served(proxy, "one")).isEqualTo("a");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          GET    | /                    | 404 |
          GET    | /detail/anything     | 200 |
          GET    | /LIST                | 200 | one!
          GET    | /upstream            | 404 | ''
          GET    | /upstream/nobody     | 404 | ''
          GET    | /admin/list          | 200 | one!
          GET    | /admin/else          | 404 | ''
          POST   | /upstream/x          | 204 | ''
          DELETE | /upstream            | 405 | not support this interface
          DELETE | /upstream/a/b        | 405 | not support this interface
          DELETE | /list/x              | 405 | not support this api
          DELETE | /upstream/nobody     | 404 | not found uptream
          PUT    | /upstream/x          | 405 | ''
          PATCH  | /upstream/x          | 405 | ''
          HEAD   | /list                | 405 | ''
          """)
  void answersAreThoseOfTheModule(String method, String target, int status, String body)
      throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(one(a).replace("proxy_pass http://$host", "dyups_interface"))) {
      RawResponse answer = ask(proxy, method, target);

      assertThat(answer.status()).isEqualTo(status);
      if (body != null) {
        assertThat(answer.body()).isEqualTo(body.replace('!', '\n'));
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          /upstream       | server 127.0.0.1:1; | 404 | not support this interface
          /upstream/a/b   | server 127.0.0.1:1; | 404 | not support this interface
          /list/x         | server 127.0.0.1:1; | 404 | not support this api
          /upstream/x     | ip_hash aaa; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | aaserver 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | server 127.0.0.1:1 | 500 | add server failed
          /upstream/x     | server 127.0.0.1:1 weight=0; | 500 | add server failed
          /upstream/x     | server 127.0.0.1:1; } | 500 | add server failed
          /upstream/x     | ip_hash; server 127.0.0.1:1 backup; | 500 | add server failed
          /upstream/x     | hash $nobody_knows; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | include /etc/hosts; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | include /etc/host*; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | ip_hash; | 500 | add server failed
          /upstream/x     | check type=mysql; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | check interval=0; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | check_http_send x; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | sticky route $nobody_knows; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | sticky cookie c domain=$nobody_knows; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | panic_threshold 101%; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | resolver 127.0.0.1:1; server 127.0.0.1:1; | 500 | add server failed
          /upstream/x     | server nobody.test:1 resolve; | 500 | add server failed
          /upstream/x     | state x.conf; server 127.0.0.1:1; | 500 | add server failed
          """)
  void aBodyThatTheBlockWouldNotTakeChangesNothing(
      String target, String body, int status, String text) throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(one(a).replace("proxy_pass http://$host", "dyups_interface"))) {
      RawResponse answer = post(proxy, target, body);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.body()).isEqualTo(text);
      assertThat(proxy.upstreams().displayNames()).containsExactly("one");
      assertThat(proxy.writer().history().revision()).isZero();
    }
  }

  @Test
  void theLogTellsWhatWasWrongInABody() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.start(one(a))) {
      post(proxy, "/upstream/x", "server 127.0.0.1:1;\naaserver;");

      assertThat(proxy.errorLog())
          .contains("[dyups] upstream \"x\": unknown directive \"aaserver\" in upstream \"x\":2");
    }
  }

  @Test
  void aBodyThatDoesNotFitTheBufferIsReadFromItsFile() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.start("client_body_buffer_size 1k;\n" + one(a))) {
      StringBuilder body = new StringBuilder();
      for (int i = 0; i < 200; i++) {
        body.append("# a line that only makes it longer\n");
      }
      body.append("server ").append(a.address()).append(";");

      assertThat(post(proxy, "/upstream/long", body.toString()).body()).isEqualTo("success");

      assertThat(served(proxy, "long")).isEqualTo("a");
    }
  }

  @Test
  void aMethodThatWasSetAtRunTimeIsUsed() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(one(a))) {
      String body = "hash $arg_k; server " + a.address() + "; server " + b.address() + ";";

      assertThat(post(proxy, "/upstream/keyed", body).body()).isEqualTo("success");

      String first = RawClient.get(proxy.port(), "keyed", "/?k=1").body();
      for (int i = 0; i < 4; i++) {
        assertThat(RawClient.get(proxy.port(), "keyed", "/?k=1").body()).isEqualTo(first);
      }
      assertThat(
              java.util.stream.IntStream.range(0, 32)
                  .mapToObj(k -> answer(proxy, "/?k=" + k))
                  .distinct())
          .containsExactlyInAnyOrder("a", "b");
    }
  }

  private static String answer(TestProxy proxy, String target) {
    try {
      return RawClient.get(proxy.port(), "keyed", target).body();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void whatWasSetSurvivesARestart() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b")) {
      String configuration = one(a) + "upstream three { server " + a.address() + "; }";
      try (TestProxy proxy = TestProxy.startIn(directory, configuration)) {
        post(proxy, "/upstream/two", "hash $arg_k; keepalive 7; server " + b.address() + ";");
        post(proxy, "/upstream/one", "ip_hash; server " + b.address() + " max_fails=4;");
        ask(proxy, "DELETE", "/upstream/three");
      }

      try (TestProxy proxy = TestProxy.startIn(directory, configuration)) {
        assertThat(served(proxy, "two")).isEqualTo("b");
        assertThat(served(proxy, "one")).isEqualTo("b");
        assertThat(ask(proxy, "GET", "/list").body()).isEqualTo("one\ntwo\n");
        assertThat(ask(proxy, "GET", "/detail").body()).contains(" max_fails=4 ");
        assertThat(proxy.upstreams().find("one"))
            .satisfies(
                one -> assertThat(one.current().spec().method().text()).isEqualTo("ip_hash"));
        assertThat(proxy.upstreams().find("two"))
            .satisfies(
                two -> assertThat(two.current().spec().keepalive().connections()).isEqualTo(7));
      }
    }
  }

  @Test
  void aGroupThatIsCheckedTakesRequestsOnceItHasRisenAndNoneWhenItFalls() throws Exception {
    HealthLog log = new HealthLog();
    AtomicReference<String> answer = new AtomicReference<>(Answers.ok("b"));
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.each((_, connection) -> connection.send(answer.get()));
        TestProxy proxy = TestProxy.start(one(a), log)) {
      String check = "check interval=20 rise=1 fall=1 timeout=1000 type=http;";

      post(proxy, "/upstream/two", check + " server " + b.address() + ";");
      assertThat(log.words()).startsWith(b.port() + " UP>CHECKING");
      log.await(b.port() + " CHECKING>UP");
      assertThat(served(proxy, "two")).isEqualTo("b");

      answer.set(Answers.of(500, List.of(), ""));
      log.await(b.port() + " UP>UNHEALTHY");
      assertThat(RawClient.get(proxy.port(), "two", "/").status()).isEqualTo(502);

      post(proxy, "/upstream/two", "server " + b.address() + ";");
      assertThat(log.words()).endsWith(b.port() + " UNHEALTHY>UP");
      assertThat(RawClient.get(proxy.port(), "two", "/").status()).isEqualTo(500);
    }
  }

  @Test
  void aServerThatServesGoesOnToWhenACheckIsAdded() throws Exception {
    HealthLog log = new HealthLog();
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.start(one(a), log)) {
      post(
          proxy,
          "/upstream/one",
          "check interval=60000 default_down=true; server " + a.address() + ";");

      assertThat(log.words()).isEmpty();
      assertThat(served(proxy, "one")).isEqualTo("a");
    }
  }

  @Test
  void aGroupThatIsRemovedIsAskedNoMore() throws Exception {
    CountDownLatch left = new CountDownLatch(1);
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b =
            FakeUpstream.scripted(connection -> {
              try {
                while (connection.read() != null) {
                  connection.send(Answers.ok("b"));
                }
              } finally {
                left.countDown(); // a probe that is cut off may end it, too
              }
            });
        TestProxy proxy = TestProxy.start(one(a))) {
      String check =
          "check interval=10 timeout=60000 rise=1 type=http; check_keepalive_requests 1000000;";
      String request = "check_http_send \"GET / HTTP/1.1\\r\\nHost: b\\r\\n\\r\\n\";";
      post(proxy, "/upstream/two", check + request + " server " + b.address() + ";");
      b.awaitRequests(2);
      assertThat(left.getCount()).isOne();

      ask(proxy, "DELETE", "/upstream/two");

      assertThat(left.await(10, TimeUnit.SECONDS)).as("its connection ends").isTrue();
    }
  }

  @Test
  void sessionsOfAGroupThatWasSetAreBoundAndStayBoundOverAReloadAndARestart() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b")) {
      String body =
          "sticky cookie srv path=/x httponly; server %s route=ra; server %s route=rb;"
              .formatted(a.address(), b.address());
      try (TestProxy proxy = TestProxy.startIn(directory, one(a))) {
        post(proxy, "/upstream/two", body + " queue 5; panic_threshold 40%; max_ejected 50%;");
        assertThat(RawClient.get(proxy.port(), "two", "/").headers().get("Set-Cookie"))
            .hasValueSatisfying(
                cookie -> assertThat(cookie).matches("srv=r[ab]; httponly; path=/x"));
        assertBound(proxy);

        assertThat(proxy.reload(one(a))).isTrue();
        assertBound(proxy);
      }

      try (TestProxy proxy = TestProxy.startIn(directory, one(a))) {
        assertBound(proxy);
        Upstream two = proxy.upstreams().find("two");
        assertThat(two).isNotNull();
        assertThat(two.current().spec().options())
            .isEqualTo(
                new UpstreamOptions(
                    null,
                    new StickyCookie("srv", StickyCookie.SESSION, "", "/x", true, false, ""),
                    new QueueLimits(5, 60_000),
                    new HealthOptions(40, 50, null)));
      }
    }
  }

  private static void assertBound(TestProxy proxy) throws Exception {
    for (String name : List.of("a", "b", "b", "a", "a")) {
      RawResponse answer =
          RawClient.ask(
              proxy.port(), "GET / HTTP/1.1\r\nHost: two\r\nCookie: srv=r" + name + "\r\n\r\n");
      assertThat(answer.body()).isEqualTo(name);
    }
  }

  @Test
  void aReloadKeepsWhatWasSetAndTakesWhatTheFileChanged() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(one(a))) {
      post(proxy, "/upstream/one", "least_conn; server " + a.address() + " weight=5;");
      post(proxy, "/upstream/two", "server " + b.address() + ";");

      assertThat(
              proxy.reload(
                  node(
                      "upstream one { server "
                          + a.address()
                          + "; server "
                          + b.address()
                          + " down; }\n")))
          .isTrue();

      assertThat(served(proxy, "two")).isEqualTo("b");
      String detail = ask(proxy, "GET", "/detail").body();
      assertThat(detail)
          .startsWith("one\nserver " + a.address() + " weight=5 ")
          .contains(
              "server "
                  + b.address()
                  + " weight=1 max_conns=0 max_fails=1 fail_timeout=10 backup=0 down=1");
      assertThat(proxy.upstreams().find("one"))
          .satisfies(
              one -> assertThat(one.current().spec().method().text()).isEqualTo("least_conn"));
    }
  }

  @Test
  void serversThatAreWrittenAsBeforeKeepTheirState() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        FakeUpstream b = FakeUpstream.named("b");
        TestProxy proxy = TestProxy.start(one(a))) {
      served(proxy, "one");
      var before = proxy.upstreams().find("one");
      assertThat(before).isNotNull();
      var peer = before.current().peers().getFirst();

      post(proxy, "/upstream/one", "server " + b.address() + "; server " + a.address() + ";");

      assertThat(before.current().peers()).hasSize(2);
      assertThat(before.current().peers().get(1).stats()).isSameAs(peer.stats());
    }
  }

  @Test
  void aNameIsLookedUpWhenItIsSet() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.start(one(a))) {
      assertThat(post(proxy, "/upstream/named", "server localhost:" + a.port() + ";").body())
          .isEqualTo("success");
      assertThat(served(proxy, "named")).isEqualTo("a");

      assertThat(post(proxy, "/upstream/named", "server nobody.invalid:80;").body())
          .isEqualTo("add server failed");
      assertThat(proxy.errorLog()).contains("host not found in upstream \"nobody.invalid:80\"");
      assertThat(served(proxy, "named")).isEqualTo("a");
    }
  }

  @Test
  void otherMachinesAreKeptOutUnlessTheyAreLetIn() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy =
            TestProxy.start(
                "upstream one { server "
                    + a.address()
                    + "; } server { listen 127.0.0.1:0; dyups_interface; deny 127.0.0.1; }")) {
      assertThat(ask(proxy, "GET", "/list").status()).isEqualTo(403);
      assertThat(post(proxy, "/upstream/x", "server 127.0.0.1:1;").status()).isEqualTo(403);
      assertThat(proxy.upstreams().displayNames()).containsExactly("one");
    }
  }
}

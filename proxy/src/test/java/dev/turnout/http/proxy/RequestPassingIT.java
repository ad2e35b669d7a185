package dev.turnout.http.proxy;

import static dev.turnout.http.proxy.Configurations.proxying;
import static dev.turnout.http.proxy.Configurations.servers;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What of a request goes to the upstream, byte for byte.
class RequestPassingIT {
  private static RecordedRequest passed(String configuration, String request) throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration.replace("UPSTREAM", upstream.address()))) {
      RawResponse response = RawClient.ask(proxy.port(), request);
      assertThat(response.status()).as(response.raw()).isEqualTo(200);
      return upstream.requests().getFirst();
    }
  }

  private static String plain(String... inLocation) {
    return proxying("UPSTREAM", inLocation);
  }

  @Test
  void aPlainRequestIsPassedOnWithTheUpstreamsNameAsHost() throws Exception {
    RecordedRequest seen =
        passed(
            plain(), "GET /a?b=c HTTP/1.1\r\nHost: example.com\r\nX-One: 1\r\nx-two:  2 \r\n\r\n");

    assertThat(seen.raw())
        .isEqualTo("GET /a?b=c HTTP/1.1\r\nHost: u\r\nX-One: 1\r\nx-two: 2\r\n\r\n");
  }

  @Test
  void theTargetIsPassedOnAsItWasSent() throws Exception {
    RecordedRequest seen =
        passed(plain(), "GET /a%20b/../%41//c?x=%zz&y HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.target()).isEqualTo("/a%20b/../%41//c?x=%zz&y");
  }

  @ParameterizedTest
  @CsvSource({
    "http://h/a?b, /a?b",
    "http://h/?b, /?b",
    "http://h?b, /?b",
    "http://h, /",
    "HTTPS://h?, /?"
  })
  void anAbsoluteTargetIsPassedOnInOriginForm(String target, String expected) throws Exception {
    RecordedRequest seen = passed(plain(), "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.target()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "/one/, /two/, /one/a/b?c=d, /two/a/b?c=d",
    "/one/, /, /one/a%20b, /a%20b",
    "/one, /two, /onemore, /twomore",
    "/one/, /two/, /one/%C3%A4, /two/%C3%A4",
    "/one/, /two?x=, /one/a, /two?x=a",
    "/one/, /two/, /one/./a//b, /two/a/b",
  })
  void theUriOfProxyPassStandsForThePrefix(
      String prefix, String uri, String target, String expected) throws Exception {
    String configuration =
        "upstream u { server UPSTREAM; } server { listen 127.0.0.1:0; location "
            + prefix
            + " { proxy_pass http://u"
            + uri
            + "; } }";

    RecordedRequest seen = passed(configuration, "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.target()).isEqualTo(expected);
  }

  @Test
  void setFieldsReplaceTheClientsAndEmptyOnesRemoveThem() throws Exception {
    RecordedRequest seen =
        passed(
            plain(
                "proxy_set_header Host $host;",
                "proxy_set_header X-Real-IP $remote_addr;",
                "proxy_set_header Accept-Encoding \"\";",
                "proxy_set_header X-None $arg_none;"),
            String.join(
                "\r\n",
                "GET /?a=1 HTTP/1.1",
                "Host: Example.com:80",
                "Accept-Encoding: gzip",
                "x-real-ip: 6.6.6.6",
                "X-None: 2",
                "",
                ""));

    assertThat(seen.headers().all("Host")).containsExactly("example.com");
    assertThat(seen.headers().all("X-Real-IP")).containsExactly("127.0.0.1");
    assertThat(seen.headers().has("Accept-Encoding")).isFalse();
    assertThat(seen.headers().has("X-None")).isFalse();
  }

  @Test
  void whatConcernsOneHopStaysThere() throws Exception {
    RecordedRequest seen =
        passed(
            plain(),
            String.join(
                "\r\n",
                "GET / HTTP/1.1",
                "Host: h",
                "Connection: keep-alive, X-Mine, Authorization",
                "X-Mine: 1",
                "X-Yours: 2",
                "Authorization: no",
                "Keep-Alive: 5",
                "TE: trailers",
                "Upgrade: foo",
                "Proxy-Connection: close",
                "",
                ""));

    assertThat(seen.headers().names()).containsExactly("Host", "X-Yours");
  }

  @Test
  void anUpgradeCanBePassedOnExplicitly() throws Exception {
    RecordedRequest seen =
        passed(
            plain(
                "proxy_set_header Upgrade $http_upgrade;",
                "proxy_set_header Connection \"upgrade\";"),
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");

    assertThat(seen.headers().get("Upgrade")).contains("websocket");
    assertThat(seen.headers().all("Connection")).containsExactly("upgrade");
  }

  @Test
  void versionOneDotZeroSaysNothingOfTheConnection() throws Exception {
    RecordedRequest seen =
        passed(plain("proxy_http_version 1.0;"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.raw()).isEqualTo("GET / HTTP/1.0\r\nHost: u\r\n\r\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"$http_none", "\"\""})
  void aHostThatComesToNothingIsThatOfTheUpstream(String value) throws Exception {
    RecordedRequest seen =
        passed(plain("proxy_set_header Host " + value + ";"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.raw()).isEqualTo("GET / HTTP/1.1\r\nHost: u\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({"ftp://h/, 500", "http://, 500", "http://:80/, 500", "http://nowhere.test/, 502"})
  void anAddressThatIsNoneIsAnErrorOfTheServer(String address, int status) throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; set $to \""
                + address
                + "\"; location / { proxy_pass $to; } }")) {
      assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(status);
    }
  }

  @Test
  void aBodyOfOnesOwnMaySpeakOfTheClients() throws Exception {
    RecordedRequest seen =
        passed(
            plain("proxy_set_body \"got=$request_body\";"),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");

    assertThat(seen.body()).isEqualTo("got=abc");
  }

  @Test
  void theMethodCanBeChanged() throws Exception {
    RecordedRequest seen = passed(plain("proxy_method POST;"), "GET / HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.method()).isEqualTo("POST");
  }

  @Test
  void bodyAndFieldsCanBeHeldBack() throws Exception {
    RecordedRequest seen =
        passed(
            plain("proxy_pass_request_body off;", "proxy_pass_request_headers off;"),
            "POST / HTTP/1.1\r\nHost: h\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc");

    assertThat(seen.body()).isEmpty();
    assertThat(seen.headers().has("X")).isFalse();
  }

  @Test
  void anOldClientIsServed() throws Exception {
    RecordedRequest seen = passed(plain(), "GET /old HTTP/1.0\r\n\r\n");

    assertThat(seen.raw()).isEqualTo("GET /old HTTP/1.1\r\nHost: u\r\n\r\n");
  }

  @Test
  void theAbsoluteFormBecomesTheOriginForm() throws Exception {
    RecordedRequest seen =
        passed(plain(), "GET http://example.com/x?y HTTP/1.1\r\nHost: other\r\n\r\n");

    assertThat(seen.target()).isEqualTo("/x?y");
  }

  @Test
  void aVariableNamesTheUpstream() throws Exception {
    String configuration =
        "upstream u { server UPSTREAM; } server { listen 127.0.0.1:0; location / {"
            + " proxy_pass http://$arg_to; } }";

    assertThat(passed(configuration, "GET /p?to=u HTTP/1.1\r\nHost: h\r\n\r\n").target())
        .isEqualTo("/p?to=u");
  }

  @Test
  void theFieldsOfAnAnswerArePassedOnButForThoseOfTheHop() throws Exception {
    String answer =
        String.join(
            "\r\n",
            "HTTP/1.1 201 Made",
            "Server: them",
            "Date: then",
            "Content-Length: 2",
            "X-A: 1",
            "Connection: X-Hop",
            "X-Hop: 1",
            "Keep-Alive: 3",
            "Content-Type: text/x",
            "X-Accel-Expires: 5",
            "X-Secret: s",
            "X-A: 2",
            "",
            "ok");
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy =
            TestProxy.start(proxying(upstream.address(), "proxy_hide_header X-Secret;"))) {
      RawResponse response = RawClient.get(proxy.port(), "h", "/");

      assertThat(response.status()).isEqualTo(201);
      assertThat(response.reason()).isEqualTo("Made");
      assertThat(response.headers().get("Content-Type")).contains("text/x");
      assertThat(response.headers().all("X-A")).containsExactly("1", "2");
      assertThat(response.headers().get("Server")).get().isNotEqualTo("them");
      assertThat(response.headers().get("Date")).get().isNotEqualTo("then");
      assertThat(response.headers().names())
          .doesNotContain("X-Hop", "Keep-Alive", "X-Accel-Expires", "X-Secret");
      assertThat(response.headers().all("Connection")).containsExactly("keep-alive");
      assertThat(response.body()).isEqualTo("ok");
    }
  }

  @Test
  void locationsOfTheUpstreamAreRewritten() throws Exception {
    String answer = "HTTP/1.1 302 Found\r\nLocation: http://u/x\r\nContent-Length: 0\r\n\r\n";
    try (FakeUpstream upstream = FakeUpstream.raw(answer);
        TestProxy proxy = TestProxy.start(servers("server " + upstream.address() + ";"))) {
      RawResponse response = RawClient.get(proxy.port(), "h", "/");

      assertThat(response.headers().all("Location"))
          .containsExactly("http://h:" + proxy.port() + "/x");
    }
  }

  @Test
  void aPathThatWasRewrittenInItsLocationGoesOnAsItIs() throws Exception {
    String configuration =
        """
        server {
          listen 127.0.0.1:0;
          location /one/ { rewrite ^/one/(.*)$ /other/$1 break; proxy_pass http://UPSTREAM/two/; }
        }
        """;

    RecordedRequest seen = passed(configuration, "GET /one/a?b=c HTTP/1.1\r\nHost: h\r\n\r\n");

    assertThat(seen.target()).isEqualTo("/other/a?b=c");
  }

  @Test
  void aVariableMayNameWhatAnotherProxyPassNamesInWords() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy =
            TestProxy.start(
                """
                server {
                  listen 127.0.0.1:0;
                  location /words { proxy_pass http://localhost:%d/; }
                  location / { proxy_pass http://$arg_to; }
                }
                """
                    .formatted(upstream.port()))) {
      assertThat(RawClient.get(proxy.port(), "h", "/?to=localhost:" + upstream.port()).status())
          .isEqualTo(200);
      assertThat(RawClient.get(proxy.port(), "h", "/?to=localhost:1").status()).isEqualTo(502);
    }
  }

  @Test
  void fieldsThatArePassedFromTheUpstreamAreNotMadeUp() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                "HTTP/1.1 200 OK\r\nDate: then\r\nServer: there\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        TestProxy proxy =
            TestProxy.start(
                proxying(
                    upstream.address(), "proxy_pass_header Date; proxy_pass_header Server;"))) {
      RawResponse with = RawClient.get(proxy.port(), "h", "/");
      RawResponse without = RawClient.get(proxy.port(), "h", "/");

      assertThat(with.headers().all("Date")).containsExactly("then");
      assertThat(with.headers().all("Server")).containsExactly("there");
      assertThat(without.headers().has("Date")).isFalse();
      assertThat(without.headers().has("Server")).isFalse();
    }
  }
}

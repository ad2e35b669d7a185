package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Fields of responses and requests that are set and taken out.
class HeadersMoreIT {
  private static TestProxy serving(String server) {
    return TestProxy.start("server { listen 127.0.0.1:0; server_name h; " + server + " }");
  }

  private static RawResponse get(TestProxy proxy, String target) throws Exception {
    return RawClient.ask(proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  @Test
  void fieldsThatThereAreAreReplacedAndTakenOut() throws Exception {
    String answer =
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: theirs\r\nX-Hidden-A: 1\r\nX-hidden-b: 2"
            + "\r\nX-Kept: 3\r\nETag: \"e\"\r\nX-Two: a\r\nX-Two: b\r\n\r\nok";
    try (FakeUpstream upstream = FakeUpstream.each((_, to) -> to.send(answer));
        TestProxy proxy =
            serving(
                "proxy_pass_header Server; more_clear_headers 'X-Hidden-*' Date;"
                    + " location / { more_set_headers 'Server: $arg_s' 'X-Two: c' 'X-New: n'"
                    + " 'Content-Type: text/x'; proxy_pass http://"
                    + upstream.address()
                    + "; }")) {
      RawResponse response = get(proxy, "/?s=mine");

      assertThat(response.headers().get("Server")).hasValue("mine");
      assertThat(response.raw()).doesNotContainIgnoringCase("hidden").doesNotContain("Date:");
      assertThat(response.headers().all("X-Two")).containsExactly("c");
      assertThat(response.headers().get("X-New")).hasValue("n");
      assertThat(response.headers().get("X-Kept")).hasValue("3");
      assertThat(response.headers().get("Content-Type")).hasValue("text/x");
      assertThat(get(proxy, "/").raw()).doesNotContain("Server:");
    }
  }

  @Test
  void aConditionOnStatusOrTypeMustHold() throws Exception {
    try (TestProxy proxy =
        serving(
            "more_set_headers -s '404 500' 'X-Bad: yes'; more_set_headers -t 'text/a text/b'"
                + " 'X-Type: ab'; location /a { default_type text/a; return 200 a; }"
                + " location /n { more_set_headers 'X-Own: n'; return 404; }")) {
      assertThat(get(proxy, "/a").raw()).contains("X-Type: ab").doesNotContain("X-Bad");
      assertThat(get(proxy, "/n").raw())
          .contains("X-Bad: yes", "X-Own: n")
          .doesNotContain("X-Type");
    }
  }

  @Test
  void fieldsAreAddedWhereThatIsAsked() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { more_set_headers -a 'Set-Cookie: a' 'Set-Cookie: b'; return 200 x; }")) {
      assertThat(get(proxy, "/").headers().all("Set-Cookie")).containsExactly("a", "b");
    }
  }

  @Test
  void aLengthThatIsTakenOutMakesTheBodyChunked() throws Exception {
    try (TestProxy proxy =
        serving("location / { more_clear_headers Content-Length;" + " return 200 x; }")) {
      RawResponse response = get(proxy, "/");

      assertThat(response.headers().get("Transfer-Encoding")).hasValue("chunked");
      assertThat(response.body()).isEqualTo("x");
    }
  }

  @Test
  void anUpstreamGetsTheFieldsAsTheyWereChanged() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.each((_, to) -> to.send(Answers.ok("ok")));
        TestProxy proxy =
            serving(
                "location / { more_set_input_headers 'X-Set: $uri' 'X-Two: c' 'Host: other.h';"
                    + " more_set_input_headers -r 'X-There: new' 'X-Absent: no';"
                    + " more_clear_input_headers 'X-Secret-*' Cookie; proxy_set_header X-Host $host;"
                    + " proxy_pass http://"
                    + upstream.address()
                    + "; }")) {
      RawClient.ask(
          proxy.port(),
          """
          GET /a%0d%0aB:c HTTP/1.1
          Host: h
          X-Two: a
          X-Secret-1: s
          x-two: b
          Cookie: c=d
          X-Secret-2: s
          X-There: old

          """
              .replace("\n", "\r\n"));

      RecordedRequest request = upstream.awaitRequests(1).getFirst();
      assertThat(request.headers().all("X-Set")).containsExactly("/a%0D%0AB:c");
      assertThat(request.headers().all("X-Two")).containsExactly("c");
      assertThat(request.headers().all("X-There")).containsExactly("new");
      assertThat(request.headers().all("X-Absent")).isEmpty();
      assertThat(request.headers().all("X-Secret-1")).isEmpty();
      assertThat(request.headers().all("X-Secret-2")).isEmpty();
      assertThat(request.headers().all("Cookie")).isEmpty();
      assertThat(request.headers().all("X-Host")).containsExactly("other.h");
    }
  }

  @Test
  void aRequestOfAnotherTypeStaysAsItIs() throws Exception {
    try (TestProxy proxy =
        serving("location / { more_set_input_headers -t text/a 'X-A: 1'; echo [$http_x_a]; }")) {
      assertThat(get(proxy, "/").body()).isEqualTo("[]\n");
      assertThat(
              RawClient.ask(
                      proxy.port(), "GET / HTTP/1.1\r\nHost: h\r\nContent-Type: text/a\r\n\r\n")
                  .body())
          .isEqualTo("[1]\n");
    }
  }

  @Test
  void whatASubrequestChangesIsItsOwn() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo_location /sub; echo parent $http_x_a $request_length; }"
                + " location /sub { more_set_input_headers 'X-A: sub'; echo $http_x_a; }")) {
      String head = "GET / HTTP/1.1\r\nHost: h\r\nX-A: own\r\n\r\n";

      assertThat(RawClient.ask(proxy.port(), head).body())
          .isEqualTo("sub\nparent own " + head.length() + "\n");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "more_set_headers -x 'A: b';",
        "more_set_headers ': b';",
        "more_set_headers -s 4x4 'A: b';",
        "more_set_headers 'A: b' -t;",
        "more_clear_headers '*';",
        "more_set_input_headers -s 404 'A: b';"
      })
  void whatCannotBeIsRefusedWhenItIsRead(String directive) {
    assertThatThrownBy(() -> serving("location / { " + directive + " return 200; }"))
        .hasMessageContaining("more_");
  }
}

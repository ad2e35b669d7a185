package dev.turnout.http.echo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Answers that the configuration spells out.
class EchoIT {
  private static TestProxy serving(String locations) {
    return TestProxy.start("server { listen 127.0.0.1:0; server_name h; " + locations + " }");
  }

  private static String get(TestProxy proxy, String target) throws Exception {
    return RawClient.ask(proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n").body();
  }

  private static String post(TestProxy proxy, String target, String body) throws Exception {
    return RawClient.ask(
            proxy.port(),
            "POST "
                + target
                + " HTTP/1.1\r\nHost: h\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body)
        .body();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "echo hello world;|hello world$",
        "echo;|$",
        "echo a; echo b;|a$b$",
        "echo -n a; echo b;|ab$",
        "echo -- -n b;|-n b$",
        "set $opt -n; echo $opt b;|-n b$",
        "echo '' x;| x$",
        "echo $arg_q;|one$",
        "echo_duplicate 3 abc;|abcabcabc",
        "echo_duplicate 1_0 a;|aaaaaaaaaa",
        "echo_duplicate 0 a; echo b;|b$",
        "echo_foreach_split ',' 'cat,,dog,mouse'; echo it $echo_it; echo_end; echo end;"
            + "|it cat$it dog$it mouse$end$",
        "echo_foreach_split ',' ''; echo it; echo_end; echo end;|end$",
        "echo_foreach_split -- '-a-' 'x-a-y'; echo $echo_it; echo_end;|x$y$",
        "echo $echo_incr$echo_incr;|12$",
        "echo $echo_request_method $echo_client_request_method $echo_request_uri;|GET GET /$",
        "echo x; if ($arg_q = one) { echo hit; }|hit$",
        "echo x; if ($arg_q = two) { echo hit; }|x$",
      })
  void commandsAreCarriedOutInOrder(String location, String expected) throws Exception {
    try (TestProxy proxy = serving("location / { " + location + " }")) {
      assertThat(get(proxy, "/?q=one")).isEqualTo(expected.replace('$', '\n'));
    }
  }

  @Test
  void statusAndTypeAreThoseOfTheLocation() throws Exception {
    try (TestProxy proxy =
        serving("location / { default_type text/x; echo_status 404; echo sorry; }")) {
      RawResponse response = RawClient.ask(proxy.port(), "GET /a HTTP/1.1\r\nHost: h\r\n\r\n");

      assertThat(response.status()).isEqualTo(404);
      assertThat(response.headers().get("Content-Type")).hasValue("text/x");
      assertThat(response.headers().get("Transfer-Encoding")).hasValue("chunked");
      assertThat(response.body()).isEqualTo("sorry\n");
    }
  }

  @Test
  void aHeadRequestGetsNoBodyAndNoSubrequests() throws Exception {
    try (TestProxy proxy =
            serving("location / { echo a; echo_location /sub; } location /sub { echo b; }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
      assertThat(client.readResponse("HEAD").status()).isEqualTo(200);

      assertThat(client.get("h", "/sub").body()).isEqualTo("b\n");
    }
  }

  @Test
  void aLargeRepetitionIsStreamedWhole() throws Exception {
    try (TestProxy proxy = serving("location / { echo_duplicate 3_000_001 'ab'; echo end; }")) {
      String body = get(proxy, "/");

      assertThat(body).hasSize(6_000_006).endsWith("ababend\n");
    }
  }

  @Test
  void whatWasSaidBeforeASleepGoesOutWithAFlush() throws Exception {
    try (TestProxy proxy = serving("location / { echo a; echo_flush; echo_sleep 600; echo b; }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

      StringBuilder seen = new StringBuilder();
      while (!seen.toString().endsWith("a\n\r\n")) {
        seen.append(client.readBytes(1)); // it comes, or the client's time limit ends this
      }
      assertThat(seen).startsWith("HTTP/1.1 200 OK");
    }
  }

  @Test
  void theTimerCountsFromWhereItWasReset() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo_sleep 0.02; echo $echo_timer_elapsed; echo_reset_timer;"
                + " echo $echo_timer_elapsed; }")) {
      String[] lines = get(proxy, "/").split("\n", -1);

      assertThat(Double.parseDouble(lines[0])).isGreaterThanOrEqualTo(0.019);
      assertThat(Double.parseDouble(lines[1])).isLessThan(Double.parseDouble(lines[0]));
    }
  }

  @Test
  void subrequestsAnswerInTheOrderTheyStand() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo before; echo_location_async /slow a=1; echo_location_async /fast;"
                + " echo after; }"
                + " location /slow { echo_sleep 0.03; echo slow $arg_a; }"
                + " location /fast { echo fast; }")) {
      assertThat(get(proxy, "/")).isEqualTo("before\nslow 1\nfast\nafter\n");
    }
  }

  @Test
  void aSubrequestInSeriesIsWaitedFor() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo_location /sub?x=2; echo end; }"
                + " location /sub { echo_sleep 0.01; echo_location /deep; echo sub $args; }"
                + " location /deep { echo deep; }")) {
      assertThat(get(proxy, "/")).isEqualTo("deep\nsub x=2\nend\n");
    }
  }

  @Test
  void aSubrequestHasMethodBodyAndVariablesOfItsOwn() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { set $mine parent; echo_subrequest POST /sub -q a=1 -b hello;"
                + " echo_subrequest PUT /sub; echo $mine; }"
                + " location /sub { if ($mine = '') { set $mine own; }"
                + " echo $echo_request_method $echo_client_request_method $args"
                + " [$echo_request_body] $http_content_length $mine; }")) {
      assertThat(post(proxy, "/", "abc"))
          .isEqualTo("POST POST a=1 [hello] 5 own\nPUT POST  [abc] 3 own\nparent\n");
    }
  }

  @Test
  void aSubrequestPassesItsOwnBodyOn() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("ok");
        TestProxy proxy =
            serving(
                "location / { echo_subrequest POST /sub -b 'hello, world'; }"
                    + " location /sub { proxy_pass http://"
                    + upstream.address()
                    + "; }")) {
      assertThat(post(proxy, "/", "x")).isEqualTo("ok");

      assertThat(upstream.requests().getFirst().body()).isEqualTo("hello, world");
      assertThat(upstream.requests().getFirst().method()).isEqualTo("POST");
    }
  }

  @Test
  void aBodyForASubrequestComesFromAFileBelowThePrefix() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo_subrequest POST /sub -f body.txt; }"
                + " location /none { echo_subrequest POST /sub -f nothing.txt; }"
                + " location /sub { echo [$echo_request_body]; }")) {
      Files.writeString(
          proxy.directory().resolve("body.txt"), "from disk", StandardCharsets.US_ASCII);

      assertThat(get(proxy, "/")).isEqualTo("[from disk]\n");
      assertThat(get(proxy, "/none")).contains("500");
      assertThat(proxy.errorLog()).contains("nothing.txt\" failed");
    }
  }

  @ParameterizedTest
  @CsvSource({"8k", "2"})
  void theBodyOfTheRequestIsEchoedFromMemoryAndFromAFile(String buffer) throws Exception {
    try (TestProxy proxy =
        serving(
            "client_body_buffer_size "
                + buffer
                + "; location / { echo_read_request_body;"
                + " echo_request_body; echo '|'; } location /unread { echo_request_body;"
                + " echo '|'; }")) {
      assertThat(post(proxy, "/", "the body")).isEqualTo("the body|\n");
      assertThat(post(proxy, "/unread", "the body")).isEqualTo("|\n");
    }
  }

  @Test
  void theHeadOfTheRequestIsGivenAsItCame() throws Exception {
    try (TestProxy proxy = serving("location / { echo -n $echo_client_request_headers; }")) {
      String head = "GET /x?y HTTP/1.1\r\nHost: h\r\nX-Odd:  spaced \r\n\r\n";

      assertThat(RawClient.ask(proxy.port(), head).body()).isEqualTo(head);
    }
  }

  @Test
  void execAnswersFromElsewhere() throws Exception {
    try (TestProxy proxy =
        serving(
            "location /a { echo_exec /b w=5; } location /b { echo b $arg_w; }"
                + " location /c { echo_exec @named; } location @named { echo named $uri $args; }"
                + " location /d { echo_exec /b?w=6; }"
                + " location /e { echo_exec /../etc; }")) {
      assertThat(get(proxy, "/a")).isEqualTo("b 5\n");
      assertThat(get(proxy, "/c?q")).isEqualTo("named /c q\n");
      assertThat(get(proxy, "/d")).isEqualTo("b 6\n");
      assertThat(get(proxy, "/e")).contains("500");
      assertThat(proxy.errorLog()).contains("unsafe URI \"/../etc\" was detected");
    }
  }

  @Test
  void linesAreAddedAroundTheBodiesOfOthers() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("body\n");
        TestProxy proxy =
            serving(
                "location / { echo_before_body before; echo_before_body -n $uri;"
                    + " echo_after_body after; proxy_pass http://"
                    + upstream.address()
                    + "; }"
                    + " location /empty { echo_before_body b; echo_after_body a; return 200; }")) {
      assertThat(get(proxy, "/")).isEqualTo("before\n/body\nafter\n");
      assertThat(get(proxy, "/empty")).isEqualTo("b\na\n");
    }
  }

  @Test
  void aClientThatGoesAwayWhileItWaitsLeavesNothingBehind() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { echo_sleep 0.01; echo_location /sub; }"
                + " location /sub { echo_sleep 0.01; echo b; } location /ok { echo ok; }")) {
      for (int i = 0; i < 20; i++) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        }
      }

      assertThat(get(proxy, "/")).isEqualTo("b\n");
    }
  }

  @Test
  void whatCannotBeIsRefusedWhenItIsRead() {
    assertThatThrownBy(() -> serving("location / { echo $nothing_here; }"))
        .hasMessageContaining("unknown \"nothing_here\" variable");
    assertThatThrownBy(() -> serving("location / { echo_abort_parent; }"))
        .hasMessageContaining("echo_abort_parent");
  }
}

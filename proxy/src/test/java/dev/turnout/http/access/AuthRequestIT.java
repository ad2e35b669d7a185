package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Clients that pass, or not, as a subrequest says.
class AuthRequestIT {
  private static TestProxy asking(String answer, String... inLocation) {
    return TestProxy.start(
        "server { listen 127.0.0.1:0; location / { auth_request /auth; "
            + String.join(" ", inLocation)
            + " proxy_pass http://127.0.0.1:$server_port/in; }"
            + " location /in { return 200 in; }"
            + " location = /auth { internal; "
            + answer
            + " } }");
  }

  @ParameterizedTest
  @CsvSource({
    "return 200, 200",
    "return 204, 200",
    "return 401, 401",
    "return 403, 403",
    "return 404, 500",
    "return 302 /x, 500",
    "return 444, 500",
  })
  void theStatusOfTheSubrequestDecides(String answer, int status) throws Exception {
    try (TestProxy proxy = asking(answer + ";")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").status()).isEqualTo(status);
    }
  }

  @Test
  void onlyAnswersThatDecideNothingAreErrors() throws Exception {
    try (TestProxy proxy = asking("return 500;")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").status()).isEqualTo(500);
      assertThat(proxy.errorLog()).contains("auth request unexpected status: 500");
    }
  }

  @ParameterizedTest
  @CsvSource({"allow, 401, 200", "deny, 200, 200", "deny, 401, 401", "deny, 403, 403"})
  void anyOfTheRulesIsEnoughWhereThatIsSaid(String rule, int asked, int status) throws Exception {
    try (TestProxy proxy =
        asking("return " + asked + ";", "satisfy any; " + rule + " 127.0.0.1;")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").status()).isEqualTo(status);
    }
  }

  @Test
  void theQuestionHasTheFieldsOfTheRequestAndNoBody() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("yes");
        TestProxy proxy = asking("proxy_pass http://" + upstream.address() + ";")) {
      RawResponse answer =
          RawClient.ask(
              proxy.port(),
              "POST /p?q HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc");

      assertThat(answer.body()).isEqualTo("in");
      RecordedRequest question = upstream.requests().getFirst();
      assertThat(question.method()).isEqualTo("GET");
      assertThat(question.target()).isEqualTo("/auth");
      assertThat(question.headers().all("X-A")).containsExactly("b");
      assertThat(question.body()).isEmpty();
    }
  }

  @Test
  void variablesGetWhatTheSubrequestKnows() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.answering(200, List.of(new Field("X-User", "me")), "");
        TestProxy proxy =
            asking(
                "proxy_pass http://" + upstream.address() + ";",
                "auth_request_set $user $upstream_http_x_user;",
                "add_header X-User $user-$upstream_http_x_user;")) {
      RawResponse answer = RawClient.get(proxy.port(), "h", "/p");

      assertThat(answer.headers().all("X-User")).containsExactly("me-");
    }
  }

  @Test
  void everyChallengeIsPassedOn() throws Exception {
    List<Field> challenges =
        List.of(new Field("WWW-Authenticate", "A"), new Field("WWW-Authenticate", "B"));
    try (FakeUpstream upstream = FakeUpstream.answering(401, challenges, "no");
        TestProxy proxy =
            asking("proxy_pass http://" + upstream.address() + ";", "error_page 401 /in;")) {
      RawResponse answer = RawClient.get(proxy.port(), "h", "/p");

      assertThat(answer.status()).isEqualTo(401);
      assertThat(answer.headers().all("WWW-Authenticate")).containsExactly("A", "B");
    }
  }

  @Test
  void theRestOfALongAnswerIsNotWaitedFor() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> {
              connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nbegin");
              done.await();
            });
        TestProxy proxy = asking("proxy_pass http://" + upstream.address() + ";")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").body()).isEqualTo("in");
      done.countDown();
    }
  }

  @Test
  void whoeverIsAskedKeepsItsConnection() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> connection.send(Answers.ok("yes")));
        TestProxy proxy =
            TestProxy.start(
                "upstream u { server "
                    + upstream.address()
                    + "; keepalive 4; } server { listen 127.0.0.1:0; location / { auth_request"
                    + " /auth; return 444; error_page 404 = /in; } location = /auth {"
                    + " proxy_http_version 1.1; proxy_set_header Connection ''; proxy_pass"
                    + " http://u; } location /in { auth_request /auth; } }")) {
      for (int i = 0; i < 3; i++) {
        assertThat(RawClient.get(proxy.port(), "h", "/in/x").status()).isEqualTo(404);
      }

      assertThat(upstream.requestCount()).isEqualTo(3);
      assertThat(upstream.connectionCount()).isEqualTo(1);
    }
  }
}

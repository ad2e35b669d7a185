package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import org.junit.jupiter.api.Test;

/// Answers of subrequests around the body of another.
class AdditionIT {
  private static TestProxy adding(String content) {
    return TestProxy.start(
        "server { listen 127.0.0.1:0; default_type text/html; location / { add_before_body /b;"
            + " add_after_body /a; "
            + content
            + " } location /b { return 200 before; } location /a { return 200 after; } }");
  }

  @Test
  void theyStandBeforeAndBehind() throws Exception {
    try (TestProxy proxy = adding("return 200 body;")) {
      RawResponse answer = RawClient.get(proxy.port(), "h", "/p");

      assertThat(answer.body()).isEqualTo("beforebodyafter");
      assertThat(answer.headers().all("Content-Length")).isEmpty();
    }
  }

  @Test
  void anEmptyBodyHasThemToo() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n");
        TestProxy proxy = adding("proxy_pass http://" + upstream.address() + ";")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").body()).isEqualTo("beforeafter");
    }
  }

  @Test
  void onlyTheAnswerWithStatus200HasThem() throws Exception {
    try (TestProxy proxy = adding("return 202 body;")) {
      assertThat(RawClient.get(proxy.port(), "h", "/p").body()).isEqualTo("body");
    }
  }

  @Test
  void aHeadHasNone() throws Exception {
    try (TestProxy proxy = adding("return 200 body;");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("HEAD /p HTTP/1.1\r\nHost: h\r\n\r\n");
      assertThat(client.readResponse("HEAD").status()).isEqualTo(200);

      assertThat(client.get("h", "/p").body()).isEqualTo("beforebodyafter");
    }
  }
}

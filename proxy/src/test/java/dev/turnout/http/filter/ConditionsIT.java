package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Conditional requests to what is not a file.
class ConditionsIT {
  private static RawResponse ask(TestProxy proxy, String path, String field) throws IOException {
    return RawClient.ask(
        proxy.port(), "GET " + path + " HTTP/1.1\r\nHost: h\r\n" + field + "\r\n\r\n");
  }

  @ParameterizedTest
  @CsvSource({
    "/text, 'If-Match: \"a\"', 412",
    "/text, 'If-Match: *', 200",
    "/text, 'If-Unmodified-Since: Mon, 28 Sep 1970 06:00:00 GMT', 412",
    "/text, 'If-None-Match: \"a\"', 200",
    "/text, 'If-None-Match: *', 304",
    "/list/, 'If-Match: \"a\"', 412",
    "/list/, 'If-None-Match: *', 304",
  })
  void whatTheNodeMakesIsJudged(String path, String field, int status) throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            """
            server {
                listen 127.0.0.1:0;
                add_header X-Once yes always;
                location /text { return 200 text; }
                location /list/ { alias .; autoindex on; }
            }
            """)) {
      RawResponse answer = ask(proxy, path, field);

      assertThat(answer.status()).isEqualTo(status);
      assertThat(answer.headers().all("X-Once")).containsExactly("yes");
    }
  }

  @Test
  void aChangeThatWasMadeIsNotCalledOffAfterwards() throws Exception {
    try (TestProxy proxy =
        TestProxy.start("server { listen 127.0.0.1:0; location / { return 200 done; } }")) {
      RawResponse answer =
          RawClient.ask(
              proxy.port(),
              "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nIf-Match: \"a\"\r\n\r\n");

      assertThat(answer.body()).isEqualTo("done");
    }
  }

  @ParameterizedTest
  @CsvSource({"'If-None-Match: \"a\"'", "'If-Match: \"b\"'"})
  void whatAnUpstreamAnswersIsLeftAsItIs(String field) throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.answering(200, List.of(new Field("ETag", "\"a\"")), "body");
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; location / { proxy_pass http://"
                    + upstream.address()
                    + "; } }")) {
      RawResponse answer = ask(proxy, "/", field);

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("body");
      assertThat(upstream.requests().getFirst().raw()).contains(field);
    }
  }

  @Test
  void anErrorPageMayStandInForAConditionThatDoesNotHold() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; error_page 412 = /stand-in; location / { return 200 text;"
                + " } location /stand-in { return 200 other; } }")) {
      RawResponse answer = ask(proxy, "/", "If-Match: \"a\"");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo("other");
    }
  }
}

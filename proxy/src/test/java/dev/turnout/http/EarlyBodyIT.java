package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Bodies that are read before anything else is done.
class EarlyBodyIT {
  private TestProxy proxy;

  @BeforeEach
  @SuppressWarnings("NullAway.Init")
  void start() {
    proxy =
        TestProxy.start(
            """
            server {
                listen 127.0.0.1:0;
                client_max_body_size 10;
                client_body_early_read $arg_a $arg_b;
                if ($request_body = "body") { return 200 known; }
                return 200 unknown;
            }
            """);
  }

  @AfterEach
  void stop() {
    proxy.close();
  }

  private String post(String target, String framedBody) throws IOException {
    String head = "POST " + target + " HTTP/1.1\r\nHost: h\r\n" + framedBody;
    var answer = RawClient.ask(proxy.port(), head);
    return answer.status() == 200 ? answer.body() : Integer.toString(answer.status());
  }

  @ParameterizedTest
  @CsvSource({
    "/, unknown",
    "/?a=0, unknown",
    "/?a=1, known",
    "/?b=yes, known",
  })
  void oneConditionIsEnough(String target, String body) throws IOException {
    assertThat(post(target, "Content-Length: 4\r\n\r\nbody")).isEqualTo(body);
    assertThat(post(target, "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n"))
        .isEqualTo(body);
  }

  @ParameterizedTest
  @CsvSource({"/, unknown", "/?a=1, 413"})
  void whatIsTooLargeIsRefusedUnread(String target, String status) throws IOException {
    assertThat(post(target, "Content-Length: 11\r\n\r\n01234567890")).isEqualTo(status);
  }
}

package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RecordedRequest;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What strangers write of themselves reaches neither servers, nor figures, nor a change by the
/// back door of a connection that is in use.
class ForgeryIT {
  private final FakeUpstream upstream = FakeUpstream.answering("hi");
  private TestProxy proxy;

  @BeforeEach
  void start() throws IOException {
    proxy =
        TestProxy.start(
            """
            state_directory off;
            upstream app { server %s; }
            server {
              listen 127.0.0.1:0;
              status_zone site;
              location / {
                proxy_pass http://app;
                proxy_set_header X-Forwarded-For $remote_addr;
              }
              location /control { control_api write=on; }
              location = /metrics { prometheus; }
            }
            """
                .formatted(upstream.address()));
  }

  @AfterEach
  void stop() {
    proxy.close();
    upstream.close();
  }

  @Test
  void aFieldThatTheConnectionFieldNamesIsStillOurs() throws IOException {
    RawClient.ask(
        proxy.port(),
        """
        GET / HTTP/1.1\r
        Host: a.test\r
        X-Forwarded-For: 192.0.2.1\r
        Connection: close, X-Forwarded-For\r
        \r
        """);

    RecordedRequest there = upstream.requests().getFirst();
    assertThat(there.headers().all("X-Forwarded-For")).containsExactly("127.0.0.1");
    assertThat(there.headers().all("Connection"))
        .noneMatch(value -> value.toLowerCase(java.util.Locale.ROOT).contains("x-forwarded-for"));
  }

  @Test
  void hostsOfStrangersAreNotAmongTheFigures() throws IOException {
    for (int i = 0; i < 50; i++) {
      RawClient.get(proxy.port(), "stranger-" + i + ".test", "/stranger-path-" + i);
    }

    String figures = RawClient.get(proxy.port(), "a.test", "/metrics").body();

    assertThat(figures).contains("site").doesNotContain("stranger");
  }

  @Test
  void aChangeBehindAnotherRequestIsJudgedForItself() throws IOException {
    String change = "{\"server\":\"127.0.0.1:1\"}";
    String post =
        "POST /control/upstreams/app/servers HTTP/1.1\r\nHost: localhost\r\n"
            + "Content-Type: application/json\r\nContent-Length: "
            + change.length()
            + "\r\n";
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.send(
          "GET /control/state HTTP/1.1\r\nHost: localhost\r\n\r\n"
              + post
              + "Sec-Fetch-Site: cross-site\r\nOrigin: http://evil.test\r\n\r\n"
              + change
              + post
              + "\r\n"
              + change);

      assertThat(client.readResponse().status()).isEqualTo(200);
      assertThat(client.readResponse().status()).isEqualTo(403);
    }
    assertThat(RawClient.get(proxy.port(), "localhost", "/control/upstreams/app/servers").body())
        .doesNotContain("evil")
        .contains("\"id\":0");
  }
}

package dev.turnout.http.content;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RecordedRequest;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Requests that are repeated elsewhere.
class MirrorIT {
  private static final String POST =
      "POST /p?q HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";

  private static TestProxy mirroring(FakeUpstream main, FakeUpstream mirror, String... more) {
    return TestProxy.start(
        "server { listen 127.0.0.1:0; location / { mirror /mirror; "
            + String.join(" ", more)
            + " proxy_pass http://"
            + main.address()
            + "; } location = /mirror { internal; proxy_pass http://"
            + mirror.address()
            + "$request_uri; } }");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "proxy_request_buffering off;", "client_body_in_file_only clean;"})
  void bothGetTheRequestWithItsBody(String more) throws Exception {
    try (FakeUpstream main = FakeUpstream.answering("main");
        FakeUpstream mirror = FakeUpstream.answering("mirror");
        TestProxy proxy = mirroring(main, mirror, more)) {
      assertThat(RawClient.ask(proxy.port(), POST).body()).isEqualTo("main");

      for (FakeUpstream upstream : List.of(main, mirror)) {
        RecordedRequest request = upstream.awaitRequests(1).getFirst();
        assertThat(request.method()).isEqualTo("POST");
        assertThat(request.target()).isEqualTo("/p?q");
        assertThat(request.body()).isEqualTo("abc");
      }
    }
  }

  @Test
  void theBodyIsLeftOutWhereThatIsSaid() throws Exception {
    try (FakeUpstream main = FakeUpstream.answering("main");
        FakeUpstream mirror = FakeUpstream.answering("mirror");
        TestProxy proxy = mirroring(main, mirror, "mirror_request_body off;")) {
      assertThat(RawClient.ask(proxy.port(), POST).body()).isEqualTo("main");

      assertThat(mirror.awaitRequests(1).getFirst().body()).isEmpty();
      assertThat(main.awaitRequests(1).getFirst().body()).isEqualTo("abc");
    }
  }

  @Test
  void theAnswerDoesNotWaitAndTheNextRequestDoes() throws Exception {
    CountDownLatch answered = new CountDownLatch(1);
    try (FakeUpstream main = FakeUpstream.answering("main");
        FakeUpstream mirror =
            FakeUpstream.each((request, connection) -> {
              answered.await();
              connection.send(Answers.ok("late"));
            });
        TestProxy proxy = mirroring(main, mirror);
        RawClient client = RawClient.connect(proxy.port())) {
      assertThat(client.get("h", "/one").body()).isEqualTo("main");
      client.send("GET /two HTTP/1.1\r\nHost: h\r\n\r\n");
      mirror.awaitRequests(1);
      assertThat(main.requests()).hasSize(1);
      answered.countDown();

      assertThat(client.readResponse().body()).isEqualTo("main");
      assertThat(mirror.awaitRequests(2))
          .extracting(RecordedRequest::target)
          .containsExactly("/one", "/two");
    }
  }

  @Test
  void aMirrorGoesOnWhenTheClientThatHasItsAnswerIsGone() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    try (FakeUpstream main = FakeUpstream.answering("main");
        FakeUpstream mirror =
            FakeUpstream.scripted(connection -> {
              String half = connection.readBytes(5);
              gone.await();
              connection.awaitClose();
              assertThat(half).isEqualTo("GET /");
            });
        TestProxy proxy = mirroring(main, mirror, "proxy_read_timeout 60s;")) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        assertThat(client.get("h", "/one").body()).isEqualTo("main");
      }
      gone.countDown();

      assertThat(RawClient.get(proxy.port(), "h", "/two").body()).isEqualTo("main");
    }
  }

  @Test
  void aMirrorThatCannotBeReachedHarmsNobody() throws Exception {
    try (FakeUpstream main = FakeUpstream.answering("main");
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; mirror /mirror; location / { proxy_pass http://"
                    + main.address()
                    + "; } location = /mirror { mirror off; return 444; } }");
        RawClient client = RawClient.connect(proxy.port())) {
      for (int i = 0; i < 3; i++) {
        assertThat(client.get("h", "/").body()).isEqualTo("main");
      }
    }
  }
}

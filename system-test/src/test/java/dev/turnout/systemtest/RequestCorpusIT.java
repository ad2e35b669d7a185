package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// Every odd request of the corpus against the running program, whole, byte by byte, and behind a
/// good request: it is served or refused as wanted, and of a refused one no byte reaches an
/// upstream.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RequestCorpusIT {
  private static final Duration CLOSED_WITHIN = Duration.ofSeconds(5);
  private static final String GOOD = "GET /good HTTP/1.1\r\nHost: a.test\r\n\r\n";
  private static final String AFTER = "GET /after HTTP/1.1\r\nHost: a.test\r\n\r\n";

  private FakeUpstream upstream;
  private Turnout turnout;
  private long bytesBefore;

  private enum Manner {
    WHOLE,
    BYTE_BY_BYTE,
    BEHIND_A_GOOD_ONE
  }

  @BeforeAll
  @SuppressWarnings("NullAway.Init")
  void start() throws Exception {
    upstream = FakeUpstream.answering("ok");
    turnout =
        Turnout.start(
            """
              upstream app { server %s max_fails=0; keepalive 8; }
              %s
              server {
                listen 127.0.0.1:@PORT@;
                location = /none { return 204; }
                location / {
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_pass http://app;
                }
              }
            """
                .formatted(upstream.address(), modules()));
  }

  /// What else stands in `http {}`.
  String modules() {
    return "";
  }

  @AfterAll
  void stop() throws Exception {
    turnout.close();
    upstream.close();
  }

  @TestFactory
  Stream<DynamicTest> eachRequestIsTreatedAsWanted() throws Exception {
    return Corpus.read("http1-requests.json").stream()
        .flatMap(each ->
            Stream.of(Manner.values())
                .map(manner -> dynamicTest(each + ", " + manner, () -> check(each, manner))));
  }

  private void check(Corpus each, Manner manner) throws Exception {
    upstream.forgetRequests();
    bytesBefore = bytesUpstream();
    List<String> served = new ArrayList<>();
    try (RawClient client = RawClient.connect(turnout.port())) {
      send(client, each, manner);
      if (manner == Manner.BEHIND_A_GOOD_ONE) {
        assertThat(client.readResponse().status()).isEqualTo(200);
        served.add("/good");
      }
      if (each.want().startsWith("ok")) {
        int requests = each.want().equals("ok") ? 1 : Integer.parseInt(each.want().substring(2));
        assertServed(client, each, requests);
        assertUpstreamSaw(served.size() + requests + 1);
      } else {
        if (each.want().equals("close")) {
          client.halfClose(); // not before the good one is answered: it would be an aborted one
          assertDropped(client);
        } else {
          assertRefused(client, Integer.parseInt(each.want().substring(0, 3)));
        }
        // The next request passes behind whatever the refused one may have left.
        assertThat(RawClient.ask(turnout.port(), AFTER).status()).isEqualTo(200);
        served.add("/after");
        assertThat(upstream.requests()).extracting(RecordedRequest::target).isEqualTo(served);
        assertUpstreamSaw(served.size());
      }
    }
  }

  private static void send(RawClient client, Corpus each, Manner manner) throws IOException {
    try {
      switch (manner) {
        case WHOLE -> client.send(each.raw());
        case BYTE_BY_BYTE -> client.sendByteByByte(each.raw());
        case BEHIND_A_GOOD_ONE -> client.send(GOOD + each.raw());
      }
    } catch (IOException e) {
      if (each.want().startsWith("ok")) {
        throw e;
      } // else: refused before we were through; the answer is read all the same
    }
  }

  private static void assertServed(RawClient client, Corpus each, int requests) throws IOException {
    String method = each.raw().startsWith("HEAD ") ? "HEAD" : "GET";
    for (int i = 0; i < requests; i++) {
      RawResponse response = client.readResponse(method);
      assertThat(response.status()).as(response.raw()).isEqualTo(200);
    }
    // If a byte of the body were taken for a request, or of a request for the body, it showed here.
    assertThat(client.send(AFTER).readResponse().status()).isEqualTo(200);
  }

  private static void assertRefused(RawClient client, int status) throws IOException {
    RawResponse response = client.readResponse();
    assertThat(response.status()).as(response.raw()).isEqualTo(status);
    assertThat(response.closes()).as(response.raw()).isTrue();
    assertThat(client.closedWithin(CLOSED_WITHIN)).isTrue();
  }

  /// Closed, with an error or without a word; never with an answer to half a request.
  private static void assertDropped(RawClient client) throws IOException {
    assertThat(client.readUntilClose())
        .satisfiesAnyOf(
            rest -> assertThat(rest).isEmpty(),
            rest -> assertThat(rest).startsWith("HTTP/1.1 400 "));
  }

  /// So many requests, and no byte besides.
  private void assertUpstreamSaw(int requests) {
    List<RecordedRequest> seen = upstream.requests();
    assertThat(seen).hasSize(requests);
    assertThat(bytesUpstream() - bytesBefore)
        .isEqualTo(seen.stream().mapToLong(request -> request.raw().length()).sum());
  }

  private long bytesUpstream() {
    return upstream.received().stream().mapToLong(String::length).sum();
  }
}

package dev.turnout.http.filter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Responses that are asked for in parts.
class SliceIT {
  private static final String WHOLE = "0123456789abcdefg";

  private static TestProxy slicing(FakeUpstream upstream, String more) {
    return TestProxy.start(
        """
        server {
            listen 127.0.0.1:0;
            error_log logs/error.log;
            slice 4;
            %s
            location / {
                proxy_pass http://%s;
                proxy_set_header Range $slice_range;
            }
            location /asks/ {
                proxy_pass http://%s/$slice_range;
            }
        }
        """
            .formatted(more, upstream.address(), upstream.address()));
  }

  /// Serves the parts of a text that it is asked for, as a static file would be.
  private static FakeUpstream file() {
    return FakeUpstream.each(
        (request, connection) -> connection.send(part(request, "\"t\"", WHOLE.length())));
  }

  private static String part(RecordedRequest request, String tag, int length) {
    String range = request.headers().get("Range").orElse("");
    if (range.isEmpty()) {
      return "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s".formatted(length, WHOLE);
    }
    String[] ends = range.substring("bytes=".length()).split("-", -1);
    int from = Integer.parseInt(ends[0]);
    int to = Math.min(Integer.parseInt(ends[1]) + 1, length);
    if (from >= length) {
      return "HTTP/1.1 416 No\r\nContent-Length: 0\r\n\r\n";
    }
    String body = request.method().equals("HEAD") ? "" : WHOLE.substring(from, to);
    return """
    HTTP/1.1 206 Partial Content\r
    Content-Range: bytes %d-%d/%d\r
    Content-Length: %d\r
    Accept-Ranges: bytes\r
    ETag: %s\r
    \r
    %s\
    """
        .formatted(from, to - 1, length, to - from, tag, body);
  }

  private static List<String> ranges(FakeUpstream upstream) {
    return upstream.requests().stream()
        .map(request -> request.headers().get("Range").orElse("none"))
        .toList();
  }

  private static String get(String... fields) {
    String more = String.join("\r\n", fields);
    return "GET /f?a HTTP/1.1\r\nHost: h\r\n" + more + (more.isEmpty() ? "" : "\r\n") + "\r\n";
  }

  @Test
  void theWholeIsPutTogetherOfItsParts() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse answer = RawClient.ask(proxy.port(), get());

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(WHOLE);
      assertThat(answer.headers().all("Content-Length")).containsExactly("17");
      assertThat(answer.headers().all("Content-Range")).isEmpty();
      assertThat(answer.headers().all("Accept-Ranges")).containsExactly("bytes");
      assertThat(ranges(upstream))
          .containsExactly("bytes=0-3", "bytes=4-7", "bytes=8-11", "bytes=12-15", "bytes=16-19");
      assertThat(upstream.requests()).allMatch(request -> request.target().equals("/f?a"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=3-4, 34, '3-4/17', 'bytes=0-3 bytes=4-7'",
    "bytes=5-6, 56, '5-6/17', 'bytes=4-7'",
    "bytes=14-, efg, '14-16/17', 'bytes=12-15 bytes=16-19'",
    "bytes=-2, fg, '15-16/17', 'bytes=0-3 bytes=12-15 bytes=16-19'",
  })
  void aPartIsMadeOfTheSlicesThatItTouches(String asked, String body, String range, String slices)
      throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse answer = RawClient.ask(proxy.port(), get("Range: " + asked));

      assertThat(answer.status()).isEqualTo(206);
      assertThat(answer.body()).isEqualTo(body);
      assertThat(answer.headers().all("Content-Range")).containsExactly("bytes " + range);
      assertThat(ranges(upstream)).containsExactly(slices.split(" ", -1));
    }
  }

  @Test
  void severalPartsAreTheWhole() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse answer = RawClient.ask(proxy.port(), get("Range: bytes=3-3,5-5"));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(WHOLE);
    }
  }

  @Test
  void aPartUnderAConditionBeginsWithTheFirstSlice() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse same = RawClient.ask(proxy.port(), get("Range: bytes=9-9", "If-Range: \"t\""));
      assertThat(same.status()).isEqualTo(206);
      assertThat(same.body()).isEqualTo("9");
      assertThat(ranges(upstream)).containsExactly("bytes=0-3", "bytes=8-11");

      RawResponse other = RawClient.ask(proxy.port(), get("Range: bytes=9-9", "If-Range: \"u\""));
      assertThat(other.status()).isEqualTo(200);
      assertThat(other.body()).isEqualTo(WHOLE);
    }
  }

  @Test
  void whereNoPartsAreServedTheWholeIs() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "max_ranges 0;")) {
      RawResponse answer = RawClient.ask(proxy.port(), get("Range: bytes=9-9"));

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.body()).isEqualTo(WHOLE);
    }
  }

  @Test
  void whatIsBehindTheEndIsNotSatisfiable() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      assertThat(RawClient.ask(proxy.port(), get("Range: bytes=17-")).status()).isEqualTo(416);
      assertThat(RawClient.ask(proxy.port(), get("Range: bytes=40-")).status()).isEqualTo(416);
    }
  }

  @Test
  void aHeadAsksForOneSliceOnly() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("HEAD /f HTTP/1.1\r\nHost: h\r\n\r\n");
      RawResponse head = client.readResponse("HEAD");
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.headers().all("Content-Length")).containsExactly("17");
      assertThat(ranges(upstream)).containsExactly("bytes=0-3");

      client.send(get());
      assertThat(client.readResponse().body()).isEqualTo(WHOLE);
    }
  }

  @Test
  void whoKnowsNoPartsIsAskedOnce() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering(WHOLE);
        TestProxy proxy = slicing(upstream, "")) {
      assertThat(RawClient.ask(proxy.port(), get()).body()).isEqualTo(WHOLE);
      assertThat(upstream.requests()).hasSize(1);
    }
  }

  @Test
  void theTargetMaySayTheSlice() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> {
              int first = request.target().endsWith("0-3") ? 0 : 4;
              connection.send(
                  "HTTP/1.1 206 OK\r\nContent-Length: 4\r\nContent-Range: bytes "
                      + (first == 0 ? "0-3/8\r\n\r\nabcd" : "4-7/8\r\n\r\nefgh"));
            });
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse answer = RawClient.get(proxy.port(), "h", "/asks/");

      assertThat(answer.body()).isEqualTo("abcdefgh");
      assertThat(upstream.requests())
          .extracting(RecordedRequest::target)
          .containsExactly("/bytes=0-3", "/bytes=4-7");
    }
  }

  @Test
  void bodiesOfRequestsAreSentWithEachSlice() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy = slicing(upstream, "")) {
      RawResponse answer =
          RawClient.ask(
              proxy.port(), "POST /f HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nxyz");

      assertThat(answer.body()).isEqualTo(WHOLE);
      assertThat(upstream.requests())
          .hasSize(5)
          .allMatch(request -> request.method().equals("POST") && request.body().equals("xyz"));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'Content-Range: bytes', invalid range in slice response",
    "'Content-Range: bytes 0-3/*', no complete length in slice response",
    "'Content-Range: bytes 0-4/100', 'unexpected range in slice response: 0-5, expected: 0-4'",
    "'Content-Range: bytes 1-4/100', 'unexpected range in slice response: 1-5, expected: 0-5'",
    "'X: y', invalid range in slice response",
  })
  void aFirstSliceThatIsNotWhatWasAskedForIsNotAnswered(String field, String told)
      throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw("HTTP/1.1 206 OK\r\nContent-Length: 4\r\n" + field + "\r\n\r\nabcd");
        TestProxy proxy = slicing(upstream, "");
        RawClient client = RawClient.connect(proxy.port()).send(get())) {
      assertThat(client.readUntilClose()).isEmpty();
      assertThat(proxy.errorLog()).contains(told);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'200 OK', 'bytes 4-7/8', t, unexpected status code 200 in slice response",
    "'206 OK', 'bytes 4-7/8', u, etag mismatch in slice response",
    "'206 OK', 'bytes 4-7/9', t, slice response of another length",
    "'206 OK', 'bytes 4-6/7', t, slice response of another length",
    "'206 OK', 'bytes 5-7/8', t, 'unexpected range in slice response: 5-8, expected: 4-8'",
  })
  void aLaterSliceThatDoesNotFitBreaksTheResponseOff(
      String status, String range, String tag, String told) throws Exception {
    String first =
        "HTTP/1.1 206 OK\r\nContent-Length: 4\r\nETag: \"t\"\r\nContent-Range: bytes 0-3/8\r\n"
            + "\r\nabcd";
    String second =
        "HTTP/1.1 %s\r\nContent-Length: 4\r\nETag: \"%s\"\r\nContent-Range: %s\r\n\r\nefgh"
            .formatted(status, tag, range);
    try (FakeUpstream upstream = FakeUpstream.raw(first, second);
        TestProxy proxy = slicing(upstream, "");
        RawClient client = RawClient.connect(proxy.port()).send(get())) {
      assertThat(client.readUntilClose()).isEmpty(); // so short a slice was not sent yet
      assertThat(proxy.errorLog()).contains(told).doesNotContain("missing slice");
    }
  }

  @Test
  void aFirstSliceThatIsWorthItIsSentAtOnce() throws Exception {
    String first =
        "HTTP/1.1 206 OK\r\nContent-Length: 2000\r\nContent-Range: bytes 0-1999/2001\r\n\r\n";
    CountDownLatch over = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> {
              if (request.headers().get("Range").orElse("").equals("bytes=0-1999")) {
                connection.send(first + "x".repeat(2000));
              } else {
                over.await(10, TimeUnit.SECONDS);
              }
            });
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; slice 2000; location / { proxy_set_header Range"
                    + " $slice_range; proxy_pass http://"
                    + upstream.address()
                    + "; } }");
        RawClient client = RawClient.connect(proxy.port()).send(get())) {
      assertThat(client.readBytes(2000)).endsWith("x");
      over.countDown();
    }
  }

  @Test
  void aSliceThatIsShorterThanItSaidBreaksTheResponseOff() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.raw(
                "HTTP/1.1 206 OK\r\nContent-Length: 3\r\nContent-Range: bytes 0-3/8\r\n\r\nabc");
        TestProxy proxy = slicing(upstream, "");
        RawClient client = RawClient.connect(proxy.port()).send(get())) {
      assertThat(client.readUntilClose()).doesNotContain("abcd");
      assertThat(proxy.errorLog()).contains("slice response ended early");
    }
  }

  @Test
  void anUpstreamThatGoesAwayBetweenSlicesBreaksTheResponseOff() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              RecordedRequest request = connection.read();
              if (request != null
                  && request.headers().get("Range").orElse("").equals("bytes=0-3")) {
                connection.send(part(request, "\"t\"", WHOLE.length()));
              }
            });
        TestProxy proxy = slicing(upstream, "proxy_next_upstream off;");
        RawClient client = RawClient.connect(proxy.port()).send(get())) {
      assertThat(client.readUntilClose()).isEmpty();
      assertThat(proxy.errorLog()).contains("unexpected status code 502 in slice response");
    }
  }

  @Test
  void filtersSeeOneBody() throws Exception {
    try (FakeUpstream upstream = file();
        TestProxy proxy =
            slicing(
                upstream, "add_header X-Slices yes; gzip on; gzip_types *; gzip_min_length 0;");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("Accept-Encoding: gzip"));
      RawResponse answer = client.readResponse();

      assertThat(answer.headers().all("Content-Encoding")).containsExactly("gzip");
      assertThat(answer.headers().all("X-Slices")).containsExactly("yes");
      byte[] bytes = answer.body().getBytes(StandardCharsets.ISO_8859_1);
      try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
        assertThat(in.readAllBytes()).asString().isEqualTo(WHOLE);
      }
    }
  }
}

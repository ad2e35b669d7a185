package dev.turnout.http.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.testkit.ServedConnection;
import dev.turnout.upstream.Upstream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Many connections with a mix of everything against a server that misbehaves: every answer belongs
/// to its request, and afterwards nothing is left.
class ManyAtOnceIT {
  private static final int CONNECTIONS = 200;
  private static final int REQUESTS = 12;

  private final ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicInteger good = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();

  /// Answers with the token of the request and a fingerprint of its body, or does not.
  private static void misbehave(SplittableRandom random, ServedConnection connection)
      throws IOException {
    while (true) {
      RecordedRequest request = connection.read();
      if (request == null) {
        return;
      }
      String token = request.headers().get("X-Token").orElse("none");
      String body =
          token
              + ":"
              + request.body().length()
              + ":"
              + request.body().hashCode()
              + ":"
              + "x".repeat(random.nextInt(4) == 0 ? random.nextInt(200_000) : random.nextInt(200));
      boolean head = request.method().equals("HEAD");
      switch (random.nextInt(24)) {
        case 0 -> {
          return; // closes without an answer
        }
        case 1 -> {
          connection.reset();
          return;
        }
        case 2 -> {
          connection.send(
              "HTTP/1.1 200 OK\r\nX-Token: "
                  + token
                  + "\r\nContent-Length: 999999\r\n\r\n"
                  + body.substring(0, 5));
          return;
        }
        case 3 -> {
          connection.send("not HTTP at all\r\n\r\n");
          return;
        }
        case 4 -> {
          connection.send("HTTP/1.1 200 OK\r\nX-Token: " + token + "\r\n\r\n" + (head ? "" : body));
          return; // ended by the connection
        }
        case 5, 6, 7, 8 -> {
          int cut = random.nextInt(body.length());
          connection.send(
              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Token: " + token + "\r\n\r\n");
          if (!head) {
            connection.send(
                (cut == 0 ? "" : Answers.chunk(body.substring(0, cut)))
                    + Answers.chunk(body.substring(cut))
                    + "0\r\n\r\n");
          }
        }
        case 9 -> {
          connection.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        }
        case 10 -> {
          connection.send(
              "HTTP/1.1 200 OK\r\nConnection: close\r\nX-Token: "
                  + token
                  + "\r\nContent-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + (head ? "" : body));
          return;
        }
        default ->
            connection.send(
                "HTTP/1.1 200 OK\r\nX-Token: "
                    + token
                    + "\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + (head ? "" : body));
      }
    }
  }

  private record Sent(String method, String token, String body) {}

  private void client(int port, long seed, String name) {
    SplittableRandom random = new SplittableRandom(seed);
    int left = REQUESTS;
    while (left > 0) {
      try (RawClient client = RawClient.connect(port)) {
        while (left > 0) {
          int ahead = Math.min(left, 1 + random.nextInt(3));
          List<Sent> sent = new ArrayList<>();
          StringBuilder bytes = new StringBuilder();
          for (int i = 0; i < ahead; i++) {
            sent.add(request(random, name + "-" + left--, bytes));
          }
          int manner = random.nextInt(10);
          if (manner == 0) {
            client.send(bytes.substring(0, random.nextInt(bytes.length())));
            client.reset();
            break;
          }
          if (manner == 1 && bytes.length() < 1_000) {
            client.sendByteByByte(bytes.toString());
          } else {
            client.send(bytes.toString());
          }
          if (manner == 2) {
            break; // leaves without waiting
          }
          for (Sent one : sent) {
            check(one, client.readResponse(one.method()));
          }
        }
      } catch (IOException e) {
        failed.incrementAndGet(); // cut off by the server, and so by the proxy: a new connection
      }
    }
  }

  private static Sent request(SplittableRandom random, String token, StringBuilder out) {
    String body = "";
    String method = random.nextInt(5) == 0 ? "HEAD" : "GET";
    String framing = "";
    String path = random.nextBoolean() ? "/kept" : "/streamed";
    int kind = random.nextInt(4);
    if (kind == 0) {
      body = ("body of " + token + " ").repeat(random.nextInt(3) == 0 ? 4_000 : 10);
      method = random.nextBoolean() ? "POST" : "PUT";
      if (random.nextBoolean()) {
        framing = "Content-Length: " + body.length() + "\r\n\r\n" + body;
      } else {
        int cut = random.nextInt(1, body.length());
        framing =
            "Transfer-Encoding: chunked\r\n\r\n"
                + Answers.chunk(body.substring(0, cut))
                + Answers.chunk(body.substring(cut))
                + "0\r\n\r\n";
      }
    } else {
      framing = "\r\n";
    }
    out.append(method)
        .append(' ')
        .append(path)
        .append(" HTTP/1.1\r\nHost: h\r\nX-Token: ")
        .append(token)
        .append("\r\n")
        .append(framing);
    return new Sent(method, token, body);
  }

  private void check(Sent sent, RawResponse response) {
    if (response.status() != 200) {
      if (response.status() != 502 && response.status() != 503 && response.status() != 504) {
        wrong.add(sent + " got " + response.status());
      }
      failed.incrementAndGet();
      return;
    }
    String expected =
        sent.token() + ":" + sent.body().length() + ":" + sent.body().hashCode() + ":";
    boolean right =
        response.headers().get("X-Token").equals(java.util.Optional.of(sent.token()))
            && (sent.method().equals("HEAD") || response.body().startsWith(expected));
    if (right) {
      good.incrementAndGet();
    } else {
      String body = response.body();
      wrong.add(sent.token() + " got " + body.substring(0, Math.min(60, body.length())));
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "2, 2", "3, 2"})
  void everyAnswerBelongsToItsRequest(long seed, int loops) throws Exception {
    AtomicInteger numbers = new AtomicInteger();
    FakeUpstream.Script script =
        connection ->
            misbehave(
                new SplittableRandom(seed * 1_000_003 + numbers.getAndIncrement()), connection);
    try (FakeUpstream one = FakeUpstream.scripted(script);
        FakeUpstream two = FakeUpstream.scripted(script);
        TestProxy proxy =
            TestProxy.start(
                "error_log logs/error.log info; keepalive_requests 1000000; upstream u { server "
                    + one.address()
                    + " max_fails=0; server "
                    + two.address()
                    + " max_fails=0; keepalive 20; } server { listen 127.0.0.1:0;"
                    + " proxy_read_timeout 10s; client_body_buffer_size 4k;"
                    + " location / { proxy_pass http://u; }"
                    + " location /streamed { proxy_pass http://u; proxy_request_buffering off; } }",
                loops)) {
      List<Thread> clients = new ArrayList<>();
      for (int i = 0; i < CONNECTIONS; i++) {
        int number = i;
        clients.add(
            Thread.ofVirtual()
                .start(() -> client(proxy.port(), seed * 7_919 + number, seed + "-" + number)));
      }
      for (Thread client : clients) {
        client.join();
      }

      assertThat(wrong).isEmpty();
      assertThat(good.get()).as("answers of %s failures", failed).isGreaterThan(CONNECTIONS * 3);
      Eventually.until(
          Duration.ofSeconds(10),
          () ->
              proxy.counters().activeNow() == 0
                  && proxy.counters().readingNow() == 0
                  && proxy.counters().writingNow() == 0,
          () ->
              "left: active "
                  + proxy.counters().activeNow()
                  + " reading "
                  + proxy.counters().readingNow()
                  + " writing "
                  + proxy.counters().writingNow());
      Upstream upstream = proxy.upstreams().find("u");
      assertThat(upstream).isNotNull();
      assertThat(upstream.current().peers()).allMatch(peer -> peer.active() == 0);
    }
  }
}

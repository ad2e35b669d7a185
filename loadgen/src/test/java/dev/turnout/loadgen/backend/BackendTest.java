package dev.turnout.loadgen.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.loadgen.LoadJob;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class BackendTest {
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void close() {
    client.close();
  }

  private static Backend start(Work work, int limit) throws IOException {
    return Backend.start(InetAddress.getLoopbackAddress(), 0, "b1", work, limit);
  }

  private HttpResponse<String> get(Backend backend) throws IOException, InterruptedException {
    URI uri = URI.create("http://127.0.0.1:" + backend.port() + "/");
    return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void itSaysWhoItIs() throws Exception {
    try (Backend backend = start(Work.NONE, 1)) {
      HttpResponse<String> response = get(backend);

      assertThat(response.body()).isEqualTo("served by b1\n");
      assertThat(response.headers().firstValue(Backend.NAME_FIELD)).hasValue("b1");
      assertThat(backend.answered()).isEqualTo(1);
    }
  }

  @Test
  void itFailsAsOftenAsItIsTold() throws Exception {
    try (Backend backend = start(new Work(0, 0, false, 1, 503, 0, 0, 0), 1)) {
      assertThat(get(backend).statusCode()).isEqualTo(503);
    }
  }

  @Test
  void itDropsAsOftenAsItIsTold() throws Exception {
    try (Backend backend = start(new Work(0, 0, false, 0, 500, 1, 0, 0), 1)) {
      assertThatThrownBy(() -> get(backend)).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aChangingRateIsSentAndCountedByWhoAnswered() throws Exception {
    try (Backend backend = start(Work.sleeping(1), 100)) {
      LoadJob.Came came =
          LoadJob.of(
                  "http://127.0.0.1:" + backend.port() + "/",
                  "ramp:50-150",
                  Duration.ofSeconds(2),
                  8,
                  Backend.NAME_FIELD)
              .run(_ -> {});

      assertThat(came.errors()).isZero();
      assertThat(came.answers()).isBetween(140L, 260L); // 200 at random
      assertThat(came.answeredBy()).containsOnlyKeys("b1");
    }
  }
}

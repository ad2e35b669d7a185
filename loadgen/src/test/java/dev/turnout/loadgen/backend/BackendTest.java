package dev.turnout.loadgen.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.loadgen.LoadJob;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

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

  @Test
  void aMixIsSentAndThePageAndTheAssertionsTellOfIt(@TempDir Path directory) throws Exception {
    Path mix = directory.resolve("mix.txt");
    Files.writeString(mix, "# two kinds\n3 GET /a\n1 POST /b some text\n");
    Path page = directory.resolve("report.html");
    StringWriter out = new StringWriter();
    try (Backend backend = start(Work.NONE, 100)) {
      String url = "http://127.0.0.1:" + backend.port() + "/";
      CommandLine command =
          new CommandLine(new dev.turnout.loadgen.Main()).setOut(new PrintWriter(out));

      int status =
          command.execute(
              "-r",
              "steps:40,80",
              "-d",
              "1s",
              "-w",
              "0s",
              "-c",
              "4",
              "--live",
              "off",
              "--mix",
              mix.toString(),
              "--html",
              page.toString(),
              "--assert",
              "errors=0,2xx=60",
              url);

      assertThat(status).as(out.toString()).isZero();
      assertThat(Files.readString(page)).contains("<svg", "Latency by percentile");
      assertThat(
              command.execute(
                  "-r",
                  "40",
                  "-d",
                  "100ms",
                  "-w",
                  "0s",
                  "--live",
                  "off",
                  "--assert",
                  "2xx=999",
                  url))
          .isEqualTo(1);
    }
  }

  @Test
  void aMixThatIsNoneIsSaidWithItsLine(@TempDir Path directory) throws Exception {
    Path mix = directory.resolve("mix.txt");
    Files.writeString(mix, "1 GET /a\n1 HEAD /b\n");
    StringWriter err = new StringWriter();

    int status =
        new CommandLine(new dev.turnout.loadgen.Main())
            .setErr(new PrintWriter(err))
            .execute("-r", "40", "--mix", mix.toString(), "http://127.0.0.1:1/");

    assertThat(status).isEqualTo(2);
    assertThat(err.toString()).contains("mix.txt:2", "HEAD");
  }
}

package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.autoscaler.command.Tool;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramLogReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @ParameterizedTest
  @CsvSource({
    "'p99<5s,errors=0,5xx=0,requests=100', 0",
    "'p50<1us', 1",
    "'errors>0', 1",
    "'status.200>=100,rate>490', 0",
    "'uncorrected.p99.9<=5s,max>1us,mean<5s', 0",
    "'2xx<100', 1"
  })
  void theExitCodeSaysWhetherTheAssertionsHold(String conditions, int code) throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      int exit =
          load("--rate=500", "-w0", "-d200ms", "-c4", "--assert=" + conditions, server.url());

      assertThat(exit).as("%s%s", out, err).isEqualTo(code);
      assertThat(out.toString().contains("FAILED")).isEqualTo(code == 1);
    }
  }

  @Test
  void noBoundOfLatencyHoldsWhereNothingIsAnswered() throws Exception {
    try (var server = ScriptedServer.answering(_ -> "")) {
      int exit = load("--rate=100", "-w0", "-d100ms", "-c1", "--assert=p99<20ms", server.url());

      assertThat(exit).as("%s%s", out, err).isEqualTo(1);
      assertThat(out.toString()).contains("FAILED", "nothing, as no request was answered");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"p99<20", "p99<<20ms", "latency<1ms", "errors=0ms", "errors", ""})
  void aConditionThatMeansNothingIsRefusedBeforeAnythingIsSent(String condition) throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      assertThat(load("--closed", "-d100ms", "--assert", condition + ",errors=0", server.url()))
          .isEqualTo(2);
      assertThat(server.requests()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://127.0.0.1:1/",
        "--closed --rate 5 http://127.0.0.1:1/",
        "--closed --poisson http://127.0.0.1:1/",
        "--closed https://127.0.0.1:1/",
        "--closed -d ten http://127.0.0.1:1/",
        "--closed --timeout 0s http://127.0.0.1:1/",
        "--rate 0 http://127.0.0.1:1/"
      })
  void wrongArgumentsAreTold(String arguments) {
    assertThat(load(arguments.split(" ", -1))).isEqualTo(2);
    assertThat(err.toString()).startsWith("turnout load: ").hasLineCount(2);
  }

  @Test
  void aTargetThatIsNotThereIsTold() {
    assertThat(load("--closed", "-c1", "http://127.0.0.1:1/")).isEqualTo(3);
    assertThat(err.toString()).contains("no connection to 127.0.0.1:1: it refuses");
  }

  @Test
  void aReportThatCannotBeWrittenIsToldBeforeAnythingIsSent(@TempDir Path dir) throws Exception {
    Path html = dir.resolve("missing/report.html");
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      assertThat(load("--closed", "-d100ms", "--html=" + html, server.url())).isEqualTo(3);
      assertThat(server.requests()).isZero();
    }
    assertThat(err.toString()).contains("there is no directory " + html.getParent());
  }

  @Test
  void theReportCanBeHadAsJsonAndAsAHistogramLog(@TempDir Path dir) throws Exception {
    Path json = dir.resolve("r.json");
    Path hlog = dir.resolve("r.hlog");
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      int exit =
          load("--rate=500", "-w0", "-d200ms", "--json=" + json, "--hlog=" + hlog, server.url());

      assertThat(exit).as("%s%s", out, err).isZero();
    }
    assertThat(Files.readString(json))
        .startsWith("{\"url\":\"http://127.0.0.1:")
        .contains("\"requests\":100,", "\"statuses\":{\"200\":100}", "\"errors\":0,")
        .contains("\"latency_ms\":{\"p50\":", "\"p99.9\":", "\"held\":")
        .endsWith("}}\n");
    long logged = 0;
    for (Histogram interval : intervals(hlog)) {
      logged += interval.getTotalCount();
    }
    assertThat(logged).isEqualTo(100);
  }

  private static List<Histogram> intervals(Path hlog) throws Exception {
    List<Histogram> all = new ArrayList<>();
    try (var reader = new HistogramLogReader(hlog.toFile())) {
      while (reader.hasNext()) {
        all.add((Histogram) reader.nextIntervalHistogram());
      }
    }
    return all;
  }

  @Test
  void theRequestCarriesTheGivenFieldsAndBody() {
    Plan plan =
        new Plan(
            Target.of("http://example.test:8080/a?b=c"),
            "POST",
            List.of("host: other", "X-A: 1"),
            "hé",
            new Pacing.Closed(),
            1,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ZERO,
            "");

    assertThat(new String(plan.request(), StandardCharsets.UTF_8))
        .isEqualTo("POST /a?b=c HTTP/1.1\r\nhost: other\r\nX-A: 1\r\nContent-Length: 3\r\n\r\nhé");
  }

  private int load(String... arguments) {
    return Tool.of(new Main())
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(arguments);
  }
}

package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.Closeable;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class LoadRunTest {
  private static final Duration SHORT = Duration.ofMillis(400);

  @Test
  void aConstantRateIsKept() throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      Report report = run(Plan.of(server.target(), new Pacing.Constant(2000), 16, SHORT));

      assertThat(report.seen().due).isEqualTo(800);
      assertThat(report.rate()).isCloseTo(2000, within(20.0));
      assertThat(report.errors()).isZero();
      assertThat(server.requests()).isEqualTo(800);
    }
  }

  @Test
  void aPoissonScheduleIsTheSameForTheSameSeed() throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      Plan plan = Plan.of(server.target(), new Pacing.Poisson(2000, 7), 16, SHORT);

      Report first = run(plan);
      Report second = run(plan);

      assertThat(first.seen().due).isEqualTo(second.seen().due);
      // 800 arrivals scatter by 28; five times that is no accident
      assertThat((double) first.seen().due).isCloseTo(800, within(140.0));
      assertThat(first.seen().completed).isEqualTo(first.seen().due);
    }
  }

  @Test
  void aStallIsInTheCorrectedLatencyAndHardlyInTheUncorrected() throws Exception {
    try (var server = new StallingServer()) {
      Report report =
          run(Plan.of(server.target(), new Pacing.Constant(1000), 4, Duration.ofSeconds(2)));

      // One second of two: of the requests due then, all but 4 had no connection to be sent on.
      assertThat(millis(report.corrected().getValueAtPercentile(99))).isBetween(900.0, 1200.0);
      assertThat(millis(report.corrected().getValueAtPercentile(75))).isGreaterThan(400);
      assertThat(millis(report.uncorrected().getValueAtPercentile(99))).isLessThan(200);
      assertThat(report.seen().completed).isEqualTo(2000);
      assertThat(report.seen().waited).isGreaterThan(500);
    }
  }

  /// Stops for a second when the 500th request comes.
  private static final class StallingServer implements Closeable {
    private final ScriptedServer server = ScriptedServer.answering(this::answer);
    private final Semaphore turn = new Semaphore(1);

    private String answer(int n) {
      turn.acquireUninterruptibly();
      try {
        if (n == 500) {
          long end = System.nanoTime() + 1_000_000_000;
          for (long left = 1; left > 0; left = end - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
        }
        return ScriptedServer.ok();
      } finally {
        turn.release();
      }
    }

    Target target() {
      return server.target();
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }

  @Test
  void aRateAboveWhatTheServerCarriesIsSaidToBeNotHeld() throws Exception {
    try (var server = ScriptedServer.answering(_ -> answerAfter(5_000_000))) {
      Report report = run(Plan.of(server.target(), new Pacing.Constant(2000), 2, SHORT));

      assertThat(report.scheduleProblems()).anyMatch(p -> p.contains("could be sent"));
      assertThat(report.seen().completed).isEqualTo(800);
    }
  }

  private static String answerAfter(long nanos) {
    LockSupport.parkNanos(nanos);
    return ScriptedServer.ok();
  }

  @Test
  void aClosedLoopSendsAsSoonAsItIsAnswered() throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok())) {
      Report report = run(Plan.of(server.target(), new Pacing.Closed(), 8, SHORT));

      assertThat(report.seen().completed).isGreaterThan(400);
      assertThat(report.errors()).isZero();
      assertThat(server.requests() - report.seen().completed).isBetween(0L, 8L);
    }
  }

  @Test
  void answersAreCountedByStatusAndByWhoGaveThem() throws Exception {
    try (var server =
        ScriptedServer.answering(n ->
            n % 4 == 0
                ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nX-Server: b\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Server: a\r\n\r\n3\r\nabc\r\n0\r\n\r\n")) {
      Report report =
          run(
              Plan.of(server.target(), new Pacing.Constant(1000), 4, SHORT)
                  .withCountBy("x-server"));

      assertThat(report.statuses()).isEqualTo(Map.of(200, 300L, 503, 100L));
      assertThat(report.seen().answeredBy.counts()).isEqualTo(Map.of("a", 300L, "b", 100L));
      assertThat(report.statusClass(5)).isEqualTo(100);
      assertThat(report.errors()).isZero();
    }
  }

  @Test
  void aConnectionThatTheServerEndsProperlyIsReplacedWithoutAnError() throws Exception {
    try (var server =
        ScriptedServer.answering(
            _ -> "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")) {
      Report report = run(Plan.of(server.target(), new Pacing.Constant(200), 4, SHORT));

      assertThat(report.seen().completed).isEqualTo(80);
      assertThat(report.errors()).isZero();
      assertThat(report.reconnects()).isGreaterThanOrEqualTo(79);
    }
  }

  @Test
  void aConnectionThatEndsWithoutAnAnswerIsAnError() throws Exception {
    try (var server = ScriptedServer.answering(n -> n == 10 ? "" : ScriptedServer.ok())) {
      Report report = run(Plan.of(server.target(), new Pacing.Constant(500), 4, SHORT));

      assertThat(report.seen().broken).isEqualTo(1);
      assertThat(report.errors()).isEqualTo(1);
      assertThat(report.seen().completed).isEqualTo(199);
    }
  }

  @Test
  void aSecondAnswerToOneRequestIsMalformed() throws Exception {
    try (var server =
        ScriptedServer.answering(
            n -> n == 10 ? ScriptedServer.ok() + ScriptedServer.ok() : ScriptedServer.ok())) {
      Report report = run(Plan.of(server.target(), new Pacing.Constant(500), 4, SHORT));

      assertThat(report.seen().malformed).isEqualTo(1);
    }
  }

  @Test
  void aRequestThatIsNeverAnsweredTimesOutAndCountsInTheLatency() throws Exception {
    try (var server = ScriptedServer.answering(_ -> ScriptedServer.ok());
        Closeable _ = server.stopAnswering()) {
      Report report =
          run(
              Plan.of(server.target(), new Pacing.Constant(100), 2, Duration.ofMillis(100))
                  .withTimeout(Duration.ofMillis(200)));

      assertThat(report.seen().completed).isZero();
      assertThat(report.errors()).isEqualTo(10);
      assertThat(report.seen().timeouts).isGreaterThanOrEqualTo(2);
      assertThat(millis(report.corrected().getMaxValue())).isGreaterThanOrEqualTo(199);
    }
  }

  @Test
  void whereNobodyListensThereIsNothingToMeasure() throws Exception {
    int closedPort;
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closedPort = socket.getLocalPort();
    }
    Target nowhere = Target.of("http://127.0.0.1:" + closedPort + "/");

    assertThatThrownBy(() -> run(Plan.of(nowhere, new Pacing.Closed(), 2, SHORT)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no connection to 127.0.0.1:" + closedPort);
  }

  private static Report run(Plan plan) throws IOException {
    return new LoadRun(plan, _ -> {}).run();
  }

  private static double millis(long nanos) {
    return nanos / 1e6;
  }
}

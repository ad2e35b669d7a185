package dev.turnout.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class LogWriterTest {
  @Test
  void aBugInOneLinesWayDoesNotEndTheThread() {
    PrintStream before = System.err;
    ByteArrayOutputStream told = new ByteArrayOutputStream();
    System.setErr(new PrintStream(told, true, StandardCharsets.UTF_8));
    try (LogWriter writer = new LogWriter(10, _ -> {})) {
      writer.post(() -> {
        throw new IllegalStateException("a bug");
      });

      assertThat(writer.flushLines(30_000)).isTrue();
    } finally {
      System.setErr(before);
    }

    assertThat(told.toString(StandardCharsets.UTF_8)).contains("IllegalStateException: a bug");
  }
}

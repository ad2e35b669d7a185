package dev.turnout.loadgen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PacingTest {
  @Test
  void evenDueTimesDoNotDrift() {
    var schedule = new Pacing.Constant(30_000).schedule();
    long last = 0;
    for (int i = 0; i <= 3_000_000; i++) {
      last = schedule.next();
    }

    assertThat(last).isCloseTo(100_000_000_000L, within(1L));
  }

  @Test
  void poissonGapsAreExponential() {
    var schedule = new Pacing.Poisson(1000, 42).schedule();
    int n = 100_000;
    double squares = 0;
    long previous = 0;
    int aboveMean = 0;
    for (int i = 0; i < n; i++) {
      long next = schedule.next();
      double gap = (next - previous) / 1e6;
      squares += gap * gap;
      aboveMean += gap > 1 ? 1 : 0;
      previous = next;
    }

    assertThat(previous / 1e6 / n).isCloseTo(1, within(0.02)); // mean gap 1 ms
    assertThat(squares / n).isCloseTo(2, within(0.1)); // variance = mean squared
    assertThat((double) aboveMean / n).isCloseTo(Math.exp(-1), within(0.01));
  }
}

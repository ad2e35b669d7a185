package dev.turnout.loadgen.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.turnout.autoscaler.simulation.Trace;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class SimulatedDayTest {
  private static SimulatedDay.Figures day(double rate) {
    double[] rates = new double[300];
    Arrays.fill(rates, rate);
    return new SimulatedDay(Trace.ofSeconds("flat", rates), 8, 10, 5, 2, 100, 16).run(3);
  }

  @Test
  void oneServerIsEnoughForALittle() {
    SimulatedDay.Figures little = day(10);

    assertThat(little.serverSeconds()).isEqualTo(300, within(30.0));
    // of exponential sizes with a mean of 100 ms, 5 in 100 are above 300 ms
    assertThat(little.p95Millis()).isBetween(270.0, 330.0);
  }

  /// 400 requests/s of 100 ms are 40 in the system: four servers of ten, and a fifth now and then.
  @Test
  void asManyServersAsTheRequestsNeed() {
    assertThat(day(400).serverSeconds() / 300).isBetween(3.8, 5.5);
  }
}

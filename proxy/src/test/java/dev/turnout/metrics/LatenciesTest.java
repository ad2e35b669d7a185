package dev.turnout.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class LatenciesTest {
  private static final long MICRO = 1000;

  private static Latencies of(long... micros) {
    LatencyHistogram histogram = new LatencyHistogram();
    for (long each : micros) {
      histogram.record(each * MICRO);
    }
    return Latencies.sum(List.of(histogram));
  }

  private static Map<Long, Long> filled(Latencies latencies) {
    return latencies.buckets().stream()
        .filter(bucket -> bucket.count() > 0)
        .collect(Collectors.toMap(Latencies.Bucket::boundMicros, Latencies.Bucket::count));
  }

  @Test
  void aBoundIsIncluded() {
    assertThat(filled(of(500, 501, 1000, 10_000_000, 10_000_001)))
        .isEqualTo(Map.of(500L, 1L, 1000L, 2L, 10_000_000L, 1L, Long.MAX_VALUE, 1L));
  }

  @Test
  void aClockThatGoesBackIsNoTime() {
    assertThat(filled(of(-5))).isEqualTo(Map.of(500L, 1L));
    assertThat(of(-5).sumNanos()).isZero();
  }

  @Test
  void theBoundsOfThePlusApiBeginAtFiveMilliseconds() {
    Latencies wide = of(1, 900, 2000, 5000, 5001, 60_000_000).fromFiveMillis();

    assertThat(wide.buckets())
        .extracting(Latencies.Bucket::boundMicros)
        .containsExactly(
            5_000L,
            10_000L,
            25_000L,
            50_000L,
            75_000L,
            100_000L,
            250_000L,
            500_000L,
            750_000L,
            1_000_000L,
            2_500_000L,
            5_000_000L,
            7_500_000L,
            10_000_000L,
            Long.MAX_VALUE);
    assertThat(filled(wide)).isEqualTo(Map.of(5_000L, 4L, 10_000L, 1L, Long.MAX_VALUE, 1L));
    assertThat(wide.count()).isEqualTo(6);
  }

  @Test
  void loopsAddUp() {
    LatencyHistogram one = new LatencyHistogram();
    LatencyHistogram other = new LatencyHistogram();
    one.record(700 * MICRO);
    other.record(800 * MICRO);
    other.record(3000 * MICRO);

    Latencies both = Latencies.sum(List.of(one, other));

    assertThat(filled(both)).isEqualTo(Map.of(1000L, 2L, 5000L, 1L));
    assertThat(both.sumNanos()).isEqualTo(4500 * MICRO);
  }

  @Test
  void theMovingAverageTakesATwentiethOfWhatIsNew() {
    MovingAverage average = new MovingAverage();
    assertThat(average.get()).isZero();

    average.add(1_000_000);
    average.add(3_000_000);

    assertThat(average.get()).isEqualTo(1_100_000);
  }
}

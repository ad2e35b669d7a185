package dev.turnout.control;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.metrics.TrafficZone;
import org.junit.jupiter.api.Test;

/// What is kept of each second.
class TimelineTest {
  private final Timeline timeline = new Timeline();

  private void request(int status, long millis) {
    TrafficZone.Loop loop = timeline.zone().on(0);
    loop.began();
    loop.responded(status, 0, 0, MILLISECONDS.toNanos(millis));
  }

  @Test
  void aSampleTellsWhatCameSinceTheOneBefore() {
    request(200, 1);
    timeline.sample(1000);
    for (int i = 0; i < 98; i++) {
      request(200, 1);
    }
    request(404, 40);
    request(502, 90);
    timeline.sample(2000);
    timeline.sample(3000);

    assertThat(timeline.since(1000))
        .containsExactly(
            new Timeline.Sample(2000, 100, 1, 1, 755, 50_000), // 50 of 98 between 0.5 and 1 ms
            new Timeline.Sample(3000, 0, 0, 0, 0, 0));
  }

  @Test
  void requestsThatWereGivenUpAreNoErrorsOfServers() {
    TrafficZone.Loop loop = timeline.zone().on(0);
    loop.began();
    loop.discarded(10);

    timeline.sample(1000);

    assertThat(timeline.since(0)).containsExactly(new Timeline.Sample(1000, 1, 0, 0, 0, 0));
  }

  @Test
  void anHourIsKeptTheOldestGoesFirst() {
    for (int second = 1; second <= 4000; second++) {
      request(200, 1);
      timeline.sample(second * 1000L);
    }

    assertThat(timeline.since(0)).hasSize(3600);
    assertThat(timeline.since(0).getFirst().timeMillis()).isEqualTo(401_000);
    assertThat(timeline.since(3_999_000)).hasSize(1);
  }

  @Test
  void itIsKeptBetweenKeepAndStop() {
    assertThat(timeline.isKept()).isFalse();
    timeline.keep();
    timeline.keep();
    assertThat(timeline.isKept()).isTrue();
    timeline.stop();
    assertThat(timeline.isKept()).isFalse();
  }
}

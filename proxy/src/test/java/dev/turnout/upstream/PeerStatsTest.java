package dev.turnout.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PeerStatsTest {
  private static final long NOW = 5_000_000;

  private final PeerStats stats = new PeerStats();

  private static long millis(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }

  @Test
  void whatTheLoopsReportAddsUp() {
    stats.on(0).responded(200);
    stats.on(0).moved(10, 100);
    stats.on(3).responded(200);
    stats.on(3).moved(1, 2);

    PeerTotals totals = stats.totals(NOW);

    assertThat(totals.responses().codes()).containsExactly(entry(200, 2L));
    assertThat(totals.sent()).isEqualTo(11);
    assertThat(totals.received()).isEqualTo(102);
  }

  @Test
  void theAveragesOfHeadAndResponseMoveByATwentieth() {
    stats.on(0).took(millis(10), millis(100));
    stats.on(1).took(millis(30), millis(300));

    assertThat(stats.headerNanos()).isEqualTo(millis(11));
    assertThat(stats.responseNanos()).isEqualTo(millis(110));
    assertThat(stats.totals(NOW).responseTimes().sumMillis()).isEqualTo(400);
  }

  @Test
  void aResponseThatTookNoTimeIsAnAverage() {
    stats.on(0).took(0, 0);
    stats.on(0).took(millis(20), millis(20));

    assertThat(stats.headerNanos()).isLessThan(millis(2));
  }

  @Test
  void whatIsForgottenIsCountedNoMore() {
    stats.on(0).responded(200);
    stats.on(0).took(millis(10), millis(100));

    stats.forget(NOW);
    stats.on(0).responded(500);

    assertThat(stats.headerNanos()).isZero();
    assertThat(stats.totals(NOW).responses().codes()).containsExactly(entry(500, 1L));
    assertThat(stats.totals(NOW).responseTimes().count()).isZero();
  }
}

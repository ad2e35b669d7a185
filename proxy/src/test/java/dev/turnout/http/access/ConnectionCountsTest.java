package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.access.ConnectionCounts.Answer;
import org.junit.jupiter.api.Test;

class ConnectionCountsTest {
  private final ConnectionCounts counts = new ConnectionCounts(32 * 1024);

  @Test
  void soManyMayEnterAsMayBeUnderWay() {
    assertThat(counts.enter("a", 2)).isEqualTo(Answer.ENTERED);
    assertThat(counts.enter("a", 2)).isEqualTo(Answer.ENTERED);
    assertThat(counts.enter("a", 2)).isEqualTo(Answer.LIMITED);
    assertThat(counts.enter("b", 2)).isEqualTo(Answer.ENTERED);

    counts.leave("a");

    assertThat(counts.enter("a", 2)).isEqualTo(Answer.ENTERED);
    assertThat(counts.count("a")).isEqualTo(2);
  }

  @Test
  void aFullZoneTakesNoFurtherKeyUntilOneIsFree() {
    for (int i = 0; i < 512; i++) {
      assertThat(counts.enter("key" + i, 1)).isEqualTo(Answer.ENTERED);
    }

    assertThat(counts.enter("more", 1)).isEqualTo(Answer.NO_ROOM);
    counts.leave("key7");
    assertThat(counts.enter("more", 1)).isEqualTo(Answer.ENTERED);
  }
}

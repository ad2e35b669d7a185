package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.http.access.LeakyBuckets.Answer;
import dev.turnout.http.access.LeakyBuckets.Visit;
import org.junit.jupiter.api.Test;

class LeakyBucketsTest {
  private static final long ONE_PER_SECOND = 1000;
  private static final long SMALLEST = 32 * 1024;

  private final LeakyBuckets buckets = new LeakyBuckets(SMALLEST);

  @Test
  void theFirstRequestIsNoExcess() {
    Visit visit = buckets.take("a", ONE_PER_SECOND, 0, 5000);

    assertThat(visit.answer()).isEqualTo(Answer.PASSES);
    assertThat(visit.excess()).isZero();
  }

  @Test
  void theExcessIsWhatCameLessWhatLeaked() {
    buckets.take("a", ONE_PER_SECOND, 5000, 0);

    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 100).excess()).isEqualTo(900);
    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 100).excess()).isEqualTo(1900);
    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 1600).excess()).isEqualTo(1400);
    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 9000).excess()).isZero();
  }

  @Test
  void whatIsBeyondTheBurstIsRefusedAndNotCounted() {
    buckets.take("a", ONE_PER_SECOND, 0, 0);

    Visit refused = buckets.take("a", ONE_PER_SECOND, 0, 848);
    Visit later = buckets.take("a", ONE_PER_SECOND, 0, 1000);

    assertThat(refused.answer()).isEqualTo(Answer.REFUSED);
    assertThat(refused.excess()).isEqualTo(152);
    assertThat(later.answer()).isEqualTo(Answer.PASSES);
  }

  @Test
  void ratesBelowOnePerSecondLeakInWholeThousandths() {
    long onePerMinute = 1000 / 60;
    buckets.take("a", onePerMinute, 5000, 0);

    // 16 thousandths a second, cut down to whole ones
    assertThat(buckets.take("a", onePerMinute, 5000, 1999).excess()).isEqualTo(1000 - 31);
  }

  @Test
  void whatIsAskedCountsOnlyOnceItIsCounted() {
    buckets.ask("a", ONE_PER_SECOND, 0, 0).giveBack();

    Visit second = buckets.ask("a", ONE_PER_SECOND, 0, 10);
    second.count(10);
    Visit third = buckets.ask("a", ONE_PER_SECOND, 0, 10);

    assertThat(second.answer()).isEqualTo(Answer.PASSES);
    assertThat(second.excess()).isZero();
    assertThat(third.answer()).isEqualTo(Answer.REFUSED);
    assertThat(third.excess()).isEqualTo(1000);
  }

  @Test
  void aClockThatIsALittleBehindAddsAndLeaksNothing() {
    buckets.take("a", ONE_PER_SECOND, 5000, 100);

    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 97).excess()).isEqualTo(1000);
    assertThat(buckets.take("a", ONE_PER_SECOND, 5000, 1100).excess()).isEqualTo(1000);
  }

  @Test
  void aFullZoneForgetsWhatWasAskedForLongestAgo() {
    int room = (int) (SMALLEST / 128);
    for (int i = 0; i < room; i++) {
      buckets.take("key" + i, ONE_PER_SECOND, 0, 0);
    }
    buckets.take("key0", ONE_PER_SECOND, 0, 0);

    buckets.take("another", ONE_PER_SECOND, 0, 1);

    assertThat(buckets.entries()).isEqualTo(room);
    assertThat(buckets.take("key0", ONE_PER_SECOND, 0, 1).answer()).isEqualTo(Answer.REFUSED);
    assertThat(buckets.take("key1", ONE_PER_SECOND, 0, 1).answer()).isEqualTo(Answer.PASSES);
  }

  @Test
  void whatIsAskedForIsNotForgotten() {
    Visit held = buckets.ask("held", ONE_PER_SECOND, 0, 0);
    for (int i = 1; i < SMALLEST / 128; i++) {
      buckets.take("key" + i, ONE_PER_SECOND, 0, 0);
    }

    assertThat(buckets.take("more", ONE_PER_SECOND, 0, 1).answer()).isEqualTo(Answer.NO_ROOM);
    held.count(1);
    assertThat(buckets.take("more", ONE_PER_SECOND, 0, 1).answer()).isEqualTo(Answer.PASSES);
  }

  @Test
  void eachNewKeyTakesTwoDrainedOnesOut() {
    for (int i = 0; i < 5; i++) {
      buckets.take("key" + i, ONE_PER_SECOND, 0, 0);
    }

    buckets.take("early", ONE_PER_SECOND, 0, 59_999);
    assertThat(buckets.entries()).isEqualTo(6);

    buckets.take("late", ONE_PER_SECOND, 0, 60_000);
    assertThat(buckets.entries()).isEqualTo(5);
  }
}

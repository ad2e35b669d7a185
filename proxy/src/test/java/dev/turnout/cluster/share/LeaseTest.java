package dev.turnout.cluster.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private static final long DURATION = TimeUnit.SECONDS.toNanos(10);

  private final MemorySharedStore.Server server = new MemorySharedStore.Server();
  private final AtomicLong nanos = new AtomicLong();
  private final Lease one = lease("one");
  private final Lease two = lease("two");

  private Lease lease(String holder) {
    return new Lease(new MemorySharedStore(server), "t:", "app", holder, DURATION, nanos::get);
  }

  private void pass(long seconds) {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  /// Both try, this one first.
  private void renew(Lease first, Lease second) {
    first.renew();
    second.renew();
    assertThat(one.isHeld() && two.isHeld()).as("both hold it").isFalse();
  }

  @Test
  void oneHasItAndTheOtherKnowsWho() {
    renew(one, two);

    assertThat(one.isHeld()).isTrue();
    assertThat(two.holder()).isEqualTo("one");
  }

  @Test
  void whoRenewsKeepsIt() {
    for (int i = 0; i < 30; i++) {
      renew(i % 2 == 0 ? one : two, i % 2 == 0 ? two : one);
      pass(3);
    }

    assertThat(one.isHeld()).isTrue();
  }

  @Test
  void itGoesToAnotherWhenItsHolderIsGone() {
    renew(one, two);
    pass(9);
    two.renew();
    assertThat(two.isHeld()).isFalse();
    pass(3);

    two.renew();

    assertThat(one.isHeld()).isFalse();
    assertThat(two.isHeld()).isTrue();
    one.renew();
    assertThat(one.isHeld()).isFalse();
    assertThat(one.holder()).isEqualTo("two");
  }

  @Test
  void itIsOverBeforeAnotherCanHaveItWhereTheStoreIsNotReached() {
    renew(one, two);
    server.goAway();
    pass(5);
    one.renew();
    assertThat(one.isHeld()).isTrue();
    pass(7);

    one.renew();

    assertThat(one.isHeld()).isFalse();
    server.comeBack();
    two.renew();
    assertThat(two.isHeld()).isTrue();
  }

  @Test
  void whatIsReleasedCanBeHadAtOnce() {
    renew(one, two);

    one.release();
    two.renew();

    assertThat(two.isHeld()).isTrue();
  }

  @Test
  void aWriteThatWasMadeThoughNobodySaidSoIsOurs() {
    renew(one, two);
    server.answerNot();
    one.renew();
    server.answer();
    pass(3);

    one.renew(); // it is not as it was left
    one.renew();
    pass(9);

    assertThat(one.isHeld()).isTrue();
  }

  @Test
  void whoSomebodyDeletesItOfLosesIt() {
    renew(one, two);
    server.delete("@t:lease:app");

    two.renew();
    one.renew();

    assertThat(two.isHeld()).isTrue();
    assertThat(one.isHeld()).isFalse();
  }
}

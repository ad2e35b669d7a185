package dev.turnout.autoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.autoscaler.policy.Steps;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GroupChoiceTest {
  private static final double WAIT = 60;

  private final GroupChoice choice = choice();
  private double seconds;

  private static GroupChoice choice() {
    return new GroupChoice(new Steps(List.of(50.0, 100.0), 0), 3, WAIT, 0.05);
  }

  private int choose(double rate, double errorShare, boolean complete, int present) {
    seconds++;
    return choice
        .choose(
            new Observation(seconds, 0, rate, errorShare, Double.NaN, complete, 0, List.of()),
            present)
        .group();
  }

  /// The group after so many seconds of a rate.
  private int after(int looks, double rate, int present) {
    int group = present;
    for (int i = 0; i < looks; i++) {
      group = choose(rate, 0, true, group);
    }
    return group;
  }

  @Test
  void aLargerGroupServesAtOnce() {
    assertThat(after(1, 120, 0)).isEqualTo(2);
  }

  @Test
  void aSmallerGroupServesWhenItWasEnoughForLong() {
    after(1, 120, 0);

    assertThat(after(60, 10, 2)).isEqualTo(2);
    assertThat(after(1, 10, 2)).isZero();
  }

  @Test
  void itGoesDownToTheLargestThatWasWantedMeanwhile() {
    after(1, 120, 0);
    after(20, 10, 2);
    after(20, 60, 2);

    assertThat(after(20, 10, 2)).isEqualTo(2);
    assertThat(after(1, 10, 2)).isEqualTo(1);
  }

  @Test
  void missingFiguresAndFailuresAreNoLowLoad() {
    after(1, 120, 0);

    for (int i = 0; i < 300; i++) {
      assertThat(choose(0, 0, i % 40 != 0, 2)).isEqualTo(2);
      assertThat(choose(0, 0.2, true, 2)).isEqualTo(2);
    }
  }

  @Test
  void noiseAroundAStepDoesNotFlap() {
    SplittableRandom random = new SplittableRandom(1);
    int group = 0;
    int changes = 0;
    for (int i = 0; i < 3600; i++) {
      int next = choose(50 + random.nextDouble(-20, 20), 0, true, group);
      changes += next == group ? 0 : 1;
      group = next;
    }
    assertThat(changes).isLessThanOrEqualTo(3);
  }

  @Test
  void itIsAlwaysOneOfTheGroups() {
    SplittableRandom random = new SplittableRandom(2);
    int group = 1;
    for (int i = 0; i < 5000; i++) {
      group = choose(random.nextDouble(1e6), random.nextDouble(0.1), true, group);
      assertThat(group).isBetween(0, 2);
    }
  }
}

package dev.turnout.autoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.Packing;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ControllerTest {
  private static final Limits LIMITS = Limits.between(1, 8, 120);

  private static Controller justEnough(Limits limits) {
    return new Controller(JustEnough.of(Packing.fixed(10)), limits);
  }

  @Test
  void whatTheLoadNeedsIsStartedAtOnceInTheOrderOfTheGroup() {
    Group group = Group.of(justEnough(LIMITS), 8, 2);

    Decision decision = group.look(64);

    // 32 at each of 2 servers is the paper's example: twice the load that they should have
    assertThat(decision.actions()).isEqualTo(List.of(new Action.Start(2), new Action.Start(3)));
    assertThat(decision.text()).isEqualTo("64.0 in system, 2 servers carry 20: starting b3, b4");
  }

  @Test
  void aDrainingServerIsTakenBackBeforeAnotherIsStarted() {
    Group group =
        new Group(
            justEnough(LIMITS),
            ServerState.ON,
            ServerState.OFF,
            ServerState.DRAINING,
            ServerState.OFF);

    Decision decision = group.look(25);

    assertThat(decision.actions()).isEqualTo(List.of(new Action.TakeBack(2)));
    assertThat(group.look(64).actions()).first().isInstanceOf(Action.Start.class);
  }

  @Test
  void aServerIsDrainedOnlyAfterItHasBeenSurplusForTheWholeWait() {
    Group group = Group.of(justEnough(LIMITS), 4, 3);

    assertThat(group.looks(120, 12.4).actions()).isEmpty();
    Decision decision = group.look(12.4);

    assertThat(decision.actions()).containsExactly(new Action.Drain(2));
    assertThat(decision.text())
        .isEqualTo("12.4 in system, 3 servers carry 30, 1 surplus for 120 s: draining b3");
  }

  @Test
  void aBurstBeginsTheWaitAnew() {
    Group group = Group.of(justEnough(LIMITS), 4, 3);
    group.looks(100, 12.4);

    group.look(40);

    assertThat(group.looks(119, 12.4).actions()).isEmpty();
  }

  @Test
  void aServerThatFailsIsNoCapacity() {
    Group group = Group.of(justEnough(LIMITS), 4, 2);
    group.look(18);
    group.failing[0] = true;

    Decision decision = group.look(18);

    assertThat(decision.actions()).containsExactly(new Action.Start(2));
  }

  @Test
  void manyFailuresAreNoLowLoad() {
    Group group = Group.of(justEnough(LIMITS), 4, 3);
    group.errorShare = 0.5;

    Decision decision = group.looks(500, 0.1);

    assertThat(decision.actions()).isEmpty();
    assertThat(decision.text()).contains("50 % of the answers are failures");
  }

  @Test
  void whatIsMissingChangesNothingDownwards() {
    Group group = Group.of(justEnough(LIMITS), 4, 3);
    group.look(25);
    group.complete = false;

    assertThat(group.looks(500, 0).actions()).isEmpty();
    assertThat(group.committed()).isEqualTo(3);
  }

  @Test
  void aServerThatIsLostWhileFiguresAreMissingIsReplaced() {
    Group group = Group.of(justEnough(LIMITS), 4, 3);
    group.look(25);
    group.complete = false;
    group.failing[1] = true;

    assertThat(group.look(0).actions()).containsExactly(new Action.Start(3));
  }

  @Test
  void sparesComeOnTopAndTheBoundsWin() {
    Limits limits = new Limits(1, 4, 1, 0.1, 120, 0, 0, 0.05);
    Group group = Group.of(justEnough(limits), 8, 1);

    assertThat(group.look(9).target()).isEqualTo(2);
    assertThat(group.look(1000).target()).isEqualTo(4);
    assertThat(group.committed()).isEqualTo(4);
  }

  @Test
  void byHandIsByHandUntilItExpires() {
    Group group = Group.of(justEnough(LIMITS), 8, 2);
    group.controller.manual(new ManualTarget(5, 30));

    assertThat(group.look(5).actions()).hasSize(3);
    group.ready();
    assertThat(group.looks(20, 5).actions()).isEmpty();
    assertThat(group.committed()).isEqualTo(5);

    assertThat(group.looks(300, 5).text()).doesNotContain("by hand");
    group.looks(300, 5);
    assertThat(group.committed()).isEqualTo(1);
  }

  @Test
  void whatStartsAndIsNotNeededIsGivenUpBeforeWhatRuns() {
    Group group =
        new Group(justEnough(LIMITS), ServerState.ON, ServerState.ON, ServerState.STARTING);

    Decision decision = group.looks(121, 5);

    assertThat(decision.actions()).containsExactly(new Action.GiveUp(2));
  }

  @Test
  void coolDownsHold() {
    Limits limits = new Limits(1, 8, 0, 0, 10, 60, 60, 0.05);
    Group group = Group.of(justEnough(limits), 8, 1);

    group.look(20);
    group.ready();
    assertThat(group.look(90).actions()).isEmpty();
    assertThat(group.looks(60, 90).actions()).isNotEmpty();
    group.ready();
    int before = group.committed();
    group.looks(59, 1);
    assertThat(group.committed()).isGreaterThanOrEqualTo(before - 1);
  }
}

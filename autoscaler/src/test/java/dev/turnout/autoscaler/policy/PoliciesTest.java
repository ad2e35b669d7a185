package dev.turnout.autoscaler.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.ServerSeen;
import dev.turnout.autoscaler.ServerState;
import dev.turnout.autoscaler.Wish;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class PoliciesTest {
  private static Observation seen(double seconds, double inSystem, double rate, int on) {
    List<ServerSeen> servers =
        Stream.generate(() -> ServerSeen.of("b", ServerState.ON)).limit(on).toList();
    return new Observation(seconds, inSystem, rate, 0, Double.NaN, true, 60, servers);
  }

  private static Wish after(Policy policy, int seconds, double inSystem, double rate, int on) {
    Wish wish = policy.wish(seen(0, inSystem, rate, on));
    for (int i = 1; i <= seconds; i++) {
      wish = policy.wish(seen(i, inSystem, rate, on));
    }
    return wish;
  }

  @Test
  void theCurveGoesThroughThePapersPoints() {
    LoadCurve curve = LoadCurve.of(10);

    assertThat(curve.load(10)).isCloseTo(1, within(1e-9));
    assertThat(curve.load(32)).isCloseTo(2, within(0.01));
    assertThat(curve.requests(curve.load(17))).isCloseTo(17, within(1e-9));
  }

  @Test
  void autoScaleReadsThePapersExampleAsTwentyServers() {
    assertThat(after(new AutoScale(LoadCurve.of(10), 20), 0, 320, 1200, 10).least()).isEqualTo(20);
  }

  @Test
  void aBurstOfOneSecondIsSeenByJustEnoughAtOnce() {
    JustEnough policy = JustEnough.of(Packing.fixed(10));
    after(policy, 100, 10, 60, 2);

    assertThat(policy.wish(seen(101, 60, 60, 2)).least()).isGreaterThanOrEqualTo(3);
  }

  @Test
  void packingSinksWhileAnswersAreSlowAndRisesAgain() {
    Packing packing = Packing.learned(10, 3, 12);
    List<ServerSeen> servers = List.of(ServerSeen.of("b", ServerState.ON));

    for (int i = 0; i < 120; i++) {
      packing.learn(new Observation(i, 9, 50, 0, 0.2, true, 0, servers), 1);
    }
    double slow = packing.value();
    for (int i = 120; i < 1200; i++) {
      packing.learn(new Observation(i, 9, 50, 0, 0, true, 0, servers), 1);
    }

    assertThat(slow).isLessThan(5);
    assertThat(packing.value()).isEqualTo(12);
  }

  @Test
  void aGroupWithTooFewServersTeachesNothing() {
    Packing packing = Packing.learned(10, 3, 12);
    List<ServerSeen> servers =
        List.of(ServerSeen.of("a", ServerState.ON), ServerSeen.of("b", ServerState.STARTING));

    for (int i = 0; i < 120; i++) {
      packing.learn(new Observation(i, 50, 50, 0, 1, true, 0, servers), 1);
    }

    assertThat(packing.value()).isEqualTo(10);
  }

  @Test
  void kubernetesLeavesTenPercentAlone() {
    assertThat(after(new KubernetesRule(10), 60, 54, 0, 5).least()).isEqualTo(5);
    assertThat(after(new KubernetesRule(10), 60, 56, 0, 5).least()).isEqualTo(6);
  }

  @Test
  void kubernetesGoesDownOnlyToTheHighestOfFiveMinutes() {
    KubernetesRule policy = new KubernetesRule(10);
    after(policy, 60, 50, 0, 5);

    Wish soon = Wish.exactly(0, "");
    for (int i = 61; i < 300; i++) {
      soon = policy.wish(seen(i, 10, 0, 5));
    }
    Wish late = soon;
    for (int i = 300; i < 900; i++) {
      late = policy.wish(seen(i, 9, 0, 5));
    }

    assertThat(soon.least()).isEqualTo(5);
    assertThat(late.least()).isEqualTo(1);
  }

  @Test
  void targetTrackingGoesOutAfterThreeMinutesAndInAfterFifteen() {
    TargetTracking policy = new TargetTracking(10);

    assertThat(after(policy, 179, 40, 0, 2).least()).isEqualTo(2);
    assertThat(policy.wish(seen(185, 40, 0, 2)).least()).isEqualTo(4);
    Wish wish = Wish.exactly(0, "");
    for (int i = 186; i < 1000; i++) {
      wish = policy.wish(seen(i, 4, 0, 4));
    }
    assertThat(wish.least()).isEqualTo(4);
    for (int i = 1000; i < 1300; i++) {
      wish = policy.wish(seen(i, 4, 0, 4));
    }
    assertThat(wish.least()).isEqualTo(3);
  }

  @Test
  void theArticlesStepsGoByRequestsPerSecondAlone() {
    Steps policy = new Steps(List.of(50.0, 100.0));

    assertThat(after(policy, 60, 500, 20, 1).least()).isEqualTo(1);
    assertThat(after(new Steps(List.of(50.0, 100.0)), 60, 1, 70, 1).least()).isEqualTo(2);
    assertThatThrownBy(() -> new Steps(List.of(50.0, 50.0)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aScheduledServerIsStartedSoEarlyThatItServesInTime() {
    TreeMap<Integer, Integer> servers = new TreeMap<>();
    servers.put(0, 1);
    servers.put(9 * 3600, 4);
    Schedule policy =
        new Schedule(JustEnough.of(Packing.fixed(10)), servers, seconds -> (int) seconds);

    assertThat(policy.wish(seen(9 * 3600 - 61, 1, 1, 1)).least()).isEqualTo(1);
    assertThat(policy.wish(seen(9 * 3600 - 60, 1, 1, 1)).least()).isEqualTo(4);
    assertThat(policy.wish(seen(9 * 3600, 90, 1, 4)).least()).isGreaterThan(4);
  }

  @Test
  void aSeasonThatComesAgainIsForeseen() {
    HoltWinters model = new HoltWinters(24);
    for (int i = 0; i < 24 * 6; i++) {
      model.add(10 + 5 * Math.sin(2 * Math.PI * i / 24));
    }

    for (int ahead = 1; ahead <= 24; ahead++) {
      assertThat(model.forecast(ahead))
          .isCloseTo(10 + 5 * Math.sin(2 * Math.PI * (24 * 6 + ahead - 1) / 24), within(0.1));
    }
    assertThat(model.error()).isLessThan(0.1);
  }

  @Test
  void aForecastAddsServersBeforeTheLoadIsThere() {
    Forecast policy = new Forecast(JustEnough.of(Packing.fixed(10)), 1200, 60);
    Wish wish = Wish.exactly(0, "");
    // twice a season: little for ten minutes, much for ten
    for (int i = 0; i < 3600 - 70; i++) {
      wish = policy.wish(seen(i, i % 1200 < 600 ? 8 : 80, 0, 8));
    }
    assertThat(wish.least()).isGreaterThan(5);

    for (int i = 3600; i < 3600 + 300; i++) {
      wish = policy.wish(seen(i, 8, 0, 8));
    }
    int calm = wish.least();
    for (int i = 3600 + 300; i < 3600 + 560; i++) {
      wish = policy.wish(seen(i, 8, 0, 8));
    }

    assertThat(wish.least()).isGreaterThan(calm + 2);
  }
}

package dev.turnout.autoscaler;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.autoscaler.policy.AutoScale;
import dev.turnout.autoscaler.policy.Forecast;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.KubernetesRule;
import dev.turnout.autoscaler.policy.LoadCurve;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.autoscaler.policy.Reactive;
import dev.turnout.autoscaler.policy.Steps;
import dev.turnout.autoscaler.policy.TargetTracking;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What holds for every policy, tried with random loads and random trouble.
final class PolicyPropertiesTest {
  private static final int RUNS = 60;

  /// A policy that is made anew for each run.
  record Named(String name, Supplier<Policy> policy) {
    @Override
    public String toString() {
      return name;
    }
  }

  static Stream<Named> policies() {
    return Stream.of(
        new Named("just_enough", () -> JustEnough.of(Packing.fixed(10))),
        new Named("just_enough, learning", () -> JustEnough.of(Packing.learned(10, 3, 30))),
        new Named("autoscale", () -> new AutoScale(LoadCurve.of(10), 20)),
        new Named("reactive", () -> new Reactive(60, 20)),
        new Named("hpa", () -> new KubernetesRule(10)),
        new Named("target_tracking", () -> new TargetTracking(10)),
        new Named("steps", () -> new Steps(List.of(60.0, 120.0, 180.0))),
        new Named("forecast", () -> new Forecast(JustEnough.of(Packing.fixed(10)), 200, 10)));
  }

  @ParameterizedTest
  @MethodSource("policies")
  void theBoundsAreAlwaysKept(Named named) {
    for (int run = 0; run < RUNS; run++) {
      SplittableRandom random = new SplittableRandom(run);
      int min = random.nextInt(0, 4);
      int max = min + random.nextInt(1, 8);
      int count = max + random.nextInt(0, 4);
      Limits limits =
          new Limits(
              min, max, random.nextInt(3), random.nextDouble(0.3), random.nextInt(60), 0, 0, 0.05);
      Group group =
          Group.of(new Controller(named.policy.get(), limits), count, random.nextInt(min, max + 1));
      double load = 10;
      for (int second = 0; second < 600; second++) {
        load = Math.max(0, load * random.nextDouble(0.7, 1.43));
        load = Math.min(load, 5000);
        group.complete = random.nextInt(20) > 0;
        group.errorShare = random.nextInt(20) == 0 ? 1 : 0;
        int before = group.committed();
        group.look(load);

        assertThat(group.committed()).as("run %s", run).isBetween(Math.min(min, before), max);
        if (second > 2) {
          assertThat(group.committed()).as("run %s", run).isGreaterThanOrEqualTo(min);
        }
        if (random.nextInt(10) == 0) {
          group.ready();
        }
        if (random.nextInt(10) == 0) {
          group.drained();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("policies")
  void moreLoadNeverNeedsFewerServers(Named named) {
    for (int run = 0; run < RUNS; run++) {
      SplittableRandom random = new SplittableRandom(run);
      Policy low = named.policy.get();
      Policy high = named.policy.get();
      List<ServerSeen> servers =
          Stream.generate(() -> ServerSeen.of("b", ServerState.ON)).limit(5).toList();
      for (int second = 0; second < 300; second++) {
        double load = random.nextDouble(100);
        double more = load * random.nextDouble(1, 3);

        Wish less = low.wish(seen(second, load, servers));
        Wish greater = high.wish(seen(second, more, servers));

        assertThat(greater.least()).as("run %s", run).isGreaterThanOrEqualTo(less.least());
      }
    }
  }

  private static Observation seen(int second, double load, List<ServerSeen> servers) {
    return new Observation(second, load, load * 6, 0, Double.NaN, true, 10, servers);
  }

  @Test
  void noiseDoesNotMakeServersComeAndGo() {
    for (int run = 0; run < 20; run++) {
      SplittableRandom random = new SplittableRandom(run);
      Group group =
          Group.of(
              new Controller(
                  JustEnough.of(Packing.fixed(10)), new Limits(1, 20, 1, 0, 120, 0, 0, 0.05)),
              20,
              6);
      int changes = 0;
      for (int second = 0; second < 3600; second++) {
        double load = 42 * (1 + 0.15 * random.nextGaussian());
        changes += group.look(Math.max(0, load)).actions().size();
        group.ready();
        group.drained();
      }
      // it settles at what the highest of the noise needs, and stays
      assertThat(changes).as("run %s", run).isLessThan(12);
    }
  }

  @Test
  void withAllServersTakenBackNoneIsEverStartedWhileOneDrains() {
    SplittableRandom random = new SplittableRandom(7);
    Group group =
        Group.of(new Controller(JustEnough.of(Packing.fixed(10)), Limits.between(1, 10, 5)), 10, 4);
    for (int second = 0; second < 5000; second++) {
      int draining = group.count(ServerState.DRAINING);
      Decision decision = group.look(random.nextDouble(120));
      boolean starts = decision.actions().stream().anyMatch(Action.Start.class::isInstance);
      long back = decision.actions().stream().filter(Action.TakeBack.class::isInstance).count();

      assertThat(!starts || back == draining).isTrue();
      if (second % 7 == 0) {
        group.ready();
      }
    }
  }
}

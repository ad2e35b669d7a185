package dev.turnout.scale;

import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.policy.AutoScale;
import dev.turnout.autoscaler.policy.Forecast;
import dev.turnout.autoscaler.policy.JustEnough;
import dev.turnout.autoscaler.policy.KubernetesRule;
import dev.turnout.autoscaler.policy.LoadCurve;
import dev.turnout.autoscaler.policy.Packing;
import dev.turnout.autoscaler.policy.Reactive;
import dev.turnout.autoscaler.policy.Schedule;
import dev.turnout.autoscaler.policy.Steps;
import dev.turnout.autoscaler.policy.TargetTracking;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.List;

/// How the name of a policy becomes one: the one list of them.
final class PolicyMaker {
  /// The names, as `autoscale` has them.
  static final List<String> NAMES =
      List.of(
          "just_enough", "autoscale", "target_tracking", "hpa", "reactive", "steps", "forecast");

  private static final double SAMPLING_SECONDS = 20;
  private static final double SLOT_SECONDS = 300;

  private PolicyMaker() {}

  static Policy make(ScaleSettings settings, Packing packing) {
    Policy policy = reactive(settings, packing);
    return settings.schedule().isEmpty()
        ? policy
        : new Schedule(
            policy,
            settings.schedule(),
            _ -> LocalTime.now(ZoneId.systemDefault()).toSecondOfDay());
  }

  private static Policy reactive(ScaleSettings settings, Packing packing) {
    return switch (settings.policy()) {
      case "just_enough" -> JustEnough.of(packing);
      case "autoscale" -> new AutoScale(LoadCurve.of(packing.value()), SAMPLING_SECONDS);
      case "target_tracking" -> new TargetTracking(settings.target());
      case "hpa" -> new KubernetesRule(settings.target());
      case "reactive" -> new Reactive(settings.perServer(), SAMPLING_SECONDS);
      case "steps" -> new Steps(settings.steps());
      case "forecast" ->
          new Forecast(
              JustEnough.of(packing),
              settings.seasonSeconds(),
              Math.min(SLOT_SECONDS, settings.seasonSeconds() / 12.0));
      default -> throw new IllegalArgumentException("no policy " + settings.policy());
    };
  }
}

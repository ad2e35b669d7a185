package dev.turnout.autoscaler;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Turns what a policy wants into steps for single servers. Up at once: those that drain are taken
/// back first, then those that are off are started, in the order of the group. Down slowly: the
/// last of the group goes when it has been surplus for `t_wait` without a break. While figures are
/// missing, or many answers are failures, nothing goes down.
///
/// After AutoScale (Gandhi, Harchol-Balter, Raghunathan, Kozuch, ACM TOCS 30(4), 2012). Confined to
/// whoever drives it.
public final class Controller {
  private static final double NEVER = Double.NEGATIVE_INFINITY;

  private final Policy policy;
  private final Limits limits;
  private final List<Double> surplusSince = new ArrayList<>();
  private @Nullable Wish last;
  private @Nullable ManualTarget manual;
  private double lastUp = NEVER;
  private double lastDown = NEVER;

  public Controller(Policy policy, Limits limits) {
    this.policy = policy;
    this.limits = limits;
  }

  public Policy policy() {
    return policy;
  }

  public Limits limits() {
    return limits;
  }

  /// So many servers until a moment, within the bounds; null: as the policy says.
  public void manual(@Nullable ManualTarget target) {
    manual = target;
  }

  /// What is in force by hand at a moment; null if nothing is.
  public @Nullable ManualTarget manual(double seconds) {
    ManualTarget present = manual;
    return present != null && seconds < present.untilSeconds() ? present : null;
  }

  /// For how long the server at a place has been surplus; 0 if it is not.
  public double surplusSeconds(int server, double now) {
    double since = server < surplusSince.size() ? surplusSince.get(server) : Double.NaN;
    return Double.isNaN(since) ? 0 : now - since;
  }

  /// Decides on what is to be done now.
  public Decision decide(Observation seen) {
    Plan plan = new Plan(seen);
    plan.up();
    if (plan.actions.isEmpty()) {
      plan.down();
    }
    return plan.decision();
  }

  /// One decision while it is made.
  private final class Plan {
    final Observation seen;
    final List<Action> actions = new ArrayList<>();
    final List<String> reasons = new ArrayList<>();
    final int needed;
    final int target;
    final int ceiling;
    final boolean mayShrink;
    final boolean byHand;

    Plan(Observation seen) {
      this.seen = seen;
      ManualTarget hand = manual(seen.seconds());
      byHand = hand != null;
      if (seen.complete()) {
        last = policy.wish(seen);
      }
      Wish wish = last;
      int carrying = seen.carrying();
      if (hand != null) {
        needed = hand.servers();
        target = Math.clamp(hand.servers(), limits.min(), limits.max());
        ceiling = target;
        reasons.add("by hand: " + servers(hand.servers()));
      } else if (wish == null) {
        needed = carrying;
        target =
            Math.clamp(carrying + seen.count(ServerState.STARTING), limits.min(), limits.max());
        ceiling = limits.max();
      } else {
        needed = wish.least();
        target = limits.target(wish.least());
        ceiling = Math.max(target, limits.target(wish.most()));
        reasons.add(String.format(Locale.ROOT, "%.1f in system, %s", seen.inSystem(), wish.why()));
      }
      boolean failing = seen.errorShare() >= limits.errorShare();
      mayShrink = byHand || (seen.complete() && !failing);
      if (!seen.complete()) {
        reasons.add("figures are missing");
      } else if (failing) {
        reasons.add(
            String.format(
                Locale.ROOT, "%.0f %% of the answers are failures", seen.errorShare() * 100));
      }
    }

    void up() {
      int missing = target - seen.carrying() - seen.count(ServerState.STARTING);
      if (missing <= 0) {
        return;
      }
      missing -= take(ServerState.DRAINING, missing);
      if (missing > 0 && seen.seconds() - lastUp >= limits.upSeconds()) {
        int before = actions.size();
        take(ServerState.OFF, missing);
        if (actions.size() > before) {
          lastUp = seen.seconds();
        }
      }
    }

    private int take(ServerState from, int most) {
      int taken = 0;
      for (int i = 0; i < seen.servers().size() && taken < most; i++) {
        if (seen.servers().get(i).state() == from) {
          actions.add(from == ServerState.OFF ? new Action.Start(i) : new Action.TakeBack(i));
          taken++;
        }
      }
      return taken;
    }

    void down() {
      int rank = 0;
      int last = -1;
      double now = seen.seconds();
      for (int i = 0; i < seen.servers().size(); i++) {
        ServerSeen server = seen.servers().get(i);
        boolean candidate = server.carries() || server.state() == ServerState.STARTING;
        boolean surplus = candidate && rank >= ceiling && mayShrink;
        rank += candidate ? 1 : 0;
        if (since(i, surplus, now) && (last < 0 || isBetter(i, last))) {
          last = i;
        }
      }
      if (last >= 0 && rank > target && now - lastDown >= limits.downSeconds()) {
        boolean on = seen.servers().get(last).state() == ServerState.ON;
        actions.add(on ? new Action.Drain(last) : new Action.GiveUp(last));
        reasons.add(
            byHand
                ? "1 surplus"
                : String.format(Locale.ROOT, "1 surplus for %.0f s", surplusSeconds(last, now)));
        surplusSince.set(last, Double.NaN);
        lastDown = now;
      }
    }

    /// What is starting goes before what is on, and the last of the group before the others.
    private boolean isBetter(int one, int other) {
      boolean oneStarts = seen.servers().get(one).state() == ServerState.STARTING;
      boolean otherStarts = seen.servers().get(other).state() == ServerState.STARTING;
      return oneStarts == otherStarts ? one > other : oneStarts;
    }

    /// Keeps the time since when a server is surplus; true when it has been so for long enough.
    private boolean since(int server, boolean surplus, double now) {
      while (surplusSince.size() <= server) {
        surplusSince.add(Double.NaN);
      }
      if (!surplus) {
        surplusSince.set(server, Double.NaN);
        return false;
      }
      if (Double.isNaN(surplusSince.get(server))) {
        surplusSince.set(server, now);
      }
      return byHand || now - surplusSince.get(server) >= limits.waitSeconds();
    }

    Decision decision() {
      String done =
          actions.isEmpty()
              ? "nothing to do"
              : actions.stream()
                  .collect(
                      Collectors.groupingBy(
                          Action::verb,
                          java.util.LinkedHashMap::new,
                          Collectors.mapping(
                              action -> seen.servers().get(action.server()).name(),
                              Collectors.joining(", "))))
                  .entrySet()
                  .stream()
                  .map(entry -> entry.getKey() + " " + entry.getValue())
                  .collect(Collectors.joining("; "));
      if (reasons.isEmpty()) {
        reasons.add("nothing seen yet");
      }
      return new Decision(actions, needed, target, String.join(", ", reasons) + ": " + done);
    }
  }

  static String servers(int count) {
    return count == 1 ? "1 server" : count + " servers";
  }
}

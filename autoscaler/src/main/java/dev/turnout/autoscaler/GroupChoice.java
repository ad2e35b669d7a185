package dev.turnout.autoscaler;

import java.util.Locale;

/// Chooses one of several groups of servers of growing size, instead of single servers: what the
/// article's monitor did. To a larger group at once; to a smaller one only when it would have been
/// enough for `t_wait` without a break, and then to the largest that was wanted meanwhile. While
/// figures are missing, or many answers are failures, never to a smaller one.
///
/// Confined to whoever drives it.
public final class GroupChoice {
  private final Policy policy;
  private final int groups;
  private final double waitSeconds;
  private final double errorShare;
  private double surplusSince = Double.NaN;
  private int largest;

  /// @param policy its `least` is the number of the group, from 1
  /// @param groups how many there are
  /// @param waitSeconds how long a smaller one must be enough
  /// @param errorShare from this share of failures on a low load is not believed
  public GroupChoice(Policy policy, int groups, double waitSeconds, double errorShare) {
    if (groups < 1 || waitSeconds < 0 || errorShare <= 0) {
      throw new IllegalArgumentException("a limit is out of its bounds");
    }
    this.policy = policy;
    this.groups = groups;
    this.waitSeconds = waitSeconds;
    this.errorShare = errorShare;
  }

  /// What is to serve.
  ///
  /// @param group its number, from 0
  /// @param text why, in a few words
  public record Chosen(int group, String text) {}

  /// Decides after a look.
  ///
  /// @param present the number of the group that serves, from 0
  public Chosen choose(Observation seen, int present) {
    if (!seen.complete()) {
      surplusSince = Double.NaN;
      return new Chosen(present, "figures are missing");
    }
    Wish wish = policy.wish(seen);
    int wanted = Math.clamp(wish.least(), 1, groups) - 1;
    if (wanted >= present) {
      surplusSince = Double.NaN;
      return new Chosen(wanted, wish.why());
    }
    if (seen.errorShare() >= errorShare) {
      surplusSince = Double.NaN;
      return new Chosen(
          present,
          String.format(
              Locale.ROOT,
              "%s, %.0f %% of the answers are failures",
              wish.why(),
              seen.errorShare() * 100));
    }
    if (Double.isNaN(surplusSince)) {
      surplusSince = seen.seconds();
      largest = wanted;
    }
    largest = Math.max(largest, wanted);
    double waited = seen.seconds() - surplusSince;
    if (waited < waitSeconds) {
      return new Chosen(present, wish.why());
    }
    surplusSince = Double.NaN;
    return new Chosen(
        largest, String.format(Locale.ROOT, "%s, enough for %.0f s", wish.why(), waited));
  }
}

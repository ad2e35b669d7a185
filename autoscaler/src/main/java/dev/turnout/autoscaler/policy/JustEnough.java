package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// As many servers as the requests in the system need, read off them by a [LoadCurve], so that what
/// a request costs need not be known. AutoScale (section 4.3) with three differences that the
/// traces ask for: it looks once a second, so that a burst counts when it begins and what is
/// short-lived ends; what is surplus is judged by the load as well and not only by idleness, since
/// at the last server a single straggler is never long away; and `p` may be learned.
public final class JustEnough implements Policy {
  private static final double UP_SECONDS = 1;
  private static final double DOWN_SECONDS = 30;

  private final Packing packing;
  private final double slowing;
  private final Average sudden = new Average(UP_SECONDS);
  private final Average lasting = new Average(DOWN_SECONDS);
  private double load;

  /// @param slowing how the requests at a server slow each other down, as in [LoadCurve]
  public JustEnough(Packing packing, double slowing) {
    this.packing = packing;
    this.slowing = slowing;
  }

  /// With the usual curve through the packing factor as it is now.
  public static JustEnough of(Packing packing) {
    return new JustEnough(packing, LoadCurve.of(packing.value()).slowing());
  }

  @Override
  public String name() {
    return "just_enough";
  }

  /// The load as it lasts, in full servers; what a forecast is made from.
  double load() {
    return load;
  }

  public Packing packing() {
    return packing;
  }

  @Override
  public Wish wish(Observation seen) {
    int carrying = Math.max(1, seen.carrying());
    LoadCurve curve = new LoadCurve(packing.value(), slowing);
    double load = carrying * curve.load(seen.inSystem() / carrying);
    double now = sudden.add(seen.seconds(), load);
    double then = lasting.add(seen.seconds(), load);
    this.load = then;
    int least = (int) Math.ceil(now - 1e-9);
    packing.learn(seen, least);
    return new Wish(
        least,
        (int) Math.ceil(Math.max(now, then) - 1e-9),
        String.format(
            Locale.ROOT,
            "%s carr%s %.0f",
            carrying == 1 ? "1 server" : carrying + " servers",
            carrying == 1 ? "ies" : "y",
            carrying * packing.value()));
  }
}

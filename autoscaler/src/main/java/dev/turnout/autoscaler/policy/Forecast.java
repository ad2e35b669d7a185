package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.Locale;

/// What the load was at this time of the last days, seen so early that a server can be started for
/// it, and never less than what the load needs now: a forecast only adds.
public final class Forecast implements Policy {
  private final JustEnough present;
  private final HoltWinters model;
  private final double slotSeconds;
  private double slotEnds = Double.NaN;
  private double sum;
  private int count;

  /// @param present what is wanted now
  /// @param seasonSeconds a day or a week
  /// @param slotSeconds for which one value is kept
  public Forecast(JustEnough present, double seasonSeconds, double slotSeconds) {
    this.present = present;
    this.slotSeconds = slotSeconds;
    this.model = new HoltWinters((int) Math.round(seasonSeconds / slotSeconds));
  }

  @Override
  public String name() {
    return "forecast";
  }

  @Override
  public Wish wish(Observation seen) {
    Wish now = present.wish(seen);
    learn(seen.seconds());
    if (!model.isReady()) {
      return now;
    }
    // a server of the next slots must be on when they begin
    int reach = 1 + (int) Math.ceil(seen.setupSeconds() / slotSeconds);
    double highest = 0;
    for (int ahead = 1; ahead <= reach; ahead++) {
      highest = Math.max(highest, model.forecast(ahead) + model.error());
    }
    int foreseen = (int) Math.ceil(highest - 1e-9);
    if (foreseen <= now.least()) {
      return new Wish(now.least(), Math.max(now.most(), foreseen), now.why());
    }
    return new Wish(
        foreseen,
        Math.max(now.most(), foreseen),
        String.format(Locale.ROOT, "%s, %.1f servers foreseen", now.why(), highest));
  }

  private void learn(double seconds) {
    if (Double.isNaN(slotEnds)) {
      slotEnds = seconds + slotSeconds;
    }
    if (seconds >= slotEnds && count > 0) {
      model.add(sum / count);
      sum = 0;
      count = 0;
      slotEnds += slotSeconds;
      while (seconds >= slotEnds) {
        model.add(present.load()); // a gap: nobody looked
        slotEnds += slotSeconds;
      }
    }
    sum += present.load();
    count++;
  }
}

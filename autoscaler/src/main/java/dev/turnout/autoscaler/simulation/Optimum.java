package dev.turnout.autoscaler.simulation;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;

/// The cheapest way to have at every second as many servers as its load needs, for someone who has
/// the trace before it happens: each server is started so that it is ready in time, and stays on
/// over a gap that costs less than starting it again. No policy can use less energy without having
/// fewer servers than the load needs.
public final class Optimum implements Policy {
  private final int[] wanted;

  /// @param perServer requests per second that one server carries
  public Optimum(Trace trace, Model model, double perServer) {
    int seconds = trace.seconds();
    wanted = new int[seconds + 1];
    int most = (int) Math.ceil(trace.peak() / perServer);
    double worth = model.setupSeconds() * model.setupWatts() / model.idleWatts();
    for (int rank = 0; rank < most; rank++) {
      int end = -1; // of the last time it was needed
      for (int second = 0; second < seconds; second++) {
        if (Math.ceil(trace.rate(second) / perServer - 1e-9) <= rank) {
          continue;
        }
        int from = second;
        if (end >= 0 && second - end <= worth + model.setupSeconds()) {
          from = end; // it stays on
        } else {
          from = (int) Math.max(Math.max(0, end), second - Math.ceil(model.setupSeconds()));
        }
        for (int i = from; i <= second; i++) {
          wanted[i] = Math.max(wanted[i], rank + 1);
        }
        end = second + 1;
      }
    }
  }

  @Override
  public String name() {
    return "optimum";
  }

  @Override
  public Wish wish(Observation seen) {
    int second = Math.min((int) seen.seconds(), wanted.length - 1);
    return Wish.exactly(wanted[second], "known before");
  }
}

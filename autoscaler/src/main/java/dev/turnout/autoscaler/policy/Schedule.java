package dev.turnout.autoscaler.policy;

import dev.turnout.autoscaler.Observation;
import dev.turnout.autoscaler.Policy;
import dev.turnout.autoscaler.Wish;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.DoubleToIntFunction;

/// At least so many servers from a time of the day on; another policy may want more.
public final class Schedule implements Policy {
  private static final int DAY = 86_400;

  private final Policy inner;
  private final NavigableMap<Integer, Integer> servers;
  private final DoubleToIntFunction dayTime;

  /// @param inner what is wanted besides
  /// @param servers by the second of the day from which they are wanted
  /// @param dayTime the second of the day of a moment of the observations
  public Schedule(
      Policy inner, NavigableMap<Integer, Integer> servers, DoubleToIntFunction dayTime) {
    if (servers.isEmpty() || servers.firstKey() < 0 || servers.lastKey() >= DAY) {
      throw new IllegalArgumentException("a schedule has times between 00:00 and 24:00");
    }
    this.inner = inner;
    this.servers = new TreeMap<>(servers);
    this.dayTime = dayTime;
  }

  @Override
  public String name() {
    return "schedule";
  }

  @Override
  public Wish wish(Observation seen) {
    Wish wish = inner.wish(seen);
    // a server that is wanted at nine is asked to start so early that it serves at nine
    int now = dayTime.applyAsInt(seen.seconds());
    int planned = planned(now);
    int ahead = planned((int) ((now + (long) Math.ceil(seen.setupSeconds())) % DAY));
    int least = Math.max(planned, ahead);
    return least <= wish.least()
        ? new Wish(wish.least(), Math.max(wish.most(), least), wish.why())
        : new Wish(
            least, Math.max(wish.most(), least), wish.why() + ", the schedule wants " + least);
  }

  private int planned(int second) {
    var entry = servers.floorEntry(second);
    return entry != null ? entry.getValue() : servers.lastEntry().getValue();
  }
}

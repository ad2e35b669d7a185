package dev.turnout.control;

import dev.turnout.metrics.Traffic;
import dev.turnout.metrics.TrafficZone;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the requests of each second were like, for the last hour: so that it can be seen afterwards
/// what a change did to them. The loops count in [#zone]; a virtual thread takes a sample each
/// second while it is [kept][#keep]. Guarded by its own monitor, which no loop takes.
public final class Timeline {
  /// How far samples are apart.
  public static final long INTERVAL_MILLIS = 1000;

  private static final int KEPT = 3600;

  /// What one interval was like, by the requests that ended in it.
  ///
  /// @param timeMillis when it ended
  /// @param requests how many there were, with those that their clients gave up
  /// @param clientErrors those of them that were answered 4xx
  /// @param serverErrors those of them that were answered 5xx
  /// @param p50Micros what half of them took at most
  /// @param p99Micros what ninety-nine of a hundred took at most
  public record Sample(
      long timeMillis,
      long requests,
      long clientErrors,
      long serverErrors,
      long p50Micros,
      long p99Micros) {}

  private final TrafficZone zone = new TrafficZone("timeline");
  private final @Nullable Sample[] ring = new Sample[KEPT];
  private long taken; // guarded by this, as all below
  private Traffic before = Traffic.NONE;
  private @Nullable Thread sampler;

  /// Where requests are counted.
  public TrafficZone zone() {
    return zone;
  }

  /// Takes a sample each second from now on.
  public synchronized void keep() {
    if (sampler == null) {
      before = zone.traffic();
      sampler = Thread.ofVirtual().name("timeline").start(this::run);
    }
  }

  /// Takes no more samples. Those that were taken stay.
  public synchronized void stop() {
    if (sampler != null) {
      sampler.interrupt();
      sampler = null;
    }
  }

  /// Whether samples are taken.
  public synchronized boolean isKept() {
    return sampler != null;
  }

  private void run() {
    try {
      while (true) {
        long now = System.currentTimeMillis();
        Thread.sleep(INTERVAL_MILLIS - now % INTERVAL_MILLIS); // seconds of several nodes are one
        sampleIfCurrent();
      }
    } catch (InterruptedException _) {
      // it is stopped
    }
  }

  private synchronized void sampleIfCurrent() {
    if (sampler == Thread.currentThread()) {
      sample(System.currentTimeMillis());
    }
  }

  /// Takes a sample of what was counted since the last one.
  synchronized void sample(long nowMillis) {
    Traffic now = zone.traffic();
    Traffic since = now.since(before);
    before = now;
    ring[(int) (taken++ % KEPT)] =
        new Sample(
            nowMillis,
            since.responses().total() + since.discarded(),
            since.responses().ofClass(4),
            since.responses().ofClass(5),
            since.durations().quantileMicros(0.5),
            since.durations().quantileMicros(0.99));
  }

  /// The samples that were taken after a moment, the oldest first.
  public synchronized List<Sample> since(long millis) {
    List<Sample> found = new ArrayList<>();
    for (long i = Math.max(0, taken - KEPT); i < taken; i++) {
      Sample sample = ring[(int) (i % KEPT)];
      if (sample != null && sample.timeMillis() > millis) {
        found.add(sample);
      }
    }
    return found;
  }
}

package dev.turnout.cluster.share;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// A follower that keeps what it is told, and can be waited for. Guarded by its own monitor.
public final class Heard implements SharedStore.Follower {
  private static final long PATIENCE_MILLIS = 10_000;

  private final Map<String, Reading> keys = new HashMap<>();
  private final List<SharedStore.State> changes = new ArrayList<>();
  private long revision;
  private long settled;
  private int syncs;
  private int losses;
  private boolean up;

  @Override
  public synchronized void synced(SharedStore.State all) {
    keys.clear();
    syncs++;
    up = true;
    take(all);
    settled = Math.max(settled, all.revision());
  }

  @Override
  public synchronized void changed(SharedStore.State some) {
    changes.add(some);
    take(some);
  }

  private void take(SharedStore.State some) {
    keys.putAll(some.keys());
    keys.values().removeIf(reading -> reading instanceof Reading.Absent);
    revision = Math.max(revision, some.revision());
    notifyAll();
  }

  @Override
  public synchronized void settled(long upTo) {
    settled = upTo;
    notifyAll();
  }

  @Override
  public synchronized void lost(String reason) {
    losses++;
    up = false;
    notifyAll();
  }

  /// The values of what is there.
  public synchronized Map<String, String> values() {
    Map<String, String> values = new HashMap<>();
    keys.forEach((key, reading) -> {
      if (reading instanceof Reading.Present(String value, _)) {
        values.put(key, value);
      }
    });
    return values;
  }

  public synchronized Reading reading(String key) {
    return keys.getOrDefault(key, Reading.ABSENT);
  }

  public synchronized List<SharedStore.State> changes() {
    return List.copyOf(changes);
  }

  public synchronized long revision() {
    return revision;
  }

  public synchronized int syncs() {
    return syncs;
  }

  public synchronized int losses() {
    return losses;
  }

  public synchronized boolean isUp() {
    return up;
  }

  public void awaitSync() {
    await("a snapshot", () -> syncs > 0);
  }

  public void awaitValue(String key, String value) {
    await(key + " = " + value, () -> value.equals(values().get(key)));
  }

  public void awaitAbsent(String key) {
    await("no " + key, () -> reading(key) instanceof Reading.Absent);
  }

  public void awaitSettled(long upTo) {
    await("settled " + upTo, () -> settled >= upTo);
  }

  public void awaitLoss() {
    await("a loss", () -> losses > 0);
  }

  /// Waits until something holds, which is asked whenever something is told.
  public synchronized void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(PATIENCE_MILLIS);
    while (!condition.getAsBoolean()) {
      long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (left <= 0) {
        throw new AssertionError("waited in vain for " + what + "; heard " + values());
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
  }
}

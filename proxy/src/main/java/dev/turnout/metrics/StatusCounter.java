package dev.turnout.metrics;

import java.util.Map;
import java.util.concurrent.atomic.AtomicLongArray;

/// How many responses there were with each status: written by one loop, read by anyone. A place is
/// made when a status comes for the first time, since most servers send very few.
public final class StatusCounter {
  private volatile Table table = new Table(new int[0], new AtomicLongArray(0));

  /// The statuses in the order in which they came, and the count of each.
  private static final class Table {
    private final int[] statuses;
    private final AtomicLongArray counts;

    Table(int[] statuses, AtomicLongArray counts) {
      this.statuses = statuses;
      this.counts = counts;
    }

    Table with(int status) {
      int[] next = new int[statuses.length + 1];
      AtomicLongArray nextCounts = new AtomicLongArray(next.length);
      for (int i = 0; i < statuses.length; i++) {
        next[i] = statuses[i];
        nextCounts.setPlain(i, counts.getPlain(i));
      }
      next[statuses.length] = status;
      return new Table(next, nextCounts);
    }
  }

  /// Counts a response. Only for the writer.
  public void count(int status) {
    Table present = table;
    int[] statuses = present.statuses;
    int i = 0;
    while (i < statuses.length && statuses[i] != status) {
      i++;
    }
    if (i == statuses.length) {
      present = present.with(status);
      present.counts.setPlain(i, 1);
      table = present;
      return;
    }
    present.counts.setRelease(i, present.counts.getPlain(i) + 1);
  }

  /// Adds what has been counted to `sums`.
  void addTo(Map<Integer, Long> sums) {
    Table present = table;
    for (int i = 0; i < present.statuses.length; i++) {
      sums.merge(present.statuses[i], present.counts.getAcquire(i), Long::sum);
    }
  }
}

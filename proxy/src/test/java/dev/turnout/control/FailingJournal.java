package dev.turnout.control;

import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.StateStore.Reason;
import java.util.ArrayList;
import java.util.List;

/// A journal in memory that takes nothing while its disk is full. What one has taken can be loaded
/// by the next, as after a restart.
final class FailingJournal implements Journal {
  private final List<JournalEntry> entries = new ArrayList<>();
  private int lastAdded;
  private volatile boolean full;

  void full(boolean now) {
    full = now;
  }

  @Override
  public Loaded load() {
    return new Loaded(0, java.util.Map.of(), java.util.Map.of(), List.copyOf(entries), List.of());
  }

  @Override
  public Commit append(List<JournalEntry> fresh) {
    lastAdded = 0;
    if (full) {
      return new Commit.Failed(Reason.DISK_FULL, "no space left");
    }
    entries.addAll(fresh);
    lastAdded = fresh.size();
    return new Commit.Done();
  }

  @Override
  public Commit retract() {
    for (; lastAdded > 0; lastAdded--) {
      entries.removeLast();
    }
    return new Commit.Done();
  }

  @Override
  public void close() {
    // it stays for the next
  }
}

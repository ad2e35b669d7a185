package dev.turnout.cluster;

import java.util.concurrent.atomic.AtomicLong;

/// The node's one counter of changes, whatever they change. Advanced by the writer, read by anyone.
///
/// It survives restarts inside the state files: each holds the revision of its last change, and
/// loading one moves the counter there. A number is never given twice by one process, not even one
/// whose change the disk then refused. Changes of zones without a state file do not outlive the
/// process, nor do their numbers.
public final class Revision {
  private final AtomicLong current = new AtomicLong();

  public long current() {
    return current.get();
  }

  /// The number of the next change.
  public long next() {
    return current.incrementAndGet();
  }

  /// Makes sure that the next change comes after `revision`.
  public void atLeast(long revision) {
    current.accumulateAndGet(revision, Math::max);
  }
}

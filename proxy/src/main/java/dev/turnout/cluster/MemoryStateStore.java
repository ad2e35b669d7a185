package dev.turnout.cluster;

import java.util.List;
import java.util.Set;

/// The store of a zone without `state=`: what it holds survives reloads, and restarts as far as the
/// journal remembers it.
public final class MemoryStateStore implements StateStore {
  private KeyvalSnapshot current; // guarded by this
  private boolean closed; // guarded by this

  public MemoryStateStore() {
    this(KeyvalSnapshot.EMPTY);
  }

  /// @param remembered what the journal has of the zone
  public MemoryStateStore(KeyvalSnapshot remembered) {
    this.current = remembered;
  }

  @Override
  public boolean isDurable() {
    return false;
  }

  @Override
  public synchronized Loaded load() {
    return new Loaded(current, List.of());
  }

  @Override
  public synchronized Commit commit(
      long expectedRevision, KeyvalSnapshot next, Set<String> touched) {
    if (closed) {
      return new Commit.Failed(Reason.CLOSED, "the zone was removed from the configuration");
    }
    if (current.revision() != expectedRevision) {
      return new Commit.Conflict(current.revision());
    }
    current = next;
    return new Commit.Done();
  }

  @Override
  public synchronized void close() {
    closed = true;
  }
}

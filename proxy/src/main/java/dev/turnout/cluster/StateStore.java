package dev.turnout.cluster;

import java.io.IOException;
import java.util.List;
import java.util.Set;

/// Where the state of one zone outlives the process, or does not. Its methods may block; they are
/// called by the writer and while a configuration is loaded, never on an event loop.
public interface StateStore extends AutoCloseable {
  /// The last durable state, and what an operator should know about how it was found.
  record Loaded(KeyvalSnapshot snapshot, List<String> warnings) {
    public Loaded {
      warnings = List.copyOf(warnings);
    }
  }

  /// Why a store did not take a state.
  enum Reason {
    DISK_FULL,
    READ_ONLY,
    IO,
    CLOSED
  }

  /// What became of a commit.
  sealed interface Commit {
    /// The state is durable: it survives the loss of the process and of power.
    record Done() implements Commit {}

    /// The stored state was not the expected one; nothing was changed.
    record Conflict(long currentRevision) implements Commit {}

    /// The store could not; the state before is still the stored one.
    record Failed(Reason reason, String message) implements Commit {}
  }

  /// The stored state. Fails, rather than to return less than was stored, if that cannot be told.
  Loaded load() throws IOException;

  /// Replaces the state at `expectedRevision` by `next`, which differs from it in the `touched`
  /// keys at most. Returns after it is durable.
  Commit commit(long expectedRevision, KeyvalSnapshot next, Set<String> touched);

  /// True if what is committed outlives the process by itself, without the journal.
  default boolean isDurable() {
    return true;
  }

  /// Lets go of the store; later commits fail with [Reason#CLOSED].
  @Override
  void close();
}

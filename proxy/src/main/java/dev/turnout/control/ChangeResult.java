package dev.turnout.control;

import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.StateStore;
import java.util.Map;

/// The writer's answer to a change.
public sealed interface ChangeResult {
  /// The change is durable, and every event loop acts on it. `previous` has the old values of the
  /// touched keys that had one. A change that changed nothing gets the zone's current revision.
  record Applied(long revision, Map<String, String> previous) implements ChangeResult {}

  /// The zone has no room for it: nothing was changed and nothing was evicted.
  record ZoneFull(long needed, long capacity) implements ChangeResult {}

  /// `unmet` does not hold in the state at `currentRevision`; nothing was changed.
  record Conflict(long currentRevision, KeyvalCondition unmet) implements ChangeResult {}

  /// The store did not take it: the old values stay in force. The next change tries again.
  record StoreFailed(StateStore.Reason reason, String message) implements ChangeResult {
    /// The HTTP status of this failure: 507 when the disk is full, else 500.
    public int status() {
      return switch (reason) {
        case DISK_FULL -> 507;
        case READ_ONLY, IO, CLOSED -> 500;
      };
    }
  }

  /// The writer takes no changes: it is stopping, or too many wait. Nothing was changed.
  record Unavailable(String message) implements ChangeResult {}
}

package dev.turnout.control;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Keeps a record of what was asked of the writer and what became of it. Called on its thread.
@FunctionalInterface
public interface ChangeAudit {
  /// Nothing is recorded.
  ChangeAudit NONE = _ -> null;

  /// A request and what it is about to be answered.
  record Asked(ChangeRequest request, ChangeResult result) {}

  /// Records the requests of one batch. Called when the changes among them are durable and before
  /// anybody sees them.
  ///
  /// @return why it cannot be recorded, and then the changes are taken back; null if it is
  @Nullable String record(List<Asked> batch);
}

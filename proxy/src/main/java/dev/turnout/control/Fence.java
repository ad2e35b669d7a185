package dev.turnout.control;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/// Tells when every event loop has finished what it was doing: whatever a loop decides after that,
/// it decides on the published state.
@FunctionalInterface
public interface Fence {
  /// No loops to wait for.
  Fence NONE = () -> CompletableFuture.<@Nullable Void>completedStage(null);

  /// Called after a publication; completes when each loop has passed a point after this call.
  CompletionStage<@Nullable Void> passed();
}

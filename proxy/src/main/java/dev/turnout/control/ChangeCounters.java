package dev.turnout.control;

import dev.turnout.metrics.Counter;
import dev.turnout.metrics.Latencies;
import dev.turnout.metrics.LatencyHistogram;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What became of the changes that were asked for. Written when they are answered, by whoever
/// answers, and guarded by its own monitor: changes are few.
public final class ChangeCounters {
  private final Counter applied = new Counter();
  private final Counter refused = new Counter();
  private final Counter failed = new Counter();
  private final Counter unavailable = new Counter();
  private final LatencyHistogram propagation = new LatencyHistogram();

  /// What became of them.
  ///
  /// @param applied changes that are in force, and those that found everything as wanted
  /// @param refused changes that did not apply to the state as it was
  /// @param failed changes that could not be made durable
  /// @param unavailable changes that the writer did not take
  /// @param propagation of those that were applied: until every event loop acted on it
  public record Figures(
      long applied, long refused, long failed, long unavailable, Latencies propagation) {}

  synchronized void answered(@Nullable ChangeResult result, long nanos) {
    switch (result) {
      case ChangeResult.Applied _ -> {
        applied.increment();
        propagation.record(nanos);
      }
      case ChangeResult.Refused _ -> refused.increment();
      case ChangeResult.Unavailable _ -> unavailable.increment();
      case ChangeResult.StoreFailed _ -> failed.increment();
      case null -> failed.increment(); // a bug of ours
    }
  }

  /// What they are now.
  public synchronized Figures figures() {
    return new Figures(
        applied.get(),
        refused.get(),
        failed.get(),
        unavailable.get(),
        Latencies.sum(List.of(propagation)));
  }
}

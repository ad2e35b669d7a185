package dev.turnout.control;

import dev.turnout.cluster.Delta;
import java.util.List;
import java.util.Optional;

/// What an operator wants to be asked twice about: changes that a guard holds back are made only
/// with `force`.
@FunctionalInterface
public interface Guards {
  /// No guard.
  Guards NONE = _ -> Optional.empty();

  /// Why these changes are held back; empty: they are not. Pure, on the writer's thread.
  Optional<String> check(List<Delta> deltas);
}

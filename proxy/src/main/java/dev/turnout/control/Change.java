package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import java.util.List;

/// Edits of one zone that are made together, or not at all if a condition does not hold.
public record Change(KeyvalZone zone, List<KeyvalChange> edits, List<KeyvalCondition> conditions) {
  public Change {
    edits = List.copyOf(edits);
    conditions = List.copyOf(conditions);
  }

  public static Change of(KeyvalZone zone, KeyvalChange... edits) {
    return new Change(zone, List.of(edits), List.of());
  }

  /// The same edits, made only if `conditions` hold.
  public Change onlyIf(KeyvalCondition... conditions) {
    return new Change(zone, edits, List.of(conditions));
  }
}

package dev.turnout.cluster;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// One change that is in force: what, when, by whom and why.
///
/// @param revision the node's number of it
/// @param timeMillis when it was made, in milliseconds since the epoch
/// @param key the `Idempotency-Key` it was asked with; empty if none
/// @param deltas what it did, one for each thing that it touched
/// @param trial on what terms it is in force; null: for good
/// @param end how the trial of an earlier change has ended with it; null: none has
public record JournalEntry(
    long revision,
    long timeMillis,
    Origin origin,
    String key,
    List<Delta> deltas,
    @Nullable Trial trial,
    @Nullable TrialEnd end) {
  public JournalEntry {
    deltas = List.copyOf(deltas);
  }

  /// A change that is in force for good.
  public JournalEntry(
      long revision, long timeMillis, Origin origin, String key, List<Delta> deltas) {
    this(revision, timeMillis, origin, key, deltas, null, null);
  }
}

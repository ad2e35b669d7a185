package dev.turnout.cluster;

import java.util.List;

/// One change that is in force: what, when, by whom and why.
///
/// @param revision the node's number of it
/// @param timeMillis when it was made, in milliseconds since the epoch
/// @param key the `Idempotency-Key` it was asked with; empty if none
/// @param deltas what it did, one for each thing that it touched
public record JournalEntry(
    long revision, long timeMillis, Origin origin, String key, List<Delta> deltas) {
  public JournalEntry {
    deltas = List.copyOf(deltas);
  }
}

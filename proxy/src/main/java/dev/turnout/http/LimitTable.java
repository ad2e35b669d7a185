package dev.turnout.http;

import dev.turnout.metrics.Tally;

/// The table of a limit: it also knows what became of the requests that it was asked about.
public interface LimitTable extends SharedTable {
  /// What became of them.
  Tally<LimitOutcome> outcomes();
}

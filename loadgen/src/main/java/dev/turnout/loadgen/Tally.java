package dev.turnout.loadgen;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/// Counts how often each value of a response field came. Confined to the run's loop.
///
/// Beyond {@value #LIMIT} different values the rest is counted together: a field that differs in
/// every response (a request id) must not eat the memory.
final class Tally {
  static final int LIMIT = 10_000;
  static final String OTHERS = "(others)";

  private final Map<String, long[]> counts = new HashMap<>();

  void add(String value) {
    long[] count = counts.get(value);
    if (count == null) {
      count = counts.computeIfAbsent(counts.size() < LIMIT ? value : OTHERS, _ -> new long[1]);
    }
    count[0]++;
  }

  /// The counts, sorted by value.
  Map<String, Long> counts() {
    Map<String, Long> sorted = new TreeMap<>();
    counts.forEach((value, count) -> sorted.put(value, count[0]));
    return Collections.unmodifiableMap(sorted);
  }

  void clear() {
    counts.clear();
  }
}

package dev.turnout.metrics;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// How many responses there were, by status.
///
/// @param codes the statuses that there were, in order, and how many of each; never changes
public record Responses(SortedMap<Integer, Long> codes) {
  /// No responses.
  public static final Responses NONE = new Responses(new TreeMap<>());

  public Responses {
    codes = Collections.unmodifiableSortedMap(new TreeMap<>(codes));
  }

  /// The sum over the loops.
  public static Responses sum(Iterable<StatusCounter> counters) {
    SortedMap<Integer, Long> sums = new TreeMap<>();
    for (StatusCounter counter : counters) {
      counter.addTo(sums);
    }
    return new Responses(sums);
  }

  /// Responses whose status begins with `digit`, 1 to 5.
  public long ofClass(int digit) {
    return codes.subMap(digit * 100, digit * 100 + 100).values().stream()
        .mapToLong(Long::longValue)
        .sum();
  }

  /// All of them; those of a status beyond 599 are in no class.
  public long total() {
    return codes.values().stream().mapToLong(Long::longValue).sum();
  }

  /// Those that came after `before`.
  public Responses since(Responses before) {
    if (before.codes.isEmpty()) {
      return this;
    }
    SortedMap<Integer, Long> left = new TreeMap<>(codes);
    before.codes.forEach((status, count) -> left.merge(status, -count, Long::sum));
    left.values().removeIf(count -> count <= 0);
    return new Responses(left);
  }
}

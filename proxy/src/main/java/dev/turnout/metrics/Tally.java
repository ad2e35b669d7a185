package dev.turnout.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/// How often each of a few things has happened. Each loop counts for itself; whoever asks adds up.
///
/// @param <E> what may happen
public final class Tally<E extends Enum<E>> {
  private final Class<E> kinds;
  private final PerLoop<Map<E, Counter>> loops;
  private volatile Map<E, Long> forgotten = Map.of();

  public Tally(Class<E> kinds) {
    this.kinds = kinds;
    this.loops = new PerLoop<>(this::counters);
  }

  private Map<E, Counter> counters() {
    Map<E, Counter> counters = new EnumMap<>(kinds);
    for (E kind : kinds.getEnumConstants()) {
      counters.put(kind, new Counter());
    }
    return counters;
  }

  /// It happened on this loop.
  public void count(int loop, E kind) {
    counter(loops.on(loop), kind).increment();
  }

  private static <E> Counter counter(Map<E, Counter> counters, E kind) {
    return Objects.requireNonNull(counters.get(kind));
  }

  /// How often each has happened since the start, or since [#forget]; all kinds are there.
  public Map<E, Long> counts() {
    Map<E, Long> before = forgotten;
    Map<E, Long> counts = total();
    counts.replaceAll((kind, count) -> count - before.getOrDefault(kind, 0L));
    return Collections.unmodifiableMap(counts);
  }

  /// Counts from here.
  public void forget() {
    forgotten = Map.copyOf(total());
  }

  private Map<E, Long> total() {
    Map<E, Long> sums = new EnumMap<>(kinds);
    for (E kind : kinds.getEnumConstants()) {
      sums.put(
          kind, loops.all().stream().mapToLong(counters -> counter(counters, kind).get()).sum());
    }
    return sums;
  }
}

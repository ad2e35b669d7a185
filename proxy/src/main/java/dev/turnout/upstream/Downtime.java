package dev.turnout.upstream;

import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicReference;

/// How long a server has been out because it failed too often, or because active checks said so. It
/// is out from a failure until the window after it ends, or until it answers a probe before that; a
/// failed check has no window. Shared by all loops; changed only when servers fail and come back.
final class Downtime {
  private static final Span NEVER = new Span(0, 0, 0);

  private final AtomicReference<Span> span = new AtomicReference<>(NEVER);

  /// The time before the latest span, and that span.
  private record Span(long beforeMillis, long from, long until) {
    long millisAt(long now) {
      return beforeMillis + Math.min(now, until) - Math.min(now, from);
    }
  }

  /// The server is out now, and until then unless something happens.
  void out(long now, long until) {
    span.updateAndGet(present ->
        now < present.until
            ? new Span(present.beforeMillis, present.from, Math.max(until, present.until))
            : new Span(present.millisAt(now), now, until));
  }

  /// The server has answered.
  void back(long now) {
    span.updateAndGet(
        present -> now < present.until ? new Span(present.millisAt(now), now, now) : present);
  }

  /// How long it has been out, all in all.
  long millis(long now) {
    return span.get().millisAt(now);
  }

  /// When it went out, if it is out.
  OptionalLong since(long now) {
    Span present = span.get();
    return now < present.until ? OptionalLong.of(present.from) : OptionalLong.empty();
  }
}

package dev.turnout.http;

/// One step of a phase, as configured for one location. Shared by all loops: keeps no state of an
/// exchange, that goes into a {@link Slot}.
@FunctionalInterface
public interface PhaseHandler {
  /// Looks at the exchange on its loop.
  Verdict handle(Exchange exchange);
}

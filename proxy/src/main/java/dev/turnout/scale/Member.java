package dev.turnout.scale;

import org.jspecify.annotations.Nullable;

/// What the autoscaler is doing with one server. Written by the scaler's thread and by the virtual
/// thread that starts or stops the server, under the scaler's monitor.
final class Member {
  final long id;

  /// Under way: it is being started.
  @Nullable Thread starting;

  /// Under way: what stops it.
  boolean stopping;

  /// The drain that this autoscaler began; null: none.
  @Nullable String drain;

  /// It could not be started: nobody tries again before this, by the clock of `nanoTime`.
  long asideUntilNanos;

  boolean aside;

  String state = "";
  long sinceMillis;

  Member(long id) {
    this.id = id;
  }
}

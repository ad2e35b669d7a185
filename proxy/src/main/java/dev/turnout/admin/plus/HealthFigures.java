package dev.turnout.admin.plus;

import org.jspecify.annotations.Nullable;

/// What active checks have found out about a server.
///
/// @param lastPassed whether the last check passed; null if there was none
record HealthFigures(long checks, long fails, long unhealthy, @Nullable Boolean lastPassed) {
  /// No check has been made. Clients want the object all the same.
  static final HealthFigures NONE = new HealthFigures(0, 0, 0, null);

  boolean wasChecked() {
    return lastPassed != null;
  }

  boolean hasPassed() {
    return lastPassed != null && lastPassed;
  }
}

package dev.turnout.http.health;

/// What one probe found.
///
/// @param passed all is as it should be
/// @param stage what was being done when that was decided
/// @param saw the status line, the beginning of a body that did not match, or what went wrong
/// @param isError something went wrong on the way, for which a line in the error log is due
record Found(boolean passed, String stage, String saw, boolean isError) {
  static Found passed(String stage, String saw) {
    return new Found(true, stage, saw, false);
  }

  static Found mismatch(String stage, String saw) {
    return new Found(false, stage, saw, false);
  }

  static Found broken(String stage, String error) {
    return new Found(false, stage, error, true);
  }
}

package dev.turnout.ctl;

/// What the program ends with; documented in docs/ctl.md, so numbers stay.
final class Exit {
  static final int DONE = 0;

  /// The node refuses what was asked.
  static final int REFUSED = 1;

  /// The command line is wrong.
  static final int USAGE = 2;

  /// A guard asks back; `--force` goes past it.
  static final int GUARDED = 3;

  /// Somebody else was faster: `--if-revision` does not hold.
  static final int STALE = 4;

  /// There is no such thing.
  static final int NOT_FOUND = 5;

  /// Who asks may not, or the location is for reading only.
  static final int NOT_ALLOWED = 6;

  /// The node could not: its disk refuses, or it is stopping.
  static final int NODE_TROUBLE = 7;

  /// Nobody answers, or not as the control API does.
  static final int UNREACHABLE = 8;

  private Exit() {}

  /// What an error answer means.
  ///
  /// @param code the API's word for it
  static int of(int status, String code) {
    if (code.equals("guarded")) {
      return GUARDED;
    }
    return switch (status) {
      case 401, 403, 405 -> NOT_ALLOWED;
      case 404 -> NOT_FOUND;
      case 412 -> STALE;
      default -> status >= 500 ? NODE_TROUBLE : REFUSED;
    };
  }
}

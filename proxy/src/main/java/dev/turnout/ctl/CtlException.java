package dev.turnout.ctl;

/// The command cannot be done: what is told on the standard error, and the status to end with.
final class CtlException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final int exit;
  private final boolean document;

  CtlException(int exit, String message) {
    this(exit, message, false);
  }

  private CtlException(int exit, String message, boolean document) {
    super(message, null, false, false);
    this.exit = exit;
    this.document = document;
  }

  /// With an error of the API, as it is.
  static CtlException document(int exit, String json) {
    return new CtlException(exit, json, true);
  }

  /// What is printed.
  String text() {
    return document ? String.valueOf(getMessage()) : "turnout ctl: " + getMessage();
  }

  int exit() {
    return exit;
  }
}

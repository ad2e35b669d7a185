package dev.turnout.http;

/// The steps of a request between its head and its content, with nginx's names and in nginx's
/// order.
public enum Phase {
  /// `rewrite` module directives of the `server` block.
  SERVER_REWRITE,
  /// `rewrite` module directives of the location.
  REWRITE,
  /// Limits.
  PREACCESS,
  /// Who may pass.
  ACCESS,
  /// What is looked up before content is made (`try_files`).
  PRECONTENT
}

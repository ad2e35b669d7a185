package dev.turnout.testkit;

/// By what the end of a body was known.
public enum Framing {
  /// There is no body.
  NONE,
  /// Content-Length.
  LENGTH,
  /// Transfer-Encoding: chunked.
  CHUNKED,
  /// The end of the connection.
  CLOSE
}

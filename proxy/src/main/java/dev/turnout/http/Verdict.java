package dev.turnout.http;

/// What a phase handler decided.
public enum Verdict {
  /// The exchange goes on with the next handler.
  CONTINUE,
  /// The handler, or what it called, answers; the phases are over.
  RESPONDED,
  /// The handler waits for something and calls {@link Exchange#resume()}, or answers, later.
  SUSPENDED
}

package dev.turnout.testkit;

/// What came is not an HTTP/1.1 message, or one that no proxy should write. The message has the
/// bytes.
public final class MalformedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1;

  MalformedMessageException(String message) {
    super(message);
  }
}

package dev.turnout.cluster.web;

/// Why a store did not do what it was asked: in words for an operator, without secrets.
public final class StoreTrouble extends Exception {
  private static final long serialVersionUID = 1;

  /// What became of the request.
  public enum Kind {
    /// It reached nobody.
    UNSENT,
    /// It was refused: what it asked for is not made, and will not be.
    REFUSED,
    /// What it asked for may be made, now or later.
    UNKNOWN
  }

  private final Kind kind;

  public StoreTrouble(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public StoreTrouble(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /// The message, never null.
  public String text() {
    return String.valueOf(getMessage());
  }
}

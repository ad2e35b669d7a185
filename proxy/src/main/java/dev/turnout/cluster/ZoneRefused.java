package dev.turnout.cluster;

/// A configuration's key-value zones cannot be had; the message says which and why, for an
/// operator.
public final class ZoneRefused extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ZoneRefused(String message) {
    super(message);
  }

  public ZoneRefused(String message, Throwable cause) {
    super(message, cause);
  }
}

package dev.turnout.config;

/// Something in the configuration that works and is probably not meant.
public record ConfigWarning(String message, Position position) {
  /// As nginx prints it after `[warn] `.
  public String located() {
    return Messages.located(message, position);
  }
}

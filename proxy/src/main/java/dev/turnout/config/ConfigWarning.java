package dev.turnout.config;

/// Something in the configuration that works and is probably not meant.
///
/// @param alert it is worse than that: nginx says `[alert]`
public record ConfigWarning(boolean alert, String message, Position position) {
  /// As nginx prints it after `[warn] `.
  public String located() {
    return Messages.located(message, position);
  }
}

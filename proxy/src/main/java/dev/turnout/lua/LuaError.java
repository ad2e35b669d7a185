package dev.turnout.lua;

/// An error that a function raises in the script that called it, with no more than its text.
public final class LuaError extends RuntimeException {
  private static final long serialVersionUID = 1;

  public LuaError(String message) {
    super(message, null, false, false);
  }
}

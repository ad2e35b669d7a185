package dev.turnout.lua;

import org.jspecify.annotations.Nullable;

/// Which configuration's Lua is in force. Used by the thread that changes configurations over.
final class LuaPrograms {
  private @Nullable LuaProgram current;

  /// `next`, which may be none, takes the place of what was in force.
  void activate(@Nullable LuaProgram next) {
    LuaProgram before = current;
    current = next;
    if (next != null) {
      next.activate();
    }
    if (before != null) {
      before.superseded();
    }
  }
}

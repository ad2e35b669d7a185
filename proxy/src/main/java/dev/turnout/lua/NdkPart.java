package dev.turnout.lua;

/// `ndk.set_var`, and the warning of globals: all of it is Lua. Comes last, since it makes the last
/// global of ours.
final class NdkPart implements LuaPart {
  @Override
  public String script() {
    return "ndk.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    // it needs none of its own
  }
}

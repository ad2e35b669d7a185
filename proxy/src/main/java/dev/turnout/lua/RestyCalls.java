package dev.turnout.lua;

import java.lang.invoke.MethodHandles;

/// What scripts expect to be there since it comes with OpenResty: the modules of lua-resty-core,
/// what its LuaJIT adds, and the C functions that are linked into nginx.
final class RestyCalls implements LuaPart {
  @Override
  public String script() {
    return "resty.lua";
  }

  @Override
  public void functions(LuaFunctions functions) {
    functions.addAll(MethodHandles.lookup(), "monotonic", "double(int)");
  }

  /// Milliseconds of a clock that is never set.
  static double monotonic(LuaVm vm) {
    return System.nanoTime() / 1e6;
  }
}

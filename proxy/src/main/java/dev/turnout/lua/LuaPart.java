package dev.turnout.lua;

/// A part of what scripts can call: functions in Java, and the Lua that makes an API of them.
///
/// One is made for the process and listed in {@link LuaParts}. Its script runs once in every VM,
/// with the table of `core.lua` as its argument: the `ngx` table to fill, `fn.NAME` for each
/// function announced here, and how to wait, to fail and to read results.
public interface LuaPart {
  /// The script: a resource of this package, such as `req.lua`.
  String script();

  /// Announces the functions that the script calls.
  void functions(LuaFunctions functions);
}

package dev.turnout.lua;

/// What scripts may take: `lua_watchdog`, `lua_memory_limit` and the limits of timers.
///
/// @param nanos how long a script may keep its loop; 0 for as long as it wants
/// @param bytes how much a Lua may have in use; 0 for as much as there is
/// @param pendingTimers `lua_max_pending_timers`
/// @param runningTimers `lua_max_running_timers`
record LuaLimits(long nanos, long bytes, int pendingTimers, int runningTimers) {
  /// True if scripts can be stopped, and therefore are not compiled: what is compiled does not look
  /// whether it should stop.
  boolean stopsScripts() {
    return nanos > 0 || bytes > 0;
  }
}

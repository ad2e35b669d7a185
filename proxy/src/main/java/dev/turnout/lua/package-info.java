/// Lua in the configuration: LuaJIT through `java.lang.foreign`, one VM for each event loop and
/// configuration, and the `ngx` table as scripts know it from lua-nginx-module.
///
/// Java enters Lua at the top of the loop only ({@link dev.turnout.lua.LuaVm}); Lua calls Java
/// through the functions that a {@link dev.turnout.lua.LuaPart} brings, and these never enter Lua.
@NullMarked
package dev.turnout.lua;

import org.jspecify.annotations.NullMarked;

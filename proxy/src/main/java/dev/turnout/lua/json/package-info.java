/// JSON to LuaJIT's own form of values, which Lua makes tables of natively.
@NullMarked
package dev.turnout.lua.json;

import org.jspecify.annotations.NullMarked;

package dev.turnout.lua;

import dev.turnout.http.Template;
import org.jspecify.annotations.Nullable;

/// One script of the configuration. Immutable.
///
/// @param index its number in every VM of its program
/// @param phase where it runs
/// @param name what Lua calls it, such as `=content_by_lua(nginx.conf:12)`; empty for files
/// @param source its text; null if it is in a file
/// @param file the path of the file; null if the text is in the configuration
record LuaChunk(
    int index, LuaPhase phase, String name, @Nullable String source, @Nullable Template file) {}

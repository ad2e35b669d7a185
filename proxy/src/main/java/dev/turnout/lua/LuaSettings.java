package dev.turnout.lua;

import org.jspecify.annotations.Nullable;

/// What the directives of Lua say in one location, apart from the scripts themselves.
///
/// @param codeCache `lua_code_cache`
/// @param needsBody `lua_need_request_body`
/// @param transformsUnderscores `lua_transform_underscores_in_response_headers`
/// @param useDefaultType `lua_use_default_type`
/// @param bufferHttp10 `lua_http10_buffering`
/// @param checksClientAbort `lua_check_client_abort`
/// @param headFilter `header_filter_by_lua`, or null
/// @param filtersBody whether a `body_filter_by_lua` is there
record LuaSettings(
    boolean codeCache,
    boolean needsBody,
    boolean transformsUnderscores,
    boolean useDefaultType,
    boolean bufferHttp10,
    boolean checksClientAbort,
    @Nullable LuaChunk headFilter,
    boolean filtersBody) {}

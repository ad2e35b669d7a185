package dev.turnout.lua;

import dev.turnout.net.resolve.Resolver;
import org.jspecify.annotations.Nullable;

/// What a block says of the sockets of scripts. Times are milliseconds, sizes bytes.
///
/// @param connectTimeout `lua_socket_connect_timeout`
/// @param sendTimeout `lua_socket_send_timeout`
/// @param readTimeout `lua_socket_read_timeout`
/// @param keepaliveTimeout `lua_socket_keepalive_timeout`; 0 for no end
/// @param poolSize `lua_socket_pool_size`
/// @param bufferSize `lua_socket_buffer_size`
/// @param logErrors `lua_socket_log_errors`
/// @param resolver who resolves names, or null
/// @param resolverTimeout `resolver_timeout`
record SocketSettings(
    long connectTimeout,
    long sendTimeout,
    long readTimeout,
    long keepaliveTimeout,
    int poolSize,
    long bufferSize,
    boolean logErrors,
    @Nullable Resolver resolver,
    long resolverTimeout) {}

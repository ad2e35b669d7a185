package dev.turnout.lua;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.LOCATION_IF;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Context;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.ResolverModule;
import dev.turnout.http.Slot;

/// The directives of what scripts call, beside those that run scripts.
final class LuaLibraries {
  private static final Setting<Integer> REGEX_CACHE =
      Setting.local("lua_regex_cache_max_entries", 1024);
  private static final Setting<Integer> REGEX_LIMIT = Setting.local("lua_regex_match_limit", 0);

  private static final Context[] EVERYWHERE = {HTTP, SERVER, LOCATION, LOCATION_IF};
  private static final Setting<Long> CONNECT = Setting.of("lua_socket_connect_timeout", 60_000L);
  private static final Setting<Long> SEND = Setting.of("lua_socket_send_timeout", 60_000L);
  private static final Setting<Long> READ = Setting.of("lua_socket_read_timeout", 60_000L);
  private static final Setting<Long> KEEPALIVE =
      Setting.of("lua_socket_keepalive_timeout", 60_000L);
  private static final Setting<Integer> POOL = Setting.of("lua_socket_pool_size", 30);
  private static final Setting<Long> BUFFER = Setting.of("lua_socket_buffer_size", 4096L);
  private static final Setting<Long> LOWAT = Setting.of("lua_socket_send_lowat", 0L);
  private static final Setting<Boolean> LOG_ERRORS = Setting.of("lua_socket_log_errors", true);

  private LuaLibraries() {}

  static Slot<SocketSettings> register(HttpRegistry http) {
    sockets(http);
    http.directive("lua_regex_cache_max_entries")
        .in(HTTP)
        .number(REGEX_CACHE, 0, Integer.MAX_VALUE)
        .defaultText("1024")
        .summary("How many compiled regular expressions each event loop keeps.");
    http.directive("lua_regex_match_limit")
        .in(HTTP)
        .number(REGEX_LIMIT, 0, Integer.MAX_VALUE)
        .defaultText("0")
        .summary("Limits how long a regular expression may search; 0 is a second.")
        .differs("It is time that is limited: 100 ns for each of PCRE's steps, at least 0.1 s.");
    http.directive("lua_load_resty_core")
        .in(HTTP)
        .argumentsOneOf(1)
        .read((d, scope) ->
            scope.warn(
                d,
                "lua_load_resty_core is deprecated (the lua-resty-core library is required"
                    + " since ngx_lua v0.10.16)"))
        .syntax("on | off")
        .summary("Does nothing, as in ngx_lua from 0.10.16 on.");
    return http.keep(LuaLibraries::socketSettings);
  }

  private static void sockets(HttpRegistry http) {
    time(http, "lua_socket_connect_timeout", CONNECT, "connecting a socket");
    time(http, "lua_socket_send_timeout", SEND, "sending on a socket");
    time(http, "lua_socket_read_timeout", READ, "waiting for data of a socket");
    http.directive("lua_socket_keepalive_timeout")
        .in(EVERYWHERE)
        .time(KEEPALIVE)
        .defaultText("60s")
        .summary("How long a connection of a script idles in its pool.");
    http.directive("lua_socket_pool_size")
        .in(EVERYWHERE)
        .number(POOL, 1, Integer.MAX_VALUE)
        .defaultText("30")
        .summary("How many connections to one peer may idle on each loop.");
    http.directive("lua_socket_buffer_size")
        .in(EVERYWHERE)
        .size(BUFFER)
        .defaultText("4k")
        .summary("How large the buffer of a socket is at first.");
    http.directive("lua_socket_send_lowat")
        .in(EVERYWHERE)
        .size(LOWAT)
        .defaultText("0")
        .summary("Read, and without effect, as where the system has no such option.");
    http.directive("lua_socket_log_errors")
        .in(EVERYWHERE)
        .flag(LOG_ERRORS)
        .defaultText("on")
        .summary("Whether failures of sockets are logged, beside being told to the script.");
  }

  private static void time(HttpRegistry http, String name, Setting<Long> setting, String what) {
    http.directive(name)
        .in(EVERYWHERE)
        .time(setting)
        .defaultText("60s")
        .summary("How long " + what + " may take, where the script says nothing else.");
  }

  static SocketSettings socketSettings(Scope scope) {
    return new SocketSettings(
        scope.get(CONNECT),
        scope.get(SEND),
        scope.get(READ),
        scope.get(KEEPALIVE),
        scope.get(POOL),
        scope.get(BUFFER),
        scope.get(LOG_ERRORS),
        ResolverModule.resolver(scope),
        ResolverModule.timeoutMillis(scope));
  }

  static int regexCache(Scope http) {
    return http.get(REGEX_CACHE);
  }

  static int regexLimit(Scope http) {
    return http.get(REGEX_LIMIT);
  }
}

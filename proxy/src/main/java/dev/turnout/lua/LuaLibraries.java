package dev.turnout.lua;

import static dev.turnout.config.Context.HTTP;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.HttpRegistry;

/// The directives of what scripts call, beside those that run scripts.
final class LuaLibraries {
  private static final Setting<Integer> REGEX_CACHE =
      Setting.local("lua_regex_cache_max_entries", 1024);
  private static final Setting<Integer> REGEX_LIMIT = Setting.local("lua_regex_match_limit", 0);

  private LuaLibraries() {}

  static void register(HttpRegistry http) {
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
        .differs("It is time that is limited, 100 ns for each of PCRE's steps.");
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
  }

  static int regexCache(Scope http) {
    return http.get(REGEX_CACHE);
  }

  static int regexLimit(Scope http) {
    return http.get(REGEX_LIMIT);
  }
}

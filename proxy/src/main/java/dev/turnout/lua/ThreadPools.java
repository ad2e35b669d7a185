package dev.turnout.lua;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.MAIN;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.HttpRegistry;
import java.util.HashMap;
import java.util.Map;

/// `thread_pool` and `lua_worker_thread_vm_pool_size`: where `ngx.run_worker_thread` runs.
final class ThreadPools {
  private static final Setting<Map<String, Integer>> POOLS = Setting.of("thread_pool", Map.of());
  private static final Setting<Integer> VMS = Setting.of("lua_worker_thread_vm_pool_size", 100);

  private ThreadPools() {}

  static void register(HttpRegistry http) {
    http.directive("thread_pool")
        .in(MAIN)
        .arguments(2, 3)
        .repeatable()
        .read(ThreadPools::read)
        .syntax("name threads=number [max_queue=number]")
        .summary("Threads for `ngx.run_worker_thread`; 65536 calls may wait for one.")
        .differs("Files are read by threads of their own kind.");
    http.directive("lua_worker_thread_vm_pool_size")
        .in(HTTP)
        .number(VMS, 1, Integer.MAX_VALUE)
        .defaultText("100")
        .summary("How many Luas `ngx.run_worker_thread` may use at once.");
  }

  private static void read(Directive d, Scope scope) {
    String name = d.argument(0);
    int threads = 0;
    for (int i = 1; i < d.argumentCount(); i++) {
      String parameter = d.argument(i);
      boolean queue = parameter.startsWith("max_queue=");
      if (!queue && !parameter.startsWith("threads=")) {
        throw ConfigException.directive(d, "invalid parameter \"" + parameter + "\"");
      }
      long value = Units.number(parameter.substring(parameter.indexOf('=') + 1)).orElse(-1);
      if (value < (queue ? 0 : 1) || value > 1 << 16) {
        throw ConfigException.directive(
            d, "invalid " + (queue ? "max_queue" : "threads") + " value \"" + parameter + "\"");
      }
      threads = queue ? threads : (int) value;
    }
    if (threads == 0) {
      throw ConfigException.directive(d, "missing \"threads\" parameter");
    }
    Map<String, Integer> pools = new HashMap<>(scope.get(POOLS));
    if (pools.put(name, threads) != null) {
      throw ConfigException.directive(d, "duplicate thread pool \"" + name + "\"");
    }
    scope.set(POOLS, Map.copyOf(pools));
  }

  static LuaWorkerThreads threads(LuaProgram program, Scope main, Scope http) {
    return new LuaWorkerThreads(program, main.get(POOLS), http.get(VMS));
  }
}

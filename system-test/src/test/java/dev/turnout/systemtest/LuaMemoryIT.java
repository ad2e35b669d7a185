package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// Requests whose scripts keep `ngx.ctx`, write into a shared dictionary, set timers and sleep
/// leave nothing behind: neither in Lua nor in the process.
class LuaMemoryIT {
  private static final int REQUESTS = Campaign.size("lua.requests", 20_000, 1_000_000);
  private static final int CONNECTIONS = 16;
  private static final int PIPELINED = 20;
  private static final int ROUND = CONNECTIONS * PIPELINED;
  private static final double MOST_LUA_KIB = 512;
  private static final long MOST_GROWTH_KIB = 48 * 1024;

  private static final String SITE =
      """
        lua_shared_dict d 1m;
        keepalive_requests 1000000000;
        server {
          listen 127.0.0.1:@PORT@;
          location = /work {
            rewrite_by_lua_block { ngx.ctx.seen = { 'rewrite' } }
            content_by_lua_block {
              local d = ngx.shared.d
              local n = d:incr('requests', 1, 0)
              d:set('key ' .. n % 5000, ('v'):rep(n % 100), 60)
              assert(ngx.timer.at(0, function(_, by) ngx.shared.d:incr('timers', 1, 0) end, n))
              table.insert(ngx.ctx.seen, 'content')
              if n % 8 == 0 then
                local waited = ngx.thread.spawn(function() ngx.sleep(0) return n end)
                local left = ngx.thread.spawn(function() return waited end)
                local killed = ngx.thread.spawn(function() ngx.sleep(9) end)
                assert(select(2, ngx.thread.wait(waited)) == n)
                assert(ngx.thread.kill(killed))
              end
              ngx.print(table.concat(ngx.ctx.seen, ' '))
            }
            log_by_lua_block {
              if #ngx.ctx.seen == 2 then ngx.shared.d:incr('logged', 1, 0) end
            }
          }
          location = /heap {
            content_by_lua_block {
              collectgarbage() collectgarbage()
              ngx.print(ngx.worker.id(), ' ', collectgarbage('count'))
            }
          }
          location = /counts {
            content_by_lua_block {
              local d = ngx.shared.d
              ngx.print(d:get('requests'), ' ', d:get('timers'), ' ', d:get('logged'))
            }
          }
        }
      """;

  @Test
  void requestsWithScriptsLeaveNothingBehind() throws Exception {
    try (var turnout = Turnout.startForLoad(SITE)) {
      int warm = REQUESTS / 2 / ROUND * ROUND;
      int measured = REQUESTS / ROUND * ROUND;
      work(turnout.port(), warm);
      double luaBefore = luaKib(turnout.port());
      long memoryBefore = turnout.residentKib();
      long began = System.nanoTime();

      work(turnout.port(), measured);

      double seconds = (System.nanoTime() - began) / 1e9;
      double luaGrowth = luaKib(turnout.port()) - luaBefore;
      long memoryGrowth = turnout.residentKib() - memoryBefore;
      Campaign.report(
          "lua memory",
          "%d requests in %.1f s; Lua %.0f KiB before, %+.0f KiB; resident %d KiB before, %+d KiB"
              .formatted(measured, seconds, luaBefore, luaGrowth, memoryBefore, memoryGrowth));
      int all = warm + measured;
      String wanted = all + " " + all + " " + all;
      Eventually.until( // the last timers may be a moment behind
          Duration.ofSeconds(10),
          () -> counts(turnout.port()).equals(wanted),
          () -> counts(turnout.port()) + " instead of " + wanted);
      assertThat(luaGrowth).isLessThan(MOST_LUA_KIB);
      assertThat(memoryGrowth).isLessThan(MOST_GROWTH_KIB);
    }
  }

  private static String counts(int port) {
    try {
      return RawClient.get(port, "h", "/counts").body();
    } catch (IOException e) {
      return e.toString();
    }
  }

  /// What Lua has in use after a collection, in the loop that has most of it.
  private static double luaKib(int port) throws Exception {
    double most = 0;
    for (int i = 0; i < CONNECTIONS; i++) { // each goes to the next loop
      String[] answer = RawClient.get(port, "h", "/heap").body().split(" ", 2);
      most = Math.max(most, Double.parseDouble(answer[1]));
    }
    return most;
  }

  private static void work(int port, int requests) throws Exception {
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Void>> parts = new ArrayList<>();
      for (int c = 0; c < CONNECTIONS; c++) {
        parts.add(
            executor.submit(() -> {
              ask(port, requests / ROUND);
              return null;
            }));
      }
      for (Future<Void> part : parts) {
        part.get();
      }
    }
  }

  private static void ask(int port, int rounds) throws Exception {
    String requests = "GET /work HTTP/1.1\r\nHost: h\r\n\r\n".repeat(PIPELINED);
    try (RawClient client = RawClient.connect(port)) {
      for (int round = 0; round < rounds; round++) {
        client.send(requests);
        for (int i = 0; i < PIPELINED; i++) {
          RawResponse response = client.readResponse();
          if (response.status() != 200 || !response.body().equals("rewrite content")) {
            throw new AssertionError(response.raw());
          }
        }
      }
    }
  }
}

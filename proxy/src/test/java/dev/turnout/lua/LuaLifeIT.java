package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.MalformedMessageException;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Scripts that wait, that go on by themselves, that go wrong, and that are replaced.
class LuaLifeIT {
  private static final int BAD_PROGRAMS = Integer.getInteger("turnout.lua.programs", 160);
  private static final int CLIENTS = 8;
  private static final AtomicInteger SENT = new AtomicInteger();

  private static String server(String locations) {
    return "server { listen 127.0.0.1:0; server_name h; " + locations + " }";
  }

  private static RawResponse ask(TestProxy proxy, String target) throws Exception {
    return RawClient.ask(proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  private static String answer(String script) throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            server(
                "location / { content_by_lua_block { "
                    + script
                    + " } }"
                    + " location /sub { content_by_lua_block {"
                    + " ngx.header.x_a = 1 ngx.status = 201 ngx.print('sub ', ngx.var.args) } }"))) {
      return ask(proxy, "/").body();
    }
  }

  @Test
  void lightThreadsRunBesideEachOther() throws Exception {
    assertThat(
            answer(
                """
                local function f(n) ngx.sleep(0.003 * n) ngx.print(n) return n * 2 end
                local a, b = ngx.thread.spawn(f, 2), ngx.thread.spawn(f, 1)
                ngx.print('spawned ')
                local ok, v = ngx.thread.wait(a, b)
                ngx.print(' first ', v, ' ')
                ngx.print(select(2, ngx.thread.wait(a)))
                """))
        .isEqualTo("spawned 1 first 2 24");
  }

  @Test
  void aThreadThatIsKilledDoesNothingMore() throws Exception {
    assertThat(
            answer(
                """
                local t = ngx.thread.spawn(function() ngx.sleep(0.01) ngx.print('alive') end)
                ngx.print(ngx.thread.kill(t), select(2, ngx.thread.wait(t)))
                ngx.sleep(0.02)
                """))
        .isEqualTo("1already waited or killed");
  }

  @Test
  void threadsThatAreOverAreForgottenInTheMidstOfARequest() throws Exception {
    assertThat(
            answer(
                """
                local function rounds()
                  for i = 1, 2000 do
                    local t = ngx.thread.spawn(function(me) return t end)
                    if i % 2 == 0 then ngx.thread.wait(t) else ngx.thread.kill(t) end
                    local k
                    k = ngx.thread.spawn(function() ngx.sleep(9) return k end)
                    ngx.thread.kill(k)
                  end
                  collectgarbage() collectgarbage()
                  return collectgarbage('count')
                end
                rounds()
                local before = rounds()
                ngx.print(rounds() - before < 50)
                """))
        .isEqualTo("true");
  }

  @Test
  void aScriptAsksItsOwnServer() throws Exception {
    assertThat(
            answer(
                """
                local one, two = ngx.location.capture_multi { { '/sub', { args = { a = 1 } } },
                  { '/sub?b=2' } }
                ngx.print(one.status, one.body, one.header['x-a'], ' ', two.body)
                """))
        .isEqualTo("201sub a=11 sub b=2");
  }

  @Test
  void aSemaphoreLetsOneThreadWaitForAnother() throws Exception {
    assertThat(
            answer(
                """
                local s = require('ngx.semaphore').new()
                ngx.thread.spawn(function() ngx.sleep(0.002) s:post() end)
                ngx.print(s:wait(1), s:count())
                local ok, e = s:wait(0.001)
                ngx.print(ok, e)
                """))
        .isEqualTo("true0niltimeout");
  }

  @Test
  void aTimerRunsByItselfAndIsToldWhenItIsTooEarly() throws Exception {
    String script =
        "lua_shared_dict d 1m; "
            + server(
                """
                location /set { content_by_lua_block {
                  ngx.timer.at(0, function(early, v) ngx.shared.d:set('now', v) end, 'x')
                  ngx.timer.at(3600, function(early) ngx.shared.d:set('early', early) end)
                } }
                location /get { content_by_lua_block {
                  for i = 1, 500 do
                    if ngx.shared.d:get(ngx.var.arg_k) ~= nil then break end
                    ngx.sleep(0.01)
                  end
                  ngx.print(ngx.shared.d:get(ngx.var.arg_k))
                } }
                """);
    try (TestProxy proxy = TestProxy.start(script)) {
      ask(proxy, "/set");
      assertThat(ask(proxy, "/get?k=now").body()).isEqualTo("x");

      assertThat(proxy.reload(script)).isTrue();

      assertThat(ask(proxy, "/get?k=early").body()).isEqualTo("true");
    }
  }

  @Test
  void aScriptOfAnUpstreamChoosesTheServer() throws Exception {
    try (FakeUpstream one = FakeUpstream.answering("one");
        FakeUpstream two = FakeUpstream.answering("two");
        TestProxy proxy =
            TestProxy.start(
                """
                upstream chosen {
                  server 127.0.0.1:1;
                  balancer_by_lua_block {
                    local balancer = require 'ngx.balancer'
                    if not balancer.get_last_failure() then
                      balancer.set_more_tries(1)
                      if ngx.var.arg_bad then return balancer.set_current_peer('127.0.0.1', 1) end
                    end
                    assert(balancer.set_current_peer('127.0.0.1', tonumber(ngx.var.arg_port)))
                  }
                }
                """
                    + server("location / { proxy_pass http://chosen; }"))) {

      assertThat(ask(proxy, "/?port=" + one.port()).body()).isEqualTo("one");
      assertThat(ask(proxy, "/?port=" + two.port()).body()).isEqualTo("two");
      assertThat(ask(proxy, "/?bad&port=" + two.port()).body()).isEqualTo("two");
    }
  }

  @Test
  void manyRequestsSleepAtOnceOnOneLoop() throws Exception {
    String script =
        """
        local done = 0
        local function nap(i)
          local r = coroutine.wrap(function() ngx.sleep(0.05) return i end)()
          done = done + (r == i and 1 or 0)
        end
        local threads = {}
        for i = 1, 10000 do threads[i] = ngx.thread.spawn(nap, i) end
        for i = 1, 10000 do assert(ngx.thread.wait(threads[i])) end
        ngx.print(done)
        """;
    assertThat(answer(script)).isEqualTo("10000");
  }

  @Test
  void reloadsLeaveNoVmBehind() throws Exception {
    int before = LuaVm.open();
    String script =
        server("location / { content_by_lua 'ngx.timer.at(60, function() end) ngx.print(1)'; }");
    try (TestProxy proxy = TestProxy.start(script)) {
      for (int i = 0; i < 200; i++) {
        if (i % 20 == 0) {
          ask(proxy, "/");
        }
        assertThat(proxy.reload(script)).isTrue();
      }
      // Old generations are looked after by threads of their own.
      Eventually.until(
          Duration.ofSeconds(30),
          () -> LuaVm.open() == before + 1,
          () -> LuaVm.open() + " VMs are open");
    }
    assertThat(LuaVm.open()).isEqualTo(before);
  }

  @Test
  void functionsOfModulesRunBesideTheLoop() throws Exception {
    int before = LuaVm.open();
    String http =
        "lua_shared_dict d 1m; lua_package_path '$prefix/?.lua;;'; lua_worker_thread_vm_pool_size 1;"
            + server(
                """
                location / { content_by_lua_block {
                  local function run(f, ...) return ngx.run_worker_thread('pool', 'm', f, ...) end
                  ngx.say(run('echo', 1, nil, {a = {true, 'x'}}))
                  ngx.say(select(2, run('table', 'v')).k[1], ' ', ngx.shared.d:get('seen'))
                  ngx.say(run('fails')) ngx.say(run('none')) ngx.say(run('echo', print))
                  ngx.say(run('gives')) ngx.say(ngx.run_worker_thread('other', 'm', 'echo'))
                  ngx.say(ngx.run_worker_thread('pool', 'm'))
                  local t = {} t.t = t ngx.say(run('echo', t))
                  ngx.shared.d:set('go', nil)
                  local waits = ngx.thread.spawn(run, 'waits')
                  ngx.say(run('echo')) ngx.shared.d:set('go', 1)
                  local _, ok, went = ngx.thread.wait(waits)
                  ngx.say(ok, ' ', went, ' ', run('echo', 'again'))
                } }
                """);
    try (TestProxy proxy = TestProxy.startWith("thread_pool pool threads=2;\n", http)) {
      Files.writeString(
          proxy.directory().resolve("m.lua"),
          """
          local m = {}
          function m.echo(...) return select('#', ...), (...) end
          function m.table(v) ngx.shared.d:set('seen', v) return {k = {v}} end
          function m.fails() error('it fails', 0) end
          function m.gives() return print end
          function m.waits() while not ngx.shared.d:get('go') do end return 'went' end
          return m
          """);

      assertThat(ask(proxy, "/").body())
          .isEqualTo(
              """
              true31
              v v
              falseit fails
              falsemodule 'm' has no function 'none'
              falseunsupported Lua type: LUA_TFUNCTION in the argument
              falseunsupported Lua type: LUA_TFUNCTION in the return value
              falsethread pool other not found
              falseexpecting at least 3 arguments
              falsesuspicious circular references, table depth exceed max depth: 100 in the argument
              falseno available Lua vm
              true went true1again
              """);
    }
    assertThat(LuaVm.open()).isEqualTo(before);
  }

  @Test
  void aScriptThatKeepsTheLoopIsStopped() throws Exception {
    stops(
        "lua_watchdog 200ms;",
        "lua script stopped: it kept the event loop for more than 200 ms",
        "location /1 { content_by_lua 'while true do end'; }"
            + "location /2 { content_by_lua"
            + " 'while true do pcall(function() while true do end end) end'; }"
            + "location /3 { set_by_lua $a 'while true do end'; return 200 $a; }");
  }

  @Test
  void aScriptThatTakesAllMemoryIsStopped() throws Exception {
    stops(
        "lua_memory_limit 32m;",
        "lua script stopped: Lua had more than 33554432 bytes in use",
        "location /1 { content_by_lua"
            + " 'local t = {} while true do t[#t + 1] = (\"x\"):rep(1000) .. #t end'; }"
            + "location /2 { content_by_lua 'local t = {} for i = 1, 1e12 do t[i] = {} end'; }");
  }

  private static void stops(String limit, String told, String bad) throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            limit + server(bad + "location /ok { content_by_lua 'ngx.print(\"ok\")'; }"))) {
      for (int i = 1; bad.contains("/" + i); i++) {
        assertThat(ask(proxy, "/" + i).status()).as("/" + i).isEqualTo(500);
        assertThat(ask(proxy, "/ok").body()).as("after /" + i).isEqualTo("ok");
      }
      assertThat(proxy.errorLog()).contains(told);
    }
  }

  @Test
  void noBadProgramEndsTheServer() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "lua_watchdog 500ms; lua_memory_limit 256m; lua_shared_dict d 1m; "
                + server(
                    "location / { content_by_lua_block { ngx.req.read_body()"
                        + " local f, e = loadstring(ngx.req.get_body_data())"
                        + " if not f then ngx.print(e) return end f() } }"
                        + " location /sub { return 200 sub; }"
                        + " location = /ok { content_by_lua 'ngx.print(\"ok\")'; }"))) {
      try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Integer>> all = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
          Random random = new Random(7 + client);
          all.add(clients.submit(() -> sendBadPrograms(proxy, random, BAD_PROGRAMS / CLIENTS)));
        }
        for (Future<Integer> one : all) {
          assertThat(one.get()).isEqualTo(BAD_PROGRAMS / CLIENTS);
        }
      }
      assertThat(ask(proxy, "/ok").body()).isEqualTo("ok");
    }
  }

  private static boolean isWell(TestProxy proxy) {
    try {
      return ask(proxy, "/ok").body().equals("ok");
    } catch (Exception _) {
      return false;
    }
  }

  /// Several clients at once, since many programs only wait. Returns how many were sent.
  private static int sendBadPrograms(TestProxy proxy, Random random, int count) throws Exception {
    for (int i = 0; i < count; i++) {
      String program = BadPrograms.next(random);
      try {
        RawClient.ask(
            proxy.port(),
            "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: "
                + program.length()
                + "\r\n\r\n"
                + program);
      } catch (IOException | MalformedMessageException _) {
        // closed, or cut off in the middle: so the program wanted it
      }
      if (SENT.incrementAndGet() % 1_000 == 0) { // only in campaigns
        System.out.println("bad programs: " + SENT);
      }
      if (i % 50 == 49) { // those of the other clients may still keep the loop
        Eventually.until(
            Duration.ofSeconds(60), () -> isWell(proxy), () -> "no answer after " + program);
      }
    }
    return count;
  }
}

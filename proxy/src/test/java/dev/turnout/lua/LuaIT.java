package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Scripts of a configuration, and what they do to requests.
class LuaIT {
  private static TestProxy serving(String locations) {
    return TestProxy.start("server { listen 127.0.0.1:0; server_name h; " + locations + " }");
  }

  private static RawResponse ask(TestProxy proxy, String target) throws Exception {
    return RawClient.ask(proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n");
  }

  private static String content(String script, String target) throws Exception {
    try (TestProxy proxy = serving("location / { content_by_lua_block { " + script + " } }")) {
      return ask(proxy, target).body();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "ngx.say('a', 1, nil, true, {'x', {2}}, ngx.null)|a1niltruex2null$",
        "ngx.print(ngx.var.uri, ' ', ngx.var.arg_q, ' ', ngx.var.nothing)|/p one nil",
        "ngx.say(ngx.req.get_uri_args().q, #ngx.req.get_uri_args().m)|one2$",
        "ngx.say(ngx.req.get_method(), ngx.req.http_version(), ngx.req.get_headers().HOST)|GET1.1h$",
        "ngx.say(ngx.escape_uri('a b&'), ngx.unescape_uri('a%20b+c%'))|a%20b%26a b c%$",
        "ngx.say(ngx.encode_base64('ab'), ngx.decode_base64('YWI='))|YWI=ab$",
        "ngx.say(ngx.md5('x'), ngx.crc32_short('x'))|9dd4e461268c8034f5c8564e155c67a62363233923$",
        "ngx.say(ngx.http_time(0), ngx.parse_http_time(ngx.http_time(7)))"
            + "|Thu, 01 Jan 1970 00:00:00 GMT7$",
        "ngx.say(ngx.get_phase(), ngx.status, ngx.headers_sent)|content0false$",
        "ngx.sleep(0.001) ngx.say('woke')|woke$",
        "local ok, e = pcall(function() ngx.sleep(0.001) error('x', 0) end) ngx.say(ok, e)|falsex$",
        "local c = coroutine.wrap(function() ngx.sleep(0.001) coroutine.yield(1) return 2 end)"
            + " ngx.say(c(), c())|12$",
        "ngx.say(('abc'):gsub('%w', function(c) ngx.sleep(0.001) return c:upper() end))|ABC3$",
        "ngx.say(pcall(ngx.sleep, 'x'))|falsebad argument #1 to '?' (number expected, got string)$",
        "ngx.say(pcall(function() ngx.req.set_header() end))"
            + "|falsecontent_by_lua(nginx.conf:5):1: bad 'name' argument: string expected, got nil$",
        "coroutine.yield() ngx.say('again')|again$",
        "ngx.say(ngx.thread.wait(ngx.thread.spawn(function() error('bad') end)))"
            + "|falsebadcontent_by_lua(nginx.conf:5):1: bad$",
        "ngx.say(ngx.thread.wait(ngx.thread.spawn(function() error('bad', 2) end)))|falsebad$",
        "ngx.say(ngx.thread.wait(ngx.thread.spawn(function(...) return ... end, 1, nil, 3)))"
            + "|true1nil3$",
        "local function f() return (debug.traceback('m')) end ngx.say((f()))"
            + "|m$stack traceback:$\tcontent_by_lua(nginx.conf:5):1: in function 'f'$"
            + "\tcontent_by_lua(nginx.conf:5):1: in main chunk$",
        "ngx.say((pcall(function() ngx.var.arg_q = 1 end)))|false$",
        "local function f(n) ngx.say(n) ngx.flush(true) ngx.say(n + 2) end"
            + " ngx.thread.spawn(f, 1) ngx.thread.spawn(f, 2)|1$2$3$4$",
        "local t = ngx.thread.spawn(function()"
            + " coroutine.wrap(function() ngx.sleep(0.001) end)() end)"
            + " ngx.print(coroutine.status(t)) ngx.thread.wait(t)"
            + " ngx.say(coroutine.status(t))|normaldead$",
      })
  void aScriptAnswers(String script, String body) throws Exception {
    assertThat(content(script, "/p?q=one&m=1&m=2")).isEqualTo(body.replace('$', '\n'));
  }

  @Test
  void nothingCutsOffRequestsOfARequest() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            location /sub { return 204; }
            location / { content_by_lua_block {
              local t = ngx.thread.spawn(function() return ngx.location.capture('/sub').status end)
              for _, f in ipairs { ngx.exit, ngx.exec, ngx.redirect } do
                ngx.say((select(2, pcall(f, f == ngx.exit and 200 or '/x'))))
              end
              ngx.say(select(2, ngx.thread.wait(t)))
            } }
            """)) {

      assertThat(ask(proxy, "/").body().lines())
          .hasSize(4)
          .endsWith("204")
          .filteredOn(line -> line.contains("attempt to abort with pending subrequests"))
          .hasSize(3);
    }
  }

  @Test
  void aPathThatWasRewrittenIsForTheScriptOfItsOwnLocation() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            location /a { rewrite ^ /b; rewrite_by_lua_block { ngx.exit(503) } }
            location /b { rewrite_by_lua_block { ngx.ctx.b = 'b' }
                          content_by_lua_block { ngx.print(ngx.ctx.b) } }
            location /c { rewrite ^ /b break; rewrite_by_lua_block { ngx.exit(204) } }
            """)) {

      assertThat(ask(proxy, "/a").body()).isEqualTo("b");
      assertThat(ask(proxy, "/c").status()).isEqualTo(204);
    }
  }

  @Test
  void eachPhaseHasItsScript() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            location / {
              set_by_lua_block $first { return ngx.var.arg_q .. '!' }
              rewrite_by_lua_block { ngx.ctx.seen = ngx.get_phase() }
              access_by_lua_block { ngx.ctx.seen = ngx.ctx.seen .. ' ' .. ngx.get_phase() }
              content_by_lua_block { ngx.say(ngx.var.first, ' ', ngx.ctx.seen) }
              header_filter_by_lua_block { ngx.header.X_Seen = ngx.ctx.seen }
              body_filter_by_lua_block { ngx.arg[1] = ngx.arg[1]:upper() }
              log_by_lua_block { ngx.log(ngx.ERR, 'logged ', ngx.status) }
            }
            """)) {

      RawResponse response = ask(proxy, "/?q=v");

      assertThat(response.body()).isEqualTo("V! REWRITE ACCESS\n");
      assertThat(response.headers().get("X-Seen")).hasValue("rewrite access");
      proxy.status(); // the loop has logged it
      assertThat(proxy.errorLog())
          .contains("[lua] log_by_lua(nginx.conf:")
          .contains(": logged 200, client: 127.0.0.1, server: h, request: \"GET /?q=v HTTP/1.1\"");
    }
  }

  @Test
  void aScriptChoosesTheUpstream() throws Exception {
    try (FakeUpstream one = FakeUpstream.answering("one");
        FakeUpstream two = FakeUpstream.answering("two");
        TestProxy proxy =
            TestProxy.start(
                """
                upstream one { server 127.0.0.1:%d; }
                upstream two { server 127.0.0.1:%d; }
                server {
                  listen 127.0.0.1:0;
                  location / {
                    set_by_lua $group 'return ngx.var.http_x_group or "one"';
                    proxy_pass http://$group;
                  }
                }
                """
                    .formatted(one.port(), two.port()))) {

      assertThat(ask(proxy, "/").body()).isEqualTo("one");
      assertThat(
              RawClient.ask(proxy.port(), "GET / HTTP/1.1\r\nHost: h\r\nX-Group: two\r\n\r\n")
                  .body())
          .isEqualTo("two");
    }
  }

  @Test
  void anErrorIsAnsweredWith500AndToldWithItsTraceback() throws Exception {
    try (TestProxy proxy =
        serving("location / { content_by_lua 'local function f() error(\"bad\") end\nf()'; }")) {

      assertThat(ask(proxy, "/").status()).isEqualTo(500);

      assertThat(proxy.errorLog())
          .containsPattern(
              """
              lua entry thread aborted: runtime error: content_by_lua\\(nginx.conf:\\d+\\):1: bad
              stack traceback:
              coroutine 0:
              \t\\[C\\]: in function 'error'
              \tcontent_by_lua\\(nginx.conf:\\d+\\):1: in function 'f'
              \tcontent_by_lua\\(nginx.conf:\\d+\\):2: in main chunk, client: 127.0.0.1\
              """);
    }
  }

  @Test
  void whatAPhaseCannotDoIsAnErrorThatNamesIt() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { set_by_lua $a 'return select(2, pcall(ngx.say, 1))'; return 200 $a; }")) {

      assertThat(ask(proxy, "/").body()).contains("API disabled in the context of set_by_lua*");
    }
  }

  @Test
  void aRequestIsEndedRedirectedOrLeadElsewhere() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            error_page 404 /missing;
            location /exit { access_by_lua 'ngx.exit(tonumber(ngx.var.arg_code))'; echo ok; }
            location /exec { rewrite_by_lua 'ngx.exec("/to", { a = "b c" })'; }
            location /jump { rewrite_by_lua 'ngx.req.set_uri("/to", true)'; }
            location /away { content_by_lua 'return ngx.redirect("/to", 301)'; }
            location /missing { content_by_lua 'ngx.say("missing ", ngx.status)'; }
            location /to { return 200 "to $args"; }
            """)) {

      assertThat(ask(proxy, "/exit?code=403").status()).isEqualTo(403);
      assertThat(ask(proxy, "/exit?code=404").body()).isEqualTo("missing 404\n");
      assertThat(ask(proxy, "/exec").body()).isEqualTo("to a=b%20c");
      assertThat(ask(proxy, "/jump?x").body()).isEqualTo("to x");
      assertThat(ask(proxy, "/away").status()).isEqualTo(301);
      assertThat(ask(proxy, "/away").headers().get("Location")).hasValue("/to");
    }
  }

  @Test
  void theBodyIsReadChangedAndPassedOn() throws Exception {
    try (FakeUpstream upstream = FakeUpstream.answering("ok");
        TestProxy proxy =
            serving(
                """
                location / {
                  rewrite_by_lua_block {
                    ngx.req.read_body()
                    ngx.req.set_body_data(ngx.req.get_body_data():rep(2))
                    ngx.req.set_header('X-Was', ngx.req.get_post_args().a)
                  }
                  proxy_pass http://127.0.0.1:%d;
                }
                """
                    .formatted(upstream.port()))) {

      RawClient.ask(proxy.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na=1");

      RecordedRequest passed = upstream.requests().getFirst();
      assertThat(passed.body()).isEqualTo("a=1a=1");
      assertThat(passed.headers().get("X-Was")).hasValue("1a=1");
    }
  }

  @Test
  void aBodyThatIsPutTogetherGoesToAFileBeyondItsBuffer() throws Exception {
    Path directory = Files.createTempDirectory("turnout-lua");
    Files.writeString(directory.resolve("other"), "from a file");
    try (FakeUpstream upstream = FakeUpstream.answering("ok");
        TestProxy proxy =
            TestProxy.startIn(
                directory,
                """
                server {
                  listen 127.0.0.1:0;
                  location = /early { content_by_lua 'ngx.req.init_body()'; }
                  location / {
                    rewrite_by_lua_block {
                      ngx.req.read_body()
                      if ngx.var.arg_f then
                        ngx.req.set_body_file(ngx.config.prefix() .. ngx.var.arg_f)
                      else
                        ngx.req.init_body(4)
                        ngx.req.append_body('hel')
                        ngx.req.append_body('lo')
                        ngx.req.finish_body()
                      end
                      ngx.req.set_header('X-File', ngx.req.get_body_file())
                      assert(not ngx.req.get_body_data())
                    }
                    proxy_pass http://127.0.0.1:%d;
                  }
                }
                """
                    .formatted(upstream.port()))) {

      ask(proxy, "/");
      ask(proxy, "/?f=other");
      ask(proxy, "/early");

      RecordedRequest joined = upstream.requests().getFirst();
      assertThat(joined.body()).isEqualTo("hello");
      assertThat(joined.headers().get("X-File").orElseThrow()).contains("client_body_temp");
      RecordedRequest file = upstream.requests().get(1);
      assertThat(file.body()).isEqualTo("from a file");
      assertThat(file.headers().get("X-File").orElseThrow()).endsWith("/other");
      assertThat(directory.resolve("other")).exists();
      assertThat(proxy.errorLog()).contains("request body not read yet");
    }
  }

  @Test
  void aFilterSeesTheBodyOfAnAnswerThatHasNone() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { content_by_lua 'ngx.exit(200)';"
                + " body_filter_by_lua 'ngx.arg[1] = ngx.get_phase()'; }")) {
      assertThat(ask(proxy, "/").body()).isEqualTo("body_filter");
    }
  }

  @Test
  void whatWasWrittenBeforeAnErrorIsSent() throws Exception {
    try (TestProxy proxy =
            serving("location / { content_by_lua 'ngx.say(\"so far\") error(\"no\")'; }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

      assertThat(client.readUntilClose()).startsWith("HTTP/1.1 200 OK\r\n").contains("so far");
    }
  }

  @Test
  void aResponseHasTheReasonThatAScriptGivesIt() throws Exception {
    String script = "require('ngx.resp').set_status(500, 'no\\r\\nluck') ngx.say('x')";
    try (TestProxy proxy = serving("location / { content_by_lua_block { " + script + " } }")) {
      assertThat(ask(proxy, "/").raw()).startsWith("HTTP/1.1 500 no%0D%0Aluck\r\n");
    }
  }

  @Test
  void anErrorPageKeepsTheStatusThatTheScriptExitedWith() throws Exception {
    try (TestProxy proxy =
        serving(
            "error_page 404 = /page; location / { content_by_lua 'ngx.exit(404)'; }"
                + " location = /page { content_by_lua 'ngx.print(ngx.status)'; }")) {
      RawResponse response = ask(proxy, "/");
      assertThat(response.status()).isEqualTo(404);
      assertThat(response.body()).isEqualTo("404");
    }
  }

  @Test
  void aFilterOfAnHttp10AnswerSeesItsLength() throws Exception {
    try (TestProxy proxy =
        serving(
            "location / { content_by_lua 'ngx.say(\"hi\")';"
                + " header_filter_by_lua 'ngx.header.x_length = ngx.header.content_length'; }")) {
      RawResponse response = RawClient.ask(proxy.port(), "GET / HTTP/1.0\r\n\r\n");
      assertThat(response.headers().get("X-Length")).hasValue("3");
      assertThat(response.body()).isEqualTo("hi\n");
    }
  }

  @Test
  void aFileIsAScriptToo() throws Exception {
    Path directory = Files.createTempDirectory("turnout-lua");
    Files.writeString(directory.resolve("a.lua"), "ngx.say('file ', require('m').x)");
    Files.writeString(directory.resolve("m.lua"), "return { x = 7 }", StandardCharsets.UTF_8);
    try (TestProxy proxy =
        TestProxy.startIn(
            directory,
            "lua_package_path '$prefix/?.lua;;'; server { listen 127.0.0.1:0;"
                + " location / { content_by_lua_file $arg_f; } }")) {

      assertThat(ask(proxy, "/?f=a.lua").body()).isEqualTo("file 7\n");
      assertThat(ask(proxy, "/?f=b.lua").status()).isEqualTo(404);
      assertThat(proxy.errorLog()).contains("failed to load external Lua file \"");
    }
  }

  @Test
  void aScriptThatCannotBeCompiledIsToldAndNeverTakesThePlaceOfOneThatServes() throws Exception {
    try (TestProxy proxy = serving("location / { content_by_lua 'for end'; }")) {
      assertThat(ask(proxy, "/").status()).isEqualTo(500);
      assertThat(proxy.errorLog())
          .containsPattern("\\[error\\].*failed to load inlined Lua code: content_by_lua");

      assertThat(
              proxy.reload(
                  "server { listen 127.0.0.1:0; location / { content_by_lua 'for end'; } }"))
          .isFalse();
    }
  }

  @Test
  void anErrorOfInitByLuaIsOneOfTheConfiguration() {
    assertThatThrownBy(() -> serving("} init_by_lua 'error(\"no\", 0)'; server {"))
        .hasMessageContaining("init_by_lua error: no");
  }

  @Test
  void withoutTheCodeCacheEachRequestBeginsAnew() throws Exception {
    int before = LuaVm.open();
    try (TestProxy proxy =
        serving(
            "location / { lua_code_cache off;"
                + " content_by_lua 'n = (n or 0) + 1 ngx.sleep(0.001) ngx.print(n)'; }")) {
      assertThat(ask(proxy, "/").body()).isEqualTo("1");
      assertThat(ask(proxy, "/").body()).isEqualTo("1");
      proxy.status(); // the loop has closed what was theirs
      assertThat(LuaVm.open()).isEqualTo(before + 1);
    }
  }
}

package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What scripts call beside requests and responses: dictionaries, regular expressions, JSON,
/// sockets.
class LuaLibrariesIT {
  private static final String HTTP =
      "lua_shared_dict dogs 1m; lua_shared_dict cats 1m; keyval_zone zone=kv:1m;"
          + " lua_shared_dict kv 1m keyval=kv;"
          + " upstream app { server 127.0.0.1:1 weight=2; server 127.0.0.1:2 backup down; }";

  private static TestProxy scripts;

  /// Runs the script that it is sent.
  @BeforeAll
  static void start() {
    scripts =
        TestProxy.start(
            HTTP
                + " server { listen 127.0.0.1:0; location / { content_by_lua_block {"
                + " ngx.req.read_body() local f = assert(loadstring(ngx.req.get_body_data()))"
                + " f() } } }");
  }

  @AfterAll
  static void stop() {
    scripts.close();
  }

  private static String run(String script) throws Exception {
    return RawClient.ask(
            scripts.port(),
            "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: "
                + script.length()
                + "\r\n\r\n"
                + script)
        .body();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "local d = ngx.shared.dogs d:flush_all() ngx.say(d:set('a', 'x', 0, 7), d:get('a'))"
            + "@truex7$",
        "local d = ngx.shared.dogs d:set('n', 5) d:set('b', false) ngx.say(d:get('n') + 1,"
            + " d:get('b'), d:get('none'))@6falsenil$",
        "local d = ngx.shared.dogs ngx.say(d:add('n', 1)) d:delete('n') ngx.say(d:replace('n', 1))"
            + "@falseexistsfalse$falsenot foundfalse$",
        "local d = ngx.shared.dogs d:delete('i') ngx.say(d:incr('i', 2)) ngx.say(d:incr('i', 2, 40))"
            + " ngx.say(d:incr('i', 1))@nilnot foundfalse$42nilfalse$43$",
        "local d = ngx.shared.dogs d:delete('l') ngx.say(d:lpush('l', 'b'), d:rpush('l', 3),"
            + " d:llen('l'), d:lpop('l'), d:rpop('l'), d:rpop('l'))@122b3nil$",
        "local d = ngx.shared.dogs d:set('t', 'x', 100) ngx.say(d:ttl('t') <= 100,"
            + " d:expire('t', 0), d:ttl('t'), d:ttl('none'))@truetrue0nilnot found$",
        "local d = ngx.shared.dogs d:set('s', 'x', 0.001) ngx.sleep(0.005) ngx.say(d:get_stale('s'))"
            + " ngx.say(d:get('s'))@xniltrue$nil$",
        "local d = ngx.shared.cats d:flush_all() d:set('a', 1) d:set('b', 2) ngx.say(#d:get_keys(),"
            + " d:capacity(), d:free_space() > 900000)@21048576true$",
        "ngx.say(ngx.shared.dogs:get(nil)) ngx.say(ngx.shared.dogs:set('', 1))"
            + " ngx.say(pcall(ngx.shared.dogs.get, 'x'))"
            + "@nilnil key$nilempty key$falsebad \"zone\" argument$",
        "local d = ngx.shared.kv ngx.say(d:set('h', 'v')) ngx.say(d:get('h')) ngx.say(d:add('h', 1))"
            + " ngx.say(d:delete('h')) ngx.say(d:get('h'))"
            + "@truenilfalse$v$falseexistsfalse$truenilfalse$nil$",
        "ngx.say(ngx.re.match('hello, 1234', '([0-9])[0-9]+')[1])@1$",
        "local m = ngx.re.match('foobar', 'foo|foobar', 'd') ngx.say(m[0])@foobar$",
        "ngx.say(ngx.re.match('x', 'y')) ngx.say(ngx.re.find('abc', '(b)(c)', nil, nil, 2))@nil$33$",
        "local m = ngx.re.match('ab', '(?<one>a)(?<two>x)?') ngx.say(m.one, m.two, m[2])"
            + "@afalsefalse$",
        "local c = {pos = 3} local m = ngx.re.match('1 23 4', '[0-9]+', '', c) ngx.say(m[0], c.pos)"
            + "@235$",
        "for m in ngx.re.gmatch('a1b22', [[\\d+]], 'jo') do ngx.print(m[0], ';') end@1;22;",
        "ngx.say(ngx.re.gsub('abc', '', '-')) ngx.say(ngx.re.sub('abc', '(b)', '[$1${1}]'))"
            + "@-a-b-c-4$a[bb]c1$",
        "ngx.say(ngx.re.sub('a', 'a', '${')) ngx.say(ngx.re.sub('a', 'a', '${1')) ngx.say(ngx.re.sub('a',"
            + " 'a', '$x'))@nilnilfailed to compile the replacement template$"
            + "nilnilfailed to compile the replacement template$"
            + "nilnilfailed to compile the replacement template$",
        "ngx.say(ngx.re.gsub('a1', [[\\w]], function(m) return m[0] .. m[0] end))@aa112$",
        "ngx.say(ngx.re.match('x', '(abc'))"
            + "@nilpcre2_compile() failed: missing closing parenthesis in \"(abc\"$",
        "ngx.say(ngx.re.match('\\xff', '.', 'u')) ngx.say(#ngx.re.match('\\xff', '.')[0])"
            + "@nilpcre_exec() failed: -23$1$",
        "local m = ngx.re.match('h\\195\\169!', 'h.(!)', 'u') ngx.say(#m[0], m[1])@4!$",
        "ngx.say(pcall(ngx.re.match, 'a', 'a', 'H')) @falseunknown flag \"H\" (flags \"H\")$",
        "ngx.say(ngx.re.match('aXbb', [[(?i)x\\Kb+]])[0], ngx.re.match('[]', '[]]')[0])@bb]$",
        "local s = require('ngx.re').split('a,b,,c', ',') ngx.say(table.concat(s, ';'))@a;b;;c$",
        "local c = require 'cjson' ngx.say(c.encode({1, 'a', {x = c.null}, {}}))"
            + "@[1,\"a\",{\"x\":null},{}]$",
        "local c = require 'cjson' local v = c.decode('{\"a\":[1,2.5,\"\\\\u00e9\"],\"b\":null,\"a\":7}')"
            + " ngx.say(v.a, v.b == ngx.null)@7true$",
        "local c = require 'cjson.safe' ngx.say(c.decode('[1,')) ngx.say(c.encode(print))"
            + "@nilExpected value but found T_END at character 4$"
            + "nilCannot serialise function: type not supported$",
        "local c = require('cjson').new() c.encode_empty_table_as_object(false)"
            + " ngx.say(c.encode({}), require('cjson').encode({}), c.encode(1e15), c.encode(0.1))"
            + "@[]{}1e+150.1$",
        "local c = require 'cjson' ngx.say(#c.decode('[' .. ('1,'):rep(9999) .. '1]'),"
            + " #c.decode('\"' .. ('x'):rep(99999) .. '\"'))@1000099999$",
        "local c = require 'cjson.safe' local v = c.decode('{\"a\":1,\"b\":{\"x\":1,\"x\":2},\"a\":3}')"
            + " ngx.say(v.a, v.b.x) ngx.say(c.encode(c.decode('[[],{},\"\\\\ud83d\\\\ude00\"]')))"
            + "@32$[{},{},\"\u00f0\u009f\u0098\u0080\"]$",
        "local c = require 'cjson.safe' for _, s in ipairs{'', '{', '{\"a\" 1}', '[1 2]', '\"\\\\x\"',"
            + " '\"a', 'nope', '1 2', '\"\\\\ud800\"'} do ngx.say((select(2, c.decode(s)))) end"
            + "@Expected value but found T_END at character 1$"
            + "Expected object key string but found T_END at character 2$"
            + "Expected colon but found T_NUMBER at character 6$"
            + "Expected comma or array end but found T_NUMBER at character 4$"
            + "Expected value but found invalid escape code at character 2$"
            + "Expected value but found unexpected end of string at character 3$"
            + "Expected value but found invalid token at character 1$"
            + "Expected the end but found T_NUMBER at character 3$"
            + "Expected value but found invalid unicode escape code at character 2$",
        "local c = require 'cjson.safe' ngx.say(c.decode('-0.5e1'), c.decode('0x10'), c.decode('1e400'),"
            + " c.decode('123456789012')) ngx.say(c.encode({1, 2, [5] = 3}))"
            + " ngx.say(c.encode({[100] = 1})) ngx.say(c.encode(0/0)) ngx.say(c.encode('/'))"
            + "@-516inf123456789012$[1,2,null,null,3]$"
            + "nilCannot serialise table: excessively sparse array$"
            + "nilCannot serialise number: must not be NaN or Infinity$\"\\/\"$",
        "local c = require 'cjson.safe' ngx.say((select(2, c.decode(('['):rep(1001)))))"
            + " local t = {} t[1] = t ngx.say((select(2, c.encode(t))))"
            + "@Found too many nested data structures (1001) at character 1001$"
            + "Cannot serialise, excessive nesting (1001)$",
        "local s = ngx.socket.tcp() ngx.say(s:send('x')) ngx.say(s:receive()) ngx.say(s:close())"
            + "@nilclosed$nilclosed$nilclosed$",
        "ngx.say(ngx.socket.connect('no.such.host', 1))"
            + "@nilno resolver defined to resolve \"no.such.host\"$",
        "ngx.say(ngx.socket.connect('unix:/no/such', {}))@nilno such file or directory$",
      })
  void aScriptCallsIt(String script, String expected) throws Exception {
    String got = run(script);

    assertThat(got.replaceAll("turnout:[a-z]+:[0-9]+: ", ""))
        .isEqualTo(expected.replace('$', '\n'));
  }

  @Test
  void theServersOfAnUpstreamAreToldAndChanged() throws Exception {
    String script =
        """
        local u = require 'ngx.upstream'
        local function tell()
          for _, s in ipairs(u.get_servers('app')) do
            ngx.print(s.id, ' ', s.addr, ' ', s.weight, s.backup and ' b' or '', s.down and ' d' or '', ';')
          end
          ngx.print('\\n')
        end
        ngx.say(#u.get_upstreams(), u.get_servers('none'), #u.get_primary_peers('app'),
          u.get_backup_peers('app')[1].name)
        tell()
        ngx.say(u.add_server('app', '127.0.0.1:3', {weight = 5}), u.add_server('app', 'a;b'))
        ngx.say(u.set_peer_down('app', false, 0, true), u.set_peer_down('app', false, 9, true))
        ngx.say(u.set_server('app', 2, {weight = 7}))
        tell()
        ngx.say(u.remove_server('app', 2), u.set_peer_down('app', false, 0, false))
        tell()
        """;

    assertThat(run(script))
        .isEqualTo(
            """
            1nil1127.0.0.1:2
            0 127.0.0.1:1 2;1 127.0.0.1:2 1 b d;
            truenilinvalid server "a;b"
            truenilbad peer id
            true
            0 127.0.0.1:1 2 d;1 127.0.0.1:2 1 b d;2 127.0.0.1:3 7;
            truetrue
            0 127.0.0.1:1 2;1 127.0.0.1:2 1 b d;
            """);
  }

  @Test
  void anUpstreamComesAndGoesAsAWhole() throws Exception {
    String script =
        """
        local d = require 'ngx.dyups'
        ngx.say(d.update('fresh', 'server 127.0.0.1:4; server 127.0.0.1:5;'))
        ngx.say(#require('ngx.upstream').get_servers('fresh'), #d.upstreams())
        ngx.say(d.update('fresh', 'nonsense;'))
        ngx.say(d.delete('fresh'))
        ngx.say(d.delete('fresh'))
        """;

    assertThat(run(script))
        .startsWith("200success\n22\n500")
        .endsWith("200success\n404upstream not found\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '@',
      quoteCharacter = '`',
      value = {
        "ngx.say(#require('resty.core').version > 0, require('resty.core.base').get_request() ~= nil)"
            + "@truetrue$",
        "local t = require('resty.core.time') ngx.say(t.monotonic_msec() <= t.monotonic_time() * 1000)"
            + "@true$",
        "ngx.say(require('resty.core.utils').str_replace_char('a-b-', '-', '_'))@a_b_$",
        "local log = require('ngx.errlog') ngx.say(log.get_sys_filter_level() > 3, log.get_logs())"
            + "@truenildirective \"lua_capture_error_log\" is not set$",
        "ngx.say(pcall(require('ngx.errlog').raw_log, 9, 'x'))@falsebad log level$",
        "ngx.say(require('ngx.process').type(), require('ngx.process').get_master_pid() > 0)"
            + "@workertrue$",
        "require('ngx.req').add_header('X-A', '1') ngx.say(ngx.req.get_headers().x_a)@1$",
        "ngx.say((select(2, pcall(require, 'ngx.ssl'))))"
            + "@module 'ngx.ssl' is not available: scripts have no TLS$",
        "local f = require 'ffi' f.cdef'unsigned char *ngx_hex_dump(unsigned char *, const unsigned"
            + " char *, size_t); long ngx_atoi(const unsigned char *, size_t);'"
            + " local b = f.new('unsigned char[6]') f.C.ngx_hex_dump(b, 'Az\\255', 3)"
            + " ngx.say(f.string(b, 6), f.C.ngx_atoi('42', 2), f.C.ngx_atoi('4x', 2))@417aff42-1$",
        "require 'table.nkeys' ngx.say(require('table.nkeys')({1, a = 2}),"
            + " require('table.isarray')({1}))@2true$",
        "ngx.say(package.path:find('/usr/share/lua/5.1/?.lua', 1, true) ~= nil)@true$",
      })
  void whatComesWithOpenRestyIsThere(String script, String body) throws Exception {
    assertThat(run(script)).isEqualTo(body.replace('$', '\n'));
  }

  @Test
  void aRegularExpressionThatNeverEndsIsEnded() throws Exception {
    assertThat(run("ngx.say(ngx.re.match(('a'):rep(60), '(a+)+$b'))"))
        .isEqualTo("nilpcre_exec() failed: -47\n");
  }

  @Test
  void aSocketIsReadInAllTheWaysThereAre() throws Exception {
    try (FakeUpstream peer =
        FakeUpstream.raw("HTTP/1.1 200 OK\r\nContent-Length: 22\r\n\r\n0123456789--end--tail!")) {
      String script =
          """
          local s = ngx.socket.tcp()
          s:settimeouts(1000, 1000, 1000)
          assert(s:connect('127.0.0.1', %d))
          s:send({'GET / HTTP/1.1\\r\\n', 'Host: h\\r\\n', {'\\r\\n'}})
          ngx.say(s:receive())
          ngx.say(s:receiveuntil('\\r\\n\\r\\n', {inclusive = true})())
          ngx.say(s:receive(4))
          local part = s:receiveuntil('--end')
          ngx.say(part(4), '|', part(4), '|', part(4))
          ngx.say(s:receiveany(3))
          ngx.say(s:receive(4))
          """
              .formatted(peer.port());

      assertThat(run(script))
          .isEqualTo(
              "HTTP/1.1 200 OK\nContent-Length: 22\r\n\r\n\n0123\n4567|89|nilnilnil\n--t\nail!\n");
    }
  }

  @Test
  void theBodyOfARequestIsReadAsItComes() throws Exception {
    try (TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; location / { content_by_lua_block {"
                    + " local s, err = ngx.req.socket() if not s then ngx.say(err) return end"
                    + " ngx.say(s:receive(4)) ngx.flush() local to = s:receiveuntil('--')"
                    + " ngx.say(to()) ngx.say(s:receive('*a')) ngx.say(s:receive(1))"
                    + " ngx.say(ngx.req.socket()) } } }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 15\r\n\r\nabcdef");
      client.send("g--the end!"); // two bytes more than the body: the next request begins so
      String body = client.readResponse().body();

      assertThat(body)
          .isEqualTo(
              """
              abcd
              efg
              the en
              nilclosed
              nilduplicate call
              """);
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("no body\n");
    }
  }

  @Test
  void datagramsGoAndCome() throws Exception {
    try (DatagramSocket echo = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"))) {
      Thread answering =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  DatagramPacket packet = new DatagramPacket(new byte[100], 100);
                  echo.receive(packet);
                  echo.send(packet);
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      String script =
          "local s = ngx.socket.udp() s:settimeout(2000) assert(s:setpeername('127.0.0.1', "
              + echo.getLocalPort()
              + ")) ngx.say(s:send({'he', 'llo'})) ngx.say(s:receive()) s:settimeout(10)"
              + " ngx.say(s:receive()) ngx.say(s:close()) ngx.say(s:send('x'))";

      assertThat(run(script)).isEqualTo("1\nhello\nniltimeout\n1\nnilclosed\n");
      answering.join();
    }
  }

  @Test
  void aRefusedConnectionIsToldAndLogged() throws Exception {
    try (ClosedPort none = new ClosedPort()) {
      String said = run("ngx.say(ngx.socket.connect('127.0.0.1', " + none.port() + "))");

      assertThat(said).isEqualTo("nilconnection refused\n");
      assertThat(scripts.errorLog()).contains("connect() failed (111: Connection refused)");
    }
  }

  @Test
  void aConnectionIsUsedAgainOutOfItsPool() throws Exception {
    try (FakeUpstream peer = FakeUpstream.answering("ok")) {
      String script =
          """
          local s = ngx.socket.tcp()
          assert(s:connect('127.0.0.1', %d))
          ngx.print(s:getreusedtimes())
          s:send('GET / HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n')
          s:receiveuntil('\\r\\n\\r\\n')() s:receive(2)
          assert(s:setkeepalive(60000, 5))
          """
              .formatted(peer.port());

      assertThat(run(script) + run(script) + run(script)).isEqualTo("012");
      assertThat(peer.connectionCount()).isEqualTo(1);
    }
  }

  @Test
  void aPeerThatSaysNothingIsGivenUp() throws Exception {
    try (FakeUpstream silent = FakeUpstream.scripted(connection -> connection.awaitClose())) {
      String script =
          "local s = ngx.socket.tcp() s:settimeout(20) s:connect('127.0.0.1', "
              + silent.port()
              + ") ngx.say(s:receive())";

      assertThat(run(script)).isEqualTo("niltimeout\n");
      assertThat(scripts.errorLog()).contains("lua tcp socket read timed out");
    }
  }

  @Test
  void aDictionaryOutlivesReloadsAndWithAFileTheProcess(@TempDir Path directory) throws Exception {
    String http =
        "lua_shared_dict dogs 1m state=dogs.dict; server { listen 127.0.0.1:0;"
            + " location /set { content_by_lua_block { ngx.shared.dogs:set('k', 'kept') } }"
            + " location /get { content_by_lua_block { ngx.say(ngx.shared.dogs:get('k')) } } }";
    String get = "GET /get HTTP/1.1\r\nHost: h\r\n\r\n";
    try (TestProxy proxy = TestProxy.startIn(directory, http)) {
      RawClient.ask(proxy.port(), "GET /set HTTP/1.1\r\nHost: h\r\n\r\n");
      assertThat(proxy.reload(http + " # again")).isTrue();
      assertThat(RawClient.ask(proxy.port(), get).body()).isEqualTo("kept\n");
    }

    try (TestProxy proxy = TestProxy.startIn(directory, http)) {
      assertThat(RawClient.ask(proxy.port(), get).body()).isEqualTo("kept\n");
    }
  }

  @Test
  void aChangeOfAZoneByAScriptIsInTheHistory() throws Exception {
    long before = scripts.writer().history().revision();

    assertThat(run("ngx.say(ngx.shared.kv:set('www', 'blue'))")).startsWith("true");

    assertThat(scripts.writer().history().revision()).isEqualTo(before + 1);
    assertThat(Objects.requireNonNull(scripts.zone("kv")).get("www")).isEqualTo("blue");
  }
}

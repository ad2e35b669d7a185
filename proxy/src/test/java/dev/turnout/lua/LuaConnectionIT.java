package dev.turnout.lua;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.net.DatagramSocket;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;

/// Scripts that take the client's connection (`ngx.req.socket(true)`), and connections whose peer
/// has said all that it had to.
class LuaConnectionIT {
  private static final String UPGRADE =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n";

  private static TestProxy serving(String script) {
    return serving(script, "");
  }

  private static TestProxy serving(String script, String directives) {
    return TestProxy.start(
        "lua_socket_log_errors off; lua_http10_buffering off; server { listen 127.0.0.1:0; "
            + directives
            + " location / { content_by_lua_block { "
            + script
            + " } } }");
  }

  @Test
  void aScriptSpeaksAnotherProtocolWithItsClient() throws Exception {
    try (TestProxy proxy =
            serving(
                """
                ngx.status = 101
                ngx.header.Upgrade = 'echo'
                ngx.send_headers()
                ngx.flush(true)
                local s = assert(ngx.req.socket(true))
                while true do
                  local line = s:receive()
                  if line == 'bye' then s:send('closing\\n') return end
                  assert(s:send({'you said ', line, '\\n'}))
                end
                """);
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(UPGRADE + "early\n"); // bytes behind the head are the script's, too
      RawResponse upgraded = client.readResponse();
      assertThat(upgraded.status()).isEqualTo(101);
      assertThat(upgraded.headers().get("Upgrade")).hasValue("echo");
      assertThat(upgraded.headers().get("Transfer-Encoding")).isEmpty();
      assertThat(client.readBytes(15)).isEqualTo("you said early\n");

      client.send("hel");
      client.send("lo\nbye\n");

      assertThat(client.readUntilClose()).isEqualTo("you said hello\nclosing\n");
    }
  }

  @Test
  void aScriptWritesTheWholeResponseItself() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            local s = ngx.req.socket(true)
            local body = s:receive(5)
            ngx.log(ngx.ERR, 'told ', ({ngx.say('x')})[2], ', ', ({ngx.flush()})[2], ', ', ({ngx.eof()})[2], ', ',
              ({ngx.req.socket(true)})[2])
            s:send('HTTP/1.0 299 Own\\r\\n\\r\\n' .. body)
            """)) {

      String answer;
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
        answer = client.readUntilClose();
      }

      assertThat(answer).isEqualTo("HTTP/1.0 299 Own\r\n\r\nhello");
      proxy.status();
      assertThat(proxy.errorLog())
          .contains(
              "told raw request socket acquired, raw request socket acquired, raw request socket acquired, duplicate call");
    }
  }

  @Test
  void aClientThatGoesAwayIsToldToTheScript() throws Exception {
    try (TestProxy proxy =
            serving(
                """
                local s = ngx.req.socket(true)
                s:send('ready\\n')
                ngx.log(ngx.ERR, 'read: ', ({s:receive()})[2])
                """);
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(UPGRADE);
      assertThat(client.readBytes(6)).isEqualTo("ready\n");

      client.halfClose();

      assertThat(client.readUntilClose()).isEmpty();
      proxy.status();
      assertThat(proxy.errorLog()).contains("read: closed");
    }
  }

  @Test
  void aScriptThatWantsToKnowIsToldThatItsClientIsGone() throws Exception {
    try (TestProxy proxy =
            serving(
                """
                ngx.on_abort(function()
                  ngx.log(ngx.ERR, 'gone, in ', ngx.get_phase())
                  ngx.thread.wait(ngx.thread.spawn(function() ngx.sleep(0.001) end))
                  ngx.exit(499)
                end)
                ngx.say('ready')
                ngx.flush(true)
                ngx.sleep(600)
                """,
                "lua_check_client_abort on;");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET / HTTP/1.0\r\n\r\n");
      assertThat(client.readBytes(9)).isEqualTo("HTTP/1.1 ");

      client.halfClose();

      assertThat(client.readUntilClose()).endsWith("ready\n");
      proxy.status();
      assertThat(proxy.errorLog()).contains("gone, in content").doesNotContain("runtime error");
    }
  }

  @Test
  void aPeerThatHasSaidAllIsStillSentTo() throws Exception {
    try (FakeUpstream peer =
            FakeUpstream.scripted(connection -> {
              connection.send("first\nlast\n");
              connection.halfClose();
              connection.awaitClose();
            });
        TestProxy proxy =
            serving(
                "local s = ngx.socket.tcp() assert(s:connect('127.0.0.1', "
                    + peer.port()
                    + ")) ngx.print(s:receive(), ' ', s:receive(), ' ', ({s:receive()})[2], ' ',"
                    + " s:send('more'), ' ', ({s:setkeepalive()})[2], ' ', s:close())")) {

      assertThat(RawClient.get(proxy.port(), "h", "/").body())
          .isEqualTo("first last closed 4 closed 1");
    }
  }

  @Test
  void whatIsBeingConnectedIsLeftAloneUntilItsThreadIsKilled() throws Exception {
    try (DatagramSocket silent = new DatagramSocket(0, InetAddress.ofLiteral("127.0.0.1"));
        FakeUpstream peer = FakeUpstream.answering("x");
        TestProxy proxy =
            serving(
                """
                local s = ngx.socket.tcp()
                local t = ngx.thread.spawn(function() s:connect('slow.test', 80) end)
                ngx.say(s:send('x')) ngx.say(s:receive()) ngx.say(s:close()) ngx.say(s:setkeepalive())
                ngx.say(s:connect('127.0.0.1', 1), s:getreusedtimes())
                ngx.say(ngx.thread.kill(t), s:connect('127.0.0.1', %d))
                """
                    .formatted(peer.port()),
                "resolver_timeout 60s; resolver 127.0.0.1:" + silent.getLocalPort() + ";")) {

      String busy = "nilsocket busy connecting\n";
      assertThat(RawClient.get(proxy.port(), "h", "/").body())
          .isEqualTo(busy.repeat(4) + "nil0\n11\n");
    }
  }

  @Test
  void aSocketUsesTheAddressThatItIsBoundTo() throws Exception {
    try (TestProxy proxy =
        serving(
            """
            local s = ngx.socket.tcp()
            ngx.say(s:bind('127.0.0.9')) s:connect('127.0.0.1', ngx.var.server_port)
            s:send('GET /who HTTP/1.0\\r\\n\\r\\n') s:receiveuntil('\\r\\n\\r\\n')()
            ngx.say(s:receive('*a')) ngx.say(s:bind('localhost'))
            local u = ngx.socket.udp()
            ngx.say(u:bind('127.0.0.8'), u:setpeername('127.0.0.1', 9), u:send({1, true, 'x'}))
            """,
            "location /who { return 200 $remote_addr; }")) {

      assertThat(RawClient.get(proxy.port(), "h", "/").body())
          .isEqualTo("1\n127.0.0.9\nnilbad address\n111\n");
    }
  }
}

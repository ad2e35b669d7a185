package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Ports;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import io.netty.channel.epoll.Epoll;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which connections are taken, and when they are closed.
class ConnectionsIT {
  private static String get(String target, String... fields) {
    return "GET "
        + target
        + " HTTP/1.1\r\nHost: h\r\n"
        + String.join("", java.util.Arrays.stream(fields).map(f -> f + "\r\n").toList())
        + "\r\n";
  }

  private static String overIp(String address, int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getByName(address), port), 5000);
      socket.setSoTimeout(5000);
      socket
          .getOutputStream()
          .write("GET / HTTP/1.0\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  @Test
  void onePortIsListenedOnForBothFamiliesByTwoDirectives() throws IOException {
    int port = Ports.free();
    String servers =
        """
        server { listen %d; return 200 $server_addr; }
        server { listen [::]:%d; return 200 $server_addr; }
        """
            .formatted(port, port);

    try (TestProxy _ = TestProxy.start(servers)) {
      assertThat(overIp("127.0.0.1", port)).endsWith("\r\n\r\n127.0.0.1");
      assertThat(overIp("::1", port)).endsWith("\r\n\r\n::1");
    }
  }

  @Test
  void anIpv6AddressTakesIpv4AsWellWhereThatIsAskedFor() throws IOException {
    int port = Ports.free();

    try (TestProxy _ =
        TestProxy.start(
            "server { listen [::]:" + port + " ipv6only=off; return 200 $remote_addr; }")) {
      assertThat(overIp("127.0.0.1", port)).endsWith("\r\n\r\n127.0.0.1");
      assertThat(overIp("::1", port)).endsWith("\r\n\r\n::1");
    }
  }

  @Test
  void aListenerMayWaitForTheFirstBytes() throws IOException {
    try (TestProxy proxy =
        TestProxy.start("server { listen 127.0.0.1:0 deferred fastopen=16; return 200 here; }")) {
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("here");
    }
  }

  @Test
  void requestsThatWereSentAheadAreKnown() throws IOException {
    try (TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; return 200 \"$pipe\"; }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/") + get("/"));
      assertThat(client.readResponse().body()).isEqualTo(".");
      assertThat(client.readResponse().body()).isEqualTo("p");
      assertThat(client.get("h", "/").body()).isEqualTo(".");
    }
  }

  @Test
  void whoExpectsToContinueIsToldToThoughTheBodyIsThere() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("got it");
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; location / { proxy_pass http://"
                    + upstream.address()
                    + "; } }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(
          "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\nbody");
      assertThat(client.readResponse().status()).isEqualTo(100);
      assertThat(client.readResponse().body()).isEqualTo("got it");
    }
  }

  @Test
  void whoExpectsToContinueWithoutABodyIsToldTo() throws IOException {
    try (TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; return 200 here; }");
        RawClient client = RawClient.connect(proxy.port())) {
      client.send(get("/", "Expect: 100-Continue"));
      assertThat(client.readResponse().status()).isEqualTo(100);
      assertThat(client.readResponse().body()).isEqualTo("here");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "POST, MSIE 5.0,                        /msie,   close",
    "GET,  MSIE 5.0,                        /msie,   keep-alive",
    "POST, MSIE 7.0,                        /msie,   keep-alive",
    "POST, MSIE 6.0; Windows NT 5.1; SV1,   /msie,   keep-alive",
    "GET,  Mac OS X Safari/7534.48.3,       /safari, close",
    "GET,  Mac OS X Chrome/120 Safari/537,  /safari, keep-alive",
    "GET,  Mac OS X Safari/7534.48.3,       /,       keep-alive",
    "POST, MSIE 5.0; Windows NT,            /,       close",
    "GET,  MSIE 5.0; Windows NT,            /,       keep-alive",
  })
  void browsersThatCannotKeepConnectionsAreKnown(
      String method, String agent, String target, String connection) throws IOException {
    try (TestProxy proxy =
            TestProxy.start(
                """
                server {
                  listen 127.0.0.1:0;
                  location / { return 200; }
                  location /msie { keepalive_disable msie6; return 200; }
                  location /safari { keepalive_disable safari; return 200; }
                }
                """);
        RawClient client = RawClient.connect(proxy.port())) {
      String head = method + " " + target + " HTTP/1.1\r\nHost: h\r\nUser-Agent: " + agent;
      RawResponse response = client.send(head + "\r\n\r\n").readResponse();
      assertThat(response.headers().all("Connection")).containsExactly(connection);
    }
  }

  @Test
  void theKernelIsAskedAboutAConnection() throws IOException {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; return 200"
                + " \"$tcpinfo_rtt $tcpinfo_rttvar $tcpinfo_snd_cwnd $tcpinfo_rcv_space\"; }")) {
      String known = RawClient.get(proxy.port(), "h", "/").body();

      assertThat(known).matches(Epoll.isAvailable() ? "([1-9][0-9]* ?){4}" : " {3}");
    }
  }

  @Test
  void whatAReloadLeavesBehindIsCutInTheEnd() throws IOException {
    int port = Ports.free();
    String slow =
        "server { listen 127.0.0.1:" + port + "; limit_rate 1; return 200 \"a long answer\"; }";
    try (TestProxy proxy = TestProxy.start(slow);
        RawClient busy = RawClient.connect(proxy.port());
        RawClient idle = RawClient.connect(proxy.port())) {
      busy.send(get("/"));
      busy.readBytes("HTTP/1.1 200 OK".length());

      assertThat(proxy.reload("server { listen 127.0.0.1:" + port + "; return 200 new; }", 1))
          .isTrue();

      assertThat(idle.closedWithin(Duration.ofSeconds(5))).isTrue();
      assertThat(busy.readUntilClose()).doesNotEndWith("a long answer");
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("new");
    }
  }
}

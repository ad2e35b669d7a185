package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class RealIpIT {
  private static final String ANSWER =
      "return 200 \"$remote_addr $remote_port|$proxy_protocol_addr:$proxy_protocol_port"
          + ">$proxy_protocol_server_addr:$proxy_protocol_server_port|$proxy_protocol_tlv_authority"
          + "|$proxy_protocol_tlv_ssl_cn\";";

  private static String ask(TestProxy proxy, String before, String fields) throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      return client
          .send(before + "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n")
          .readResponse()
          .body();
    }
  }

  private static TestProxy trusting(String rules) {
    return TestProxy.start("server { listen 127.0.0.1:0; " + rules + " " + ANSWER + " }");
  }

  @Test
  void aTrustedProxyIsBelieved() throws IOException {
    try (TestProxy proxy = trusting("set_real_ip_from 127.0.0.0/8;")) {
      assertThat(ask(proxy, "", "X-Real-IP: 192.0.2.1:80\r\n")).startsWith("192.0.2.1 80|");
      assertThat(ask(proxy, "", "X-Real-IP: 2001:db8::1\r\n")).startsWith("2001:db8::1 |");
      assertThat(ask(proxy, "", "X-Real-IP: nonsense\r\n")).startsWith("127.0.0.1 ");
    }
  }

  @Test
  void othersAreNot() throws IOException {
    try (TestProxy proxy = trusting("set_real_ip_from 192.0.2.0/24;")) {
      assertThat(ask(proxy, "", "X-Real-IP: 192.0.2.1\r\n")).startsWith("127.0.0.1 ");
    }
  }

  @Test
  void whatATrustedProxySaysOpensNothingThatOnlyThisMachineMayReach() throws IOException {
    try (TestProxy proxy =
        TestProxy.start(
            """
            keyval_zone zone=z:32k;
            keyval $host $ups zone=z default=a;
            upstream a { server 127.0.0.1:1; }
            server {
              listen 127.0.0.1:0;
              set_real_ip_from 127.0.0.2;
              location /switch { upstream_switch zone=z; }
              location /through {
                proxy_pass http://127.0.0.1:$server_port/switch;
                proxy_bind 127.0.0.2;
                proxy_set_header X-Real-IP 127.0.0.1;
              }
            }
            """)) {
      assertThat(RawClient.get(proxy.port(), "a", "/switch").status()).isNotEqualTo(403);
      assertThat(RawClient.get(proxy.port(), "a", "/through").status()).isEqualTo(403);
    }
  }

  @Test
  void ofSeveralAddressesTheLastCountsOrTheLastThatIsNotTrusted() throws IOException {
    String fields = "X-Forwarded-For: 10.0.0.1, 192.0.2.1\r\nX-Forwarded-For: 192.0.2.9\r\n";
    String rules =
        "set_real_ip_from 127.0.0.1; set_real_ip_from 192.0.2.0/24; real_ip_header X-Forwarded-For;";
    try (TestProxy proxy = trusting(rules)) {
      assertThat(ask(proxy, "", fields)).startsWith("192.0.2.9 ");
    }
    try (TestProxy proxy = trusting(rules + " real_ip_recursive on;")) {
      assertThat(ask(proxy, "", fields)).startsWith("10.0.0.1 ");
    }
  }

  private static TestProxy proxied(String rules) {
    return TestProxy.start(
        "server { listen 127.0.0.1:0 proxy_protocol; " + rules + " " + ANSWER + " }");
  }

  @Test
  void theProxyProtocolSaysWhereTheClientIs() throws IOException {
    try (TestProxy proxy = proxied("set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;")) {
      assertThat(ask(proxy, "PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n", ""))
          .isEqualTo("192.0.2.1 123|192.0.2.1:123>192.0.2.2:5678||");
      assertThat(ask(proxy, "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n", ""))
          .isEqualTo("2001:db8::1 1|2001:db8::1:1>2001:db8::2:2||");
      assertThat(ask(proxy, "PROXY UNKNOWN whatever\r\n", "")).startsWith("127.0.0.1 ");
    }
  }

  @Test
  void theSecondVersionIsBinaryAndHasExtensions() throws IOException {
    String signature = "\r\n\r\n\0\r\nQUIT\n";
    String addresses = "\u00c0\0\2\1\u00c0\0\2\2\0{\u0016.";
    String authority = "\2\0\4host";
    String tls = " \0\u000b\1\0\0\0\0\"\0\3bob";
    String rest = addresses + authority + tls;
    String header = signature + "!\u0011\0" + (char) rest.length() + rest;
    try (TestProxy proxy = proxied("")) {
      assertThat(ask(proxy, header, "")).endsWith("|192.0.2.1:123>192.0.2.2:5678|host|bob");
      assertThat(ask(proxy, signature + " \0\0\0", "")).startsWith("127.0.0.1 ");
    }
  }

  @Test
  void theHeaderMayComeByteByByte() throws IOException {
    try (TestProxy proxy = proxied("");
        RawClient client = RawClient.connect(proxy.port())) {
      client.sendByteByByte("PROXY TCP4 192.0.2.1 192.0.2.2 123 5678\r\n");

      assertThat(client.get("a", "/").body()).contains("|192.0.2.1:123>");
    }
  }

  @Test
  void whatIsNoHeaderEndsTheConnection() throws IOException {
    try (TestProxy proxy = proxied("")) {
      for (String bad :
          new String[] {
            "GET / HTTP/1.1\r\n",
            "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
            "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            "PROXY TCP4 " + "1".repeat(100),
            "\r\n\r\n\0\r\nQUIT\n1\u0011\0\u000c"
          }) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          assertThat(client.send(bad).closedWithin(Duration.ofSeconds(20))).as(bad).isTrue();
        }
      }
      assertThat(proxy.errorLog()).contains("while reading PROXY protocol");
    }
  }
}

package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a configuration says of TLS that nobody speaks.
class SslModuleTest {
  @Test
  void whatDistributionsSayOfTlsDoesNotStandInTheWay() throws IOException {
    String common =
        """
        ssl_protocols TLSv1 TLSv1.1 TLSv1.2 tlsv1.3;
        ssl_prefer_server_ciphers on;
        ssl_ciphers HIGH:!aNULL:!MD5;
        ssl_session_cache shared:SSL:10m builtin:1000;
        ssl_session_timeout 1d;
        ssl_session_tickets off;
        ssl_buffer_size 4k;
        ssl_ecdh_curve X25519:prime256v1;
        ssl_dhparam /no/such/file.pem;
        ssl_early_data on;
        ssl_stapling on;
        ssl_stapling_verify on;
        ssl_trusted_certificate /no/such/chain.pem;
        ssl_conf_command Options KTLS;
        ssl_verify_depth 2;
        proxy_ssl_server_name on;
        proxy_ssl_protocols TLSv1.2 TLSv1.3;
        proxy_ssl_name $host;
        """;
    try (TestProxy proxy =
        TestProxy.start(
            common
                + "server { listen 127.0.0.1:0; ssl_session_cache shared:SSL:10m;"
                + " return 200 plain; }")) {
      assertThat(RawClient.get(proxy.port(), "a", "/").body()).isEqualTo("plain");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ssl_protocols TLSv1.4; | invalid value \"TLSv1.4\"",
        "ssl_prefer_server_ciphers yes; | it must be \"on\" or \"off\"",
        "ssl_session_timeout soon; | \"ssl_session_timeout\" directive invalid value",
        "ssl_session_cache shared:SSL; | invalid session cache \"shared:SSL\"",
        "ssl_session_cache shared::1m; | invalid session cache \"shared::1m\"",
        "ssl_session_cache shared:SSL:big; | invalid session cache \"shared:SSL:big\"",
        "ssl_session_cache builtin:x; | invalid session cache \"builtin:x\"",
        "ssl_session_cache memory; | invalid session cache \"memory\"",
        "ssl_session_cache shared:SSL:4k; | session cache \"shared:SSL:4k\" is too small",
        "ssl_session_cache shared:SSL:1m; ssl_session_cache shared:SSL:2m;"
            + "| the size 2097152 of shared memory zone \"SSL\" conflicts with already declared"
            + " size 1048576",
        "limit_req_zone $uri zone=SSL:1m rate=1r/s; ssl_session_cache shared:SSL:1m;"
            + "| the shared memory zone \"SSL\" is already declared for a different use",
        "ssl_session_tickets on; ssl_session_tickets on;"
            + "| \"ssl_session_tickets\" directive is duplicate",
        "ssl_conf_command Options; | invalid number of arguments in \"ssl_conf_command\" directive",
      })
  void valuesAreCheckedAsNginxChecksThem(String directives, String message) {
    assertThatThrownBy(
            () -> TestProxy.start(directives + " server { listen 127.0.0.1:0; }").close())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ssl_certificate site.pem",
        "ssl_certificate_key site.key",
        "ssl_client_certificate ca.pem",
        "ssl_verify_client on",
        "ssl_reject_handshake on",
        "ssl_crl ca.crl",
        "ssl_ocsp on",
        "ssl_password_file passwords",
        "proxy_ssl_certificate site.pem",
      })
  void whatWouldMakeADifferenceIsRefusedByName(String directive) {
    String name = directive.substring(0, directive.indexOf(' '));

    assertThatThrownBy(
            () -> TestProxy.start("server { listen 127.0.0.1:0; " + directive + "; }").close())
        .hasMessageContaining("\"" + name + "\" is not supported by turnout");
  }

  @Test
  void aListenerWithTlsIsRefused() {
    assertThatThrownBy(() ->
            TestProxy.start("ssl_protocols TLSv1.3; server { listen 127.0.0.1:0 ssl; }").close())
        .hasMessageContaining("the \"ssl\" parameter of \"listen\" is not supported");
  }
}

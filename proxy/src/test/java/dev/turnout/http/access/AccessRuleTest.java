package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AccessRuleTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.1.2, true",
    "10.0.0.0/8, 11.0.0.1, false",
    "192.168.1.128/25, 192.168.1.127, false",
    "192.168.1.128/25, 192.168.1.129, true",
    "192.168.1.1, 192.168.1.1, true",
    "192.168.1.1, 192.168.1.2, false",
    "0.0.0.0/0, 8.8.8.8, true",
    "0.0.0.0/0, ::1, false",
    "2001:db8::/32, 2001:db8:1::5, true",
    "2001:db8::/32, 2001:db9::5, false",
    "::1, ::1, true",
    "all, ::1, true",
    "unix:, 127.0.0.1, false"
  })
  void aRuleCoversItsBlock(String rule, String client, boolean covered) {
    List<AccessRule> rules = List.of(AccessRule.parse(rule, false));

    assertThat(AccessRule.permits(rules, at(client))).isEqualTo(!covered);
  }

  @Test
  void theFirstRuleThatCoversTheClientDecides() {
    List<AccessRule> rules =
        List.of(
            AccessRule.parse("10.0.0.1", false),
            AccessRule.parse("10.0.0.0/8", true),
            AccessRule.parse("all", false));

    assertThat(AccessRule.permits(rules, at("10.0.0.1"))).isFalse();
    assertThat(AccessRule.permits(rules, at("10.0.0.2"))).isTrue();
    assertThat(AccessRule.permits(rules, at("11.0.0.2"))).isFalse();
  }

  @Test
  void aClientOfAUnixSocketFallsUnderUnixAndAll() {
    SocketAddress local = UnixDomainSocketAddress.of("/tmp/socket");

    assertThat(AccessRule.permits(List.of(AccessRule.parse("unix:", false)), local)).isFalse();
    assertThat(AccessRule.permits(List.of(AccessRule.parse("all", false)), local)).isFalse();
    assertThat(AccessRule.permits(List.of(AccessRule.parse("0.0.0.0/0", false)), local)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"10.0.0.0/33", "10.0.0/8", "example.com", "::1/129", "10.0.0.1/", ""})
  void whatIsNoAddressIsRefused(String text) {
    assertThatThrownBy(() -> AccessRule.parse(text, true))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static SocketAddress at(String address) {
    return new InetSocketAddress(address, 1234);
  }
}

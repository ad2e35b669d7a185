package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.turnout.config.ConfigException;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who gets as far as the switch.
class ReachabilityIT {
  private static final String EVERYWHERE = "listen 0.0.0.0:0;";

  /// This machine, by an address that is not loopback: as a stranger comes.
  private static SocketAddress notLoopback(SwitchSite site) throws IOException {
    Optional<InetAddress> address =
        NetworkInterface.networkInterfaces()
            .flatMap(NetworkInterface::inetAddresses)
            .filter(one -> one instanceof Inet4Address && !one.isLoopbackAddress())
            .findFirst();
    assumeThat(address).as("this machine has an address that is not loopback").isPresent();
    return new InetSocketAddress(address.orElseThrow(), site.proxy().port());
  }

  private static String stranger(SwitchSite site, String target, String... fields)
      throws IOException {
    SwitchSite.Answer answer =
        SwitchSite.ask(
            notLoopback(site), "GET " + target + " HTTP/1.1\r\nHost: a.test", "", fields);
    return answer.status() + " " + site.which("a.test");
  }

  @Test
  void withoutRulesOnlyThisMachineSwitches() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "", "")) {
      assertThat(stranger(site, "/switch?ups=green")).isEqualTo("403 blue");
      assertThat(site.get("/switch?ups=green").status()).isEqualTo(200);
      assertThat(site.which("a.test")).isEqualTo("green");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Forwarded-For: 127.0.0.1",
        "X-Real-IP: 127.0.0.1",
        "Forwarded: for=127.0.0.1",
        "X-Client-IP: ::1",
        "X-Forwarded-For: unix:"
      })
  void whatARequestSaysOfItsOriginIsNotBelieved(String field) throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "", "")) {
      assertThat(stranger(site, "/switch?ups=green", field)).isEqualTo("403 blue");
    }
  }

  @Test
  void aForwardedAddressDoesNotOpenALocationThatHasRules() throws IOException {
    try (var site = SwitchSite.with("allow 10.1.2.3; deny all;")) {
      assertThat(site.get("/switch?ups=green", "X-Forwarded-For: 10.1.2.3").status())
          .isEqualTo(403);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @Test
  void aRewriteDoesNotLeadStrangersIn() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "", "")) {
      assertThat(stranger(site, "/lead")).isEqualTo("403 blue");
    }
  }

  @Test
  void aRuleAgainstOneAddressIsNotAPermissionForTheOthers() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "", "deny 192.0.2.66;")) {
      assertThat(stranger(site, "/switch?ups=green")).isEqualTo("403 blue");
    }
  }

  @Test
  void rulesOfTheServerThatKeepStrangersOutHold() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "", "allow 10.1.2.3; deny all;")) {
      assertThat(stranger(site, "/switch?ups=green")).startsWith("403");
      assertThat(site.get("/switch?ups=green").status()).isEqualTo(403);
    }
  }

  @Test
  void anIfInTheLocationDoesNotOpenIt() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "if ($arg_x) { set $y 1; }", "")) {
      assertThat(stranger(site, "/switch?ups=green&x=1")).isEqualTo("403 blue");
      assertThat(site.get("/switch?ups=green&x=1").status()).isEqualTo(200);
    }
  }

  @Test
  void aLimitExceptInTheLocationDoesNotOpenIt() throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, "limit_except PUT { auth_basic off; }", "")) {
      assertThat(stranger(site, "/switch?ups=green")).isEqualTo("403 blue");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "allow all;",
        "deny 192.0.2.1;",
        "allow 0.0.0.0/0; deny all;",
        "allow 127.0.0.1; allow ::/0; deny all;",
        "auth_basic x; auth_basic_user_file users; satisfy any; allow all;",
        "auth_basic $arg_realm; auth_basic_user_file users; allow all;"
      })
  void aListenerForTheWorldWithASwitchForAnybodyIsRefusedAtTheStart(String rules) {
    assertThatThrownBy(() -> SwitchSite.with(EVERYWHERE, rules, "").close())
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "\"upstream_switch\" on 0.0.0.0:0 would let anybody change this node");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "allow 10.0.0.0/8; deny all;",
        "auth_basic x; auth_basic_user_file users;",
        "management_allow uid=0 admin; allow all;"
      })
  void aListenerForTheWorldThatAsksWhoComesIsTaken(String rules) throws IOException {
    try (var site = SwitchSite.with(EVERYWHERE, rules, "")) {
      assertThat(stranger(site, "/switch?ups=green")).matches("40[13] blue");
    }
  }

  @Test
  void onLoopbackTheOperatorMayOpenItToWhoIsThere() throws IOException {
    try (var site = SwitchSite.with("allow all;")) {
      assertThat(site.get("/switch?ups=green").status()).isEqualTo(200);
    }
  }

  @Test
  void aUnixSocketIsThisMachine(@TempDir Path directory) throws IOException {
    Path socket = directory.resolve("admin.sock");
    String listen = "listen 127.0.0.1:0; listen unix:" + socket + ";";
    try (var site = SwitchSite.with(listen, "", "")) {
      String head = "GET /switch?ups=green HTTP/1.1\r\nHost: a.test";
      assertThat(SwitchSite.ask(UnixDomainSocketAddress.of(socket), head, "").status())
          .isEqualTo(200);
      assertThat(site.which("a.test")).isEqualTo("green");
    }
    assertThat(Files.exists(socket)).isFalse();
  }

  @Test
  void withoutTheDirectiveThereIsNoSwitch() throws IOException {
    try (var site = SwitchSite.with("")) {
      assertThat(site.get("/upstream_switch?ups=green").status()).isEqualTo(404);
    }
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.control.TargetVerdict.Forbidden;
import dev.turnout.control.TargetVerdict.Literal;
import dev.turnout.control.TargetVerdict.Malformed;
import dev.turnout.control.TargetVerdict.Named;
import dev.turnout.control.TargetVerdict.Unknown;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TargetPolicyTest {
  private static final List<String> UPSTREAMS = List.of("blue", "Green", "canary_10", "10.9.9.9:1");

  private final TargetPolicy namesOnly = new TargetPolicy(UPSTREAMS, List.of(), List.of());

  /// Every address and port, so that what is still refused is refused always.
  private final TargetPolicy open =
      new TargetPolicy(
          UPSTREAMS,
          List.of(TargetRule.parse("0.0.0.0/0"), TargetRule.parse("[::]/0")),
          List.of(new InetSocketAddress("0.0.0.0", 8080), new InetSocketAddress("10.0.0.5", 9090)));

  @ParameterizedTest
  @CsvSource({"blue,blue", "BLUE,blue", "green,Green", "10.9.9.9:1,10.9.9.9:1"})
  void aConfiguredUpstreamIsAllowedInAnyCase(String target, String name) {
    assertThat(namesOnly.judge(target)).isEqualTo(new Named(name));
  }

  @ParameterizedTest
  @CsvSource({"bleu,blue", "blu,blue", "greenn,Green", "canary-10,canary_10", "gren,Green"})
  void aMistypedNameGetsTheNearestOne(String target, String nearest) {
    assertThat(namesOnly.judge(target)).isEqualTo(new Unknown(target, List.of(nearest)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"purple", "x", "app.internal:8080", "localhost:80", "metadata"})
  void aNameLikeNoOtherGetsNoSuggestion(String target) {
    assertThat(namesOnly.judge(target)).isEqualTo(new Unknown(target, List.of()));
  }

  @Test
  void withoutRangesNoAddressIsAllowed() {
    assertThat(namesOnly.judge("10.1.2.3:80")).isInstanceOf(Forbidden.class);
    assertThat(namesOnly.judge("[2001:db8::1]:80")).isInstanceOf(Forbidden.class);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8:8000-8999, 10.255.1.2:8000",
    "10.0.0.0/8:8000-8999, 10.0.0.1:8999",
    "10.0.0.0/8, 10.0.0.1:1",
    "10.77.1.2/15:80, 10.76.0.1:80",
    "127.0.0.1:8081, 127.0.0.1:8081",
    "[fd00:1::]/32:443, [fd00:1:ffff::5]:443",
    "fd00:1::/32:443, [fd00:1::5]:443",
    "[::1]:80, [::1]:80",
    "[::1], [0:0:0:0:0:0:0:1]:80"
  })
  void anAddressInsideARangeIsAllowed(String rule, String target) {
    TargetPolicy policy = new TargetPolicy(List.of(), List.of(TargetRule.parse(rule)), List.of());

    assertThat(policy.judge(target)).isInstanceOf(Literal.class);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8:8000-8999, 10.0.0.1:7999",
    "10.0.0.0/8:8000-8999, 10.0.0.1:9000",
    "10.0.0.0/8:8000-8999, 11.0.0.1:8000",
    "10.76.0.0/15:80, 10.78.0.1:80",
    "127.0.0.1:8081, 127.0.0.2:8081",
    "[fd00:1::]/32:443, [fd00:2::5]:443",
    "0.0.0.0/0, [2001:db8::1]:80",
    "[::]/0, 10.0.0.1:80"
  })
  void anAddressOutsideOfItIsNot(String rule, String target) {
    TargetPolicy policy = new TargetPolicy(List.of(), List.of(TargetRule.parse(rule)), List.of());

    assertThat(policy.judge(target))
        .isEqualTo(new Forbidden("no configured range allows this address and port"));
  }

  @Test
  void theAddressIsTheOneThatWasWritten() {
    assertThat(open.judge("10.200.0.255:65535"))
        .isEqualTo(new Literal(new InetSocketAddress("10.200.0.255", 65535)));
    assertThat(open.judge("[2001:DB8:0:0::00ff]:443"))
        .isEqualTo(new Literal(new InetSocketAddress("2001:db8::ff", 443)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254:80",
        "169.254.0.1:80",
        "0.0.0.0:80",
        "0.1.2.3:80",
        "224.0.0.1:80",
        "239.255.255.255:80",
        "255.255.255.255:80",
        "100.100.100.200:80",
        "168.63.129.16:80",
        "[::]:80",
        "[fe80::1]:80",
        "[febf:ffff::1]:80",
        "[ff02::1]:80",
        "[fd00:ec2::254]:80",
        "[fd00:0ec2:0:0:0:0:0:0254]:80",
        "[::ffff:a9fe:a9fe]:80",
        "[::ffff:0a00:0001]:80",
        "[0:0:0:0:0:ffff:7f00:1]:80",
        "[::ffff:0:7f00:1]:80",
        "[::7f00:1]:80",
        "[::2]:80",
        "[64:ff9b::a9fe:a9fe]:80",
        "[64:ff9b:1::a9fe:a9fe]:80",
        "[2002:a9fe:a9fe::]:80",
        "[2001:0:a9fe:a9fe::]:80",
        "10.0.0.1:0",
        "[2001:db8::1]:0",
        "unix:/var/run/docker.sock",
        "UNIX:/x",
      })
  void someTargetsNoRangeOpens(String target) {
    assertThat(open.judge(target)).isInstanceOf(Forbidden.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:8080", "127.9.9.9:8080", "[::1]:8080", "10.0.0.5:9090"})
  void theNodesOwnListenersAreRefused(String target) {
    assertThat(open.judge(target)).isEqualTo(new Forbidden("it is this node's own listener"));
  }

  @Test
  void anotherPortBesideAListenerIsNotTheListener() {
    assertThat(open.judge("127.0.0.1:8081")).isInstanceOf(Literal.class);
    assertThat(open.judge("10.0.0.6:9090")).isInstanceOf(Literal.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0.1",
        "[::1]",
        "10.0.0.1:",
        "10.0.0.1:80:80",
        "10.0.0.1:080",
        "10.0.0.1:+80",
        "10.0.0.1: 80",
        "10.0.0.1:65536",
        "10.0.0.1:999999999999",
        "10.0.0.1:8o",
        "127.1:80",
        "10.1.2:80",
        "2130706433:80",
        "2130706433",
        "017700000001:80",
        "0x7f000001:80",
        "0x7f.0.0.1:80",
        "0X7F.1:80",
        "010.0.0.1:80",
        "10.0.0.01:80",
        "10.0.0.1.:80",
        "10.0.0.256:80",
        "1.2.3.4.5:80",
        "10.0.0.\u00b2:80",
        "::1:80",
        "2001:db8::1",
        "[::1",
        "[]:80",
        "[::1]80",
        "[::1%eth0]:80",
        "[fe80::1%25eth0]:80",
        "[::ffff:127.0.0.1]:80",
        "[::127.0.0.1]:80",
        "[1::2::3]:80",
        "[1:2:3:4:5:6:7]:80",
        "[1:2:3:4:5:6:7:8:9]:80",
        "[1:2:3:4:5:6:7:8::]:80",
        "[12345::]:80",
        "[:1::]:80",
        "[1:::2]:80",
        "[10.0.0.1]:80",
        "http://10.0.0.1:80",
        "user@10.0.0.1:80",
        "blue/path",
        "blue?x",
        "blue green",
        "blue\r\nX: y",
        "blue\0",
      })
  void whatIsNeitherANameNorAStrictAddressIsMalformed(String target) {
    assertThat(open.judge(target)).isInstanceOf(Malformed.class);
  }

  @Test
  void anEndlessTargetIsNotComparedWithEveryName() {
    assertThat(open.judge("b".repeat(256))).isInstanceOf(Malformed.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "10.0.0.0/33",
        "10.0.0/8",
        "10.0.0.0/08",
        "10.0.0.0/8:",
        "10.0.0.0/8:0",
        "10.0.0.0/8:9-8",
        "10.0.0.0/8:1-65536",
        "10.0.0.0/8:-80",
        "10.0.0.0/8:80-",
        "::1:80",
        "[::1]/129",
        "app:80",
        "10.0.0.0/",
      })
  void aRangeThatIsNoneIsRefused(String rule) {
    assertThatThrownBy(() -> TargetRule.parse(rule))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(rule);
  }
}

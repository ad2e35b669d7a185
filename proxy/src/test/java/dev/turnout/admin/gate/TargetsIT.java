package dev.turnout.admin.gate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.Origin;
import dev.turnout.control.ChangeRequest;
import dev.turnout.control.ChangeResult;
import dev.turnout.control.Operation;
import dev.turnout.testkit.FakeDns;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What no change may reach, whatever interface it comes through: as the writer judges it.
class TargetsIT {
  private static PeerSpec server(String address) {
    return PeerSpec.of("a.name:80", PeerAddress.parse(address)); // as after a look-up
  }

  private static ChangeResult made(SwitchSite site, Operation... operations) {
    return site.proxy()
        .writer()
        .submit(ChangeRequest.of(Origin.of("test", "me"), operations).forced())
        .join();
  }

  private static Operation edit(UpstreamChange change) {
    return new Operation.EditUpstream("green", change);
  }

  private static ChangeResult added(SwitchSite site, String address) {
    return made(site, edit(new UpstreamChange.Add(server(address))));
  }

  private static void assertNothingChanged(SwitchSite site) {
    assertThat(
            Objects.requireNonNull(site.proxy().upstreams().find("green"))
                .current()
                .spec()
                .servers())
        .extracting(one -> one.address().text())
        .containsExactly("127.0.0.1:2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254:80",
        "0.0.0.0:80",
        "224.0.0.1:80",
        "255.255.255.255:80",
        "10.0.0.1:0",
        "[fd00:ec2::254]:80",
        "[fe80::1]:80",
        "[ff02::1]:80",
        "[::]:80",
        "[64:ff9b::a9fe:a9fe]:80",
        "[2002:a9fe:a9fe::]:80"
      })
  void aServerThatMayNeverBeReachedIsNotAddedByAnyName(String address) {
    try (var site = SwitchSite.with("")) {
      assertThat(added(site, address)).isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertNothingChanged(site);
    }
  }

  @Test
  void anAddressMappedIntoIpv6IsTheAddressThatItHides() {
    try (var site = SwitchSite.with("")) {
      assertThat(added(site, "[::ffff:169.254.169.254]:80"))
          .isInstanceOf(ChangeResult.ForbiddenTarget.class);
    }
  }

  @Test
  void noChangeOfServersGetsAroundIt() {
    PeerSpec bad = server("169.254.169.254:80");
    UpstreamSpec group =
        UpstreamSpec.of("fresh", List.of(bad), new BalancingMethod.RoundRobin(), Keepalive.DEFAULT);
    try (var site = SwitchSite.with("")) {
      PeerPatch moved = PeerPatch.NOTHING.withServer("a.name:80", bad.address());
      for (Operation operation :
          List.of(
              edit(new UpstreamChange.Update(0, moved)),
              edit(new UpstreamChange.Replace(List.of(server("127.0.0.1:2"), bad))),
              new Operation.CreateUpstream(group))) {
        assertThat(made(site, operation)).isInstanceOf(ChangeResult.ForbiddenTarget.class);
      }
      assertNothingChanged(site);
      assertThat(site.proxy().upstreams().find("fresh")).isNull();
    }
  }

  @Test
  void allOfARequestIsRefusedForOneBadServer() {
    try (var site = SwitchSite.with("")) {
      assertThat(
              made(
                  site,
                  edit(new UpstreamChange.Add(server("10.0.0.1:80"))),
                  edit(new UpstreamChange.Add(server("169.254.1.1:80")))))
          .isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertNothingChanged(site);
    }
  }

  @Test
  void withoutRangesAnyOtherAddressIsTaken() {
    try (var site = SwitchSite.with("")) {
      assertThat(added(site, "203.0.113.9:80")).isInstanceOf(ChangeResult.Applied.class);
      assertThat(added(site, "unix:/run/app.sock")).isInstanceOf(ChangeResult.Applied.class);
    }
  }

  @Test
  void withRangesOnlyTheirAddressesAreTaken() {
    String http = "upstream_targets 10.0.0.0/8:8000-8999 [fd00::]/8;";
    try (var site = SwitchSite.with("listen 127.0.0.1:0;", "", http)) {
      assertThat(added(site, "10.1.2.3:8080")).isInstanceOf(ChangeResult.Applied.class);
      assertThat(added(site, "[fd12::1]:80")).isInstanceOf(ChangeResult.Applied.class);
      assertThat(added(site, "10.1.2.3:22")).isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertThat(added(site, "203.0.113.9:8080")).isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertThat(added(site, "[fd00:ec2::254]:80"))
          .isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertThat(added(site, "unix:/var/run/docker.sock"))
          .isInstanceOf(ChangeResult.ForbiddenTarget.class);
    }
  }

  @Test
  void unixSocketsAloneMayBeOpened() {
    try (var site = SwitchSite.with("listen 127.0.0.1:0;", "", "upstream_targets unix:;")) {
      assertThat(added(site, "unix:/run/app.sock")).isInstanceOf(ChangeResult.Applied.class);
      assertThat(added(site, "127.0.0.1:81")).isInstanceOf(ChangeResult.ForbiddenTarget.class);
    }
  }

  @Test
  void configuredServersAreWhereTheyAre() {
    try (var site = SwitchSite.with("listen 127.0.0.1:0;", "", "upstream_targets 10.0.0.0/8;")) {
      ChangeResult weighed =
          made(site, edit(new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(5))));
      assertThat(weighed).isInstanceOf(ChangeResult.Applied.class);
      assertThat(made(site, edit(new UpstreamChange.Remove(0))))
          .isInstanceOf(ChangeResult.Applied.class);
      assertThat(added(site, "127.0.0.1:2")).isInstanceOf(ChangeResult.Applied.class);
    }
  }

  @Test
  void theNodesOwnListenerIsNoServer() throws IOException {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    String listen = "listen 127.0.0.1:0; listen 127.0.0.1:" + port + ";";
    try (var site = SwitchSite.with(listen, "", "")) {
      assertThat(added(site, "127.0.0.1:" + port))
          .isInstanceOfSatisfying(
              ChangeResult.ForbiddenTarget.class,
              refused -> assertThat(refused.message()).contains("own listener"));
    }
  }

  @Test
  void aNameOfAnAddedServerIsJudgedEachTimeItIsResolved() throws Exception {
    try (FakeDns dns = FakeDns.start()) {
      dns.addresses("app.test", 1, "10.1.2.3", "169.254.169.254", "203.0.113.9");
      dns.addresses("configured.test", 1, "203.0.113.7");
      String http =
          "resolver "
              + dns.address()
              + " ipv6=off; upstream_targets 10.0.0.0/8;"
              + " upstream named { server configured.test:80 resolve; }";
      try (var site = SwitchSite.with("listen 127.0.0.1:0;", "", http)) {
        var added = PeerSpec.of("app.test:80", PeerAddress.parse("app.test:80 resolve"));
        ChangeResult result =
            made(site, new Operation.EditUpstream("named", new UpstreamChange.Add(added)));
        assertThat(result).isInstanceOf(ChangeResult.Applied.class);

        dns.awaitQuestions("app.test", 2); // what was answered first has been taken up by then
        dns.awaitQuestions("configured.test", 2);
        assertThat(peers(site)).containsExactlyInAnyOrder("203.0.113.7:80", "10.1.2.3:80");

        dns.addresses("app.test", 1, "10.1.2.3", "127.0.0.1");
        dns.awaitQuestions("app.test", dns.questionsFor("app.test") + 2);
        assertThat(peers(site)).containsExactlyInAnyOrder("203.0.113.7:80", "10.1.2.3:80");
        assertThat(site.proxy().errorLog()).contains("app.test is left out of upstream \"named\"");
      }
    }
  }

  private static List<String> peers(SwitchSite site) {
    return Objects.requireNonNull(site.proxy().upstreams().find("named")).current().peers().stream()
        .map(one -> one.address().text())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254:80",
        "169.254.169.254",
        "11.0.0.1:80",
        "0xa9.254.169.254:80",
        "2852039166:80",
        "unix:/var/run/docker.sock",
        "[::ffff:10.0.0.1]:80",
        "[::ffff:a00:1]:80",
        "metadata.internal",
        "no-such-group"
      })
  void aSwitchsZoneTakesNoOtherTargetThroughOtherInterfaces(String target) throws IOException {
    try (var site = SwitchSite.with("")) {
      assertThat(put(site, target)).isInstanceOf(ChangeResult.ForbiddenTarget.class);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"green", "10.9.9.9:80"})
  void aSwitchsZoneTakesWhatTheSwitchWould(String target) throws IOException {
    try (var site = SwitchSite.with("")) {
      assertThat(put(site, target)).isInstanceOf(ChangeResult.Applied.class);
      assertThat(site.which("a.test")).isEqualTo(target);
    }
  }

  private static ChangeResult put(SwitchSite site, String target) throws IOException {
    site.get("/switch?ups=blue&host=other.test"); // the zone is there
    var zone = Objects.requireNonNull(site.proxy().zone("switch"));
    return made(
        site,
        new Operation.EditZone(zone, List.of(new KeyvalChange.Put("a.test", target)), List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "169.254.169.254:80",
        "10.0.0.1:0",
        "10.0.0.1",
        "010.0.0.1:80",
        "0x0a.0.0.1:80",
        "167772161:80",
        "10.1:80",
        "[::ffff:10.0.0.1]:80",
        "[::ffff:a00:1]:80",
        "[::1]:80",
        "127.0.0.1:80",
        "unix:/var/run/docker.sock",
        "10.0.0.1:80@evil.test",
        "http://10.0.0.1:80"
      })
  void theSwitchGoesNowhereElse(String target) throws IOException {
    try (var site = SwitchSite.with("")) {
      String escaped = target.replace(":", "%3a").replace("[", "%5b").replace("]", "%5d");
      assertThat(site.get("/switch?ups=" + escaped).status()).isIn(400, 403, 404);
      assertThat(site.which("a.test")).isEqualTo("blue");
    }
  }
}

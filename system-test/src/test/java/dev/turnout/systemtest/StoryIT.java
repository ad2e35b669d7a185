package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The article's story: a site whose upstream is switched by a request, host by host.
class StoryIT {
  private static final String SITE = "energyaware.com";

  private FakeUpstream b1;
  private FakeUpstream b2;
  private FakeUpstream b3;
  private Turnout turnout;

  @BeforeEach
  @SuppressWarnings("NullAway.Init")
  void start() throws Exception {
    b1 = FakeUpstream.named("b1");
    b2 = FakeUpstream.named("b2");
    b3 = FakeUpstream.named("b3");
    turnout =
        Turnout.start(
            SwitchSite.of(
                SwitchSite.group(SwitchSite.DEFAULT_GROUP, b1.address(), b2.address(), b3.address())
                    + SwitchSite.group(
                        "energyaware_servers_3", b1.address(), b2.address(), b3.address())
                    + SwitchSite.group("energyaware_servers_2", b1.address(), b2.address())
                    + SwitchSite.group("energyaware_servers_1", b1.address())));
  }

  @AfterEach
  void stop() throws Exception {
    turnout.close();
    b1.close();
    b2.close();
    b3.close();
  }

  @Test
  void theDefaultGroupServesEvenly() throws IOException {
    assertThat(answers(SITE, 9)).isEqualTo(Map.of("b1", 3, "b2", 3, "b3", 3));
    assertThat(b1.requests())
        .allMatch(r -> r.headers().get("Host").orElse("").equals(SITE + ":" + turnout.port()));
  }

  @Test
  void withoutATargetTheSwitchExplainsItself() throws IOException {
    RawResponse response = get(SITE, "/upstream_switch");

    assertThat(response.status()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("usage: /upstream_switch?ups=x.x.x.x\n");
  }

  @Test
  void aSwitchMovesItsHostAndNoOther() throws IOException {
    assertThat(get(SITE, SwitchSite.switchTo("energyaware_servers_2")).status()).isEqualTo(200);

    assertThat(answers(SITE, 10)).isEqualTo(Map.of("b1", 5, "b2", 5));
    assertThat(answers("localhost", 9)).isEqualTo(Map.of("b1", 3, "b2", 3, "b3", 3));
  }

  @Test
  void theHostsCaseAndPortMakeNoOtherHost() throws IOException {
    get(SITE, SwitchSite.switchTo("energyaware_servers_1"));

    assertThat(answers("EnergyAware.com:80", 4)).isEqualTo(Map.of("b1", 4));
  }

  @Test
  void aSingleAddressCanBeTheTarget() throws IOException {
    assertThat(get(SITE, SwitchSite.switchTo(b3.address())).status()).isEqualTo(200);

    assertThat(answers(SITE, 6)).isEqualTo(Map.of("b3", 6));
  }

  @Test
  void theSwitchOutlivesReloadAndRestart() throws Exception {
    get(SITE, SwitchSite.switchTo("energyaware_servers_1"));

    turnout.reload();
    assertThat(answers(SITE, 4)).isEqualTo(Map.of("b1", 4));

    assertThat(turnout.quit()).isZero();
    turnout.start();
    assertThat(answers(SITE, 4)).isEqualTo(Map.of("b1", 4));

    turnout.kill();
    turnout.start();
    assertThat(answers(SITE, 4)).isEqualTo(Map.of("b1", 4));
  }

  @Test
  void aMistypedGroupIsRefusedWithWhatMayHaveBeenMeant() throws IOException {
    RawResponse response = get(SITE, SwitchSite.switchTo("energyaware_server_2"));

    assertThat(response.status()).isEqualTo(404);
    assertThat(response.body())
        .containsIgnoringCase("did you mean")
        .contains("energyaware_servers_2");
    assertThat(answers(SITE, 3)).isEqualTo(Map.of("b1", 1, "b2", 1, "b3", 1));
  }

  @Test
  void whatIsNoTargetIsRefused() throws IOException {
    for (String target : new String[] {"", "127.0.0.1", "127.0.0.1:x", "[::1", "a%2Fb"}) {
      assertThat(get(SITE, SwitchSite.switchTo(target)).status()).as(target).isEqualTo(400);
    }
    assertThat(SwitchSite.which(turnout.port(), SITE)).isEqualTo(SwitchSite.DEFAULT_GROUP);
  }

  @Test
  void anAddressOutsideTheOpenedRangesIsForbidden() throws IOException {
    for (String target :
        new String[] {"10.0.0.1:8080", "127.0.0.1:1023", "169.254.169.254:80", "[::1]:8080"}) {
      assertThat(get(SITE, SwitchSite.switchTo(target)).status()).as(target).isEqualTo(403);
    }
    assertThat(get(SITE, SwitchSite.switchTo("127.0.0.1:" + turnout.port())).status())
        .as("its own listener")
        .isEqualTo(403);
    assertThat(SwitchSite.which(turnout.port(), SITE)).isEqualTo(SwitchSite.DEFAULT_GROUP);
  }

  @Test
  void theStateIsAFileOfJson() throws IOException {
    get(SITE, SwitchSite.switchTo("energyaware_servers_2"));

    String state = turnout.read("state/switch.json");

    assertThat(JsonStrings.of(state)).contains(SITE, "energyaware_servers_2");
  }

  private RawResponse get(String host, String target) throws IOException {
    return RawClient.get(turnout.port(), host, target);
  }

  /// How often which upstream answered.
  private Map<String, Integer> answers(String host, int requests) throws IOException {
    Map<String, Integer> answers = new TreeMap<>();
    for (int i = 0; i < requests; i++) {
      answers.merge(get(host, "/").body(), 1, Integer::sum);
    }
    return answers;
  }
}

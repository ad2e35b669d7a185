package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Switches under load: no request fails, and none that begins after an acknowledgement goes where
/// requests went before.
class SwitchUnderLoadIT {
  private static final String SITE = "energyaware.com";
  private static final int CONNECTIONS = 64;
  private static final int SWITCHES = Campaign.size("switches", 1_000, 10_000);
  private static final List<String> GROUPS = List.of(SwitchSite.DEFAULT_GROUP, "g1", "g2", "g3");

  // The number of the switch that is acknowledged, and of the one that is asked for.
  private volatile int acknowledged;
  private volatile int asked;

  @Test
  void noRequestFailsAndNoneGoesBack() throws Exception {
    try (var b0 = FakeUpstream.namedForLoad("0");
        var b1 = FakeUpstream.namedForLoad("1");
        var b2 = FakeUpstream.namedForLoad("2");
        var b3 = FakeUpstream.namedForLoad("3");
        var turnout =
            Turnout.startForLoad(
                SwitchSite.of(
                    SwitchSite.group(GROUPS.get(0), b0.address())
                        + SwitchSite.group(GROUPS.get(1), b1.address())
                        + SwitchSite.group(GROUPS.get(2), b2.address())
                        + SwitchSite.group(GROUPS.get(3), b3.address())))) {
      long[] micros = new long[SWITCHES];
      long requests;
      List<String> failures;
      long began = System.nanoTime();

      try (var load = ClosedLoop.start(turnout.port(), CONNECTIONS, this::ask);
          var operator = RawClient.connect(turnout.port())) {
        load.awaitMore(CONNECTIONS);
        for (int n = 1; n <= SWITCHES; n++) {
          asked = n;
          long start = System.nanoTime();
          RawResponse answer = operator.get(SITE, SwitchSite.switchTo(group(n)));
          micros[n - 1] = (System.nanoTime() - start) / 1000;
          assertThat(answer.status()).as(answer.body()).isEqualTo(200);
          acknowledged = n;
        }
        load.awaitMore(CONNECTIONS);
        requests = load.done();
        failures = load.failures();
      }

      double seconds = (System.nanoTime() - began) / 1e9;
      Arrays.sort(micros);
      Campaign.report(
          "switches under load",
          "%d switches in %.1f s, p50 %d us, p99 %d us; %d requests, %.0f/s, %s failed or stale"
              .formatted(
                  SWITCHES,
                  seconds,
                  micros[SWITCHES / 2],
                  micros[SWITCHES * 99 / 100],
                  requests,
                  requests / seconds,
                  failures.isEmpty() ? "0" : failures));
      assertThat(failures).isEmpty();
    }
  }

  private void ask(RawClient client) throws Exception {
    int oldest = acknowledged;
    RawResponse response = client.get(SITE, "/");
    int newest = asked;
    if (response.status() != 200) {
      throw new AssertionError(response.raw());
    }
    for (int n = oldest; n <= newest; n++) {
      if (response.body().equals(Integer.toString(n % GROUPS.size()))) {
        return;
      }
    }
    throw new AssertionError(
        "after switch " + oldest + " and before " + (newest + 1) + " answered " + response.body());
  }

  private static String group(int n) {
    return GROUPS.get(n % GROUPS.size());
  }
}

package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.upstream.sticky.StickyCookie;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CanaryTest {
  private static final long NOW = 5_000_000;
  private static final Canary TENTH = new Canary(10, 100, 1);

  private final Random random = new Random(7);

  private Request request() {
    return Request.at(NOW).drawing(random);
  }

  private static Peer pick(Upstream group, Request request) {
    return Objects.requireNonNull(group.pick(request));
  }

  /// How many of a thousand requests each port gets; each is over at once.
  private Map<Integer, Integer> thousand(Upstream group) {
    Map<Integer, Integer> shares = new TreeMap<>();
    for (int i = 0; i < 1000; i++) {
      Request request = request().withKey("key-" + i);
      Peer peer = group.pick(request);
      shares.merge(peer == null ? -1 : port(peer), 1, Integer::sum);
      if (peer != null) {
        group.released(request, peer, Outcome.SUCCESS);
      }
    }
    return shares;
  }

  @ParameterizedTest
  @ValueSource(strings = {"round_robin", "least_conn", "ip_hash", "random two", "pack"})
  void aCanaryGetsItsShareOfTheRequestsWhateverTheMethod(String method) {
    Upstream group =
        upstream(
            spec(
                BalancingMethod.parse(method),
                server(1),
                server(2),
                server(3).withWeight(50).withCanary(TENTH)));

    assertThat(thousand(group).get(3)).isBetween(60, 140);
  }

  @Test
  void severalCanariesHaveSharesOfTheirOwn() {
    Upstream group =
        upstream(
            server(1), server(2).withCanary(TENTH), server(3).withCanary(new Canary(30, 100, 1)));

    Map<Integer, Integer> shares = thousand(group);

    assertThat(shares.get(2)).isBetween(60, 140);
    assertThat(shares.get(3)).isBetween(240, 360);
  }

  @Test
  void aRequestThatFailedThereGoesOnToAServerThatIsTrusted() {
    Upstream group = upstream(server(1), server(2).withCanary(new Canary(50, 100, 1)));
    Request request = request();
    Peer canary = pick(group, request);
    while (port(canary) != 2) {
      request = request();
      canary = pick(group, request);
    }

    group.released(request, canary, Outcome.FAILURE);

    assertThat(group.triesLeft(request)).isEqualTo(1);
    assertThat(port(pick(group, request))).isEqualTo(1);
  }

  @Test
  void aFailedAttemptElsewhereIsNotTriedAtTheCanaryUnlessNobodyElseIsThere() {
    Upstream group = upstream(server(1), server(2), server(3).withCanary(new Canary(50, 100, 1)));
    for (int i = 0; i < 50; i++) {
      Request request = request();
      Peer first = pick(group, request);
      group.released(request, first, Outcome.NEUTRAL);
      Peer second = pick(group, request);

      assertThat(port(second)).isNotEqualTo(3);

      group.released(request, second, Outcome.NEUTRAL);
    }
  }

  @Test
  void aCanaryIsBetterThanNoAnswer() {
    Upstream group = upstream(server(1).withDown(true), server(2).withCanary(TENTH));

    assertThat(thousand(group)).containsOnlyKeys(2);
  }

  @Test
  void theOnlyTrustedServerIsNeverTakenOut() {
    Upstream group = upstream(server(1), server(2).withCanary(TENTH));
    for (int i = 0; i < 20; i++) {
      Request request = request();
      Peer peer = pick(group, request);
      group.released(request, peer, port(peer) == 1 ? Outcome.FAILURE : Outcome.SUCCESS);
    }

    assertThat(thousand(group).get(1)).isGreaterThan(800);
  }

  @Test
  void aRequestThatIsBoundToOneStaysWithItAndOthersKeepTheirs() {
    UpstreamSpec plain = spec(server(1).withRoute("a"), server(2).withRoute("b").withCanary(TENTH));
    Upstream group =
        upstream(
            new UpstreamSpec(
                plain.name(),
                plain.servers(),
                plain.method(),
                plain.keepalive(),
                new UpstreamOptions(null, new StickyCookie("srv"), null),
                plain.nextId()));

    for (int i = 0; i < 50; i++) {
      assertThat(port(pick(group, request().boundBy("b")))).isEqualTo(2);
      assertThat(port(pick(group, request().boundBy("a")))).isEqualTo(1);
    }
  }

  @Test
  void onceTrustedItIsOneLikeTheOthersAndKeepsItsCounts() {
    UpstreamSpec first = spec(server(1), server(2).withCanary(TENTH));
    Upstream group = upstream(first);
    int before = Objects.requireNonNull(thousand(group).get(2));

    group.publish(changed(first, new UpstreamChange.Update(1, PeerPatch.NOTHING.trusting())), 2);

    assertThat(thousand(group).get(2)).isBetween(499, 501);
    assertThat(group.current().canaries()).isEmpty();
    assertThat(group.current().primaries().getLast().stats().requests())
        .isBetween(before + 499L, before + 501L);
  }

  @Test
  void onceTrustedItsShareGrowsWithItsSlowStart() {
    UpstreamSpec first = spec(server(1), server(2).withSlowStart(60_000).withCanary(TENTH));
    Upstream group = upstream(first);
    assertThat(thousand(group).get(2)).isBetween(60, 140); // no ramp beside the share

    group.publish(changed(first, new UpstreamChange.Update(1, PeerPatch.NOTHING.trusting())), 2);

    assertThat(thousand(group)).containsOnlyKeys(1); // at the very moment that it begins
    assertThat(group.current().primaries().getLast().slowStartLeftMillis(NOW)).isEqualTo(60_000);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, NOT_YET",
    "9, 1, NOT_YET",
    "10, 0, TRUSTED",
    "10, 1, TRUSTED",
    "0, 2, FAILED",
    "10, 2, FAILED"
  })
  void badAnswersCountFirst(long good, long bad, CanaryAnswers.Verdict verdict) {
    assertThat(new CanaryAnswers(good, bad).judge(new Canary(5, 10, 2))).isEqualTo(verdict);
  }

  @Test
  void neitherABackupNorANameThatIsResolvedIsOne() {
    assertThatThrownBy(() -> server(1).withBackup(true).withCanary(TENTH))
        .hasMessage("a backup is no canary");
    assertThatThrownBy(() ->
            PeerSpec.of("app.test", new PeerAddress.Unresolved("app.test", 80, ""))
                .withCanary(TENTH))
        .hasMessageContaining("its addresses come and go");
  }

  @Test
  void itsServerLineSaysIt() {
    assertThat(List.of(TENTH, new Canary(5, 7, 3)))
        .extracting(canary -> server(1).withCanary(canary).line())
        .containsExactly(
            "server 127.0.0.1:1 canary=10%;",
            "server 127.0.0.1:1 canary=5% canary_good=7 canary_bad=3;");
  }
}

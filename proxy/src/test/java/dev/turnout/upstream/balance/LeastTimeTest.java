package dev.turnout.upstream.balance;

import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Outcome;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.Request;
import dev.turnout.upstream.Servers;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class LeastTimeTest {
  private static final long NOW = 5_000_000;
  private static final BalancingMethod HEADER = new BalancingMethod.LeastTime(true, false);
  private static final BalancingMethod LAST_BYTE = new BalancingMethod.LeastTime(false, false);
  private static final BalancingMethod INFLIGHT = new BalancingMethod.LeastTime(false, true);
  private static final BalancingMethod HEADER_INFLIGHT = new BalancingMethod.LeastTime(true, true);

  private static Upstream two(BalancingMethod method) {
    return upstream(spec(method, server(1), server(2)));
  }

  private static Peer pick(Upstream group, Request request) {
    return Objects.requireNonNull(group.pick(request));
  }

  /// One request, which takes as long as `millis` says for the server's port.
  private static int serve(Upstream group, long now, long... millis) {
    Request request = Request.at(now);
    Peer peer = pick(group, request);
    long took = millis[port(peer) - 1];
    group.released(request.taking(took, took), peer, Outcome.SUCCESS);
    return port(peer);
  }

  private static int[] serveMany(Upstream group, int count, long now, long... millis) {
    int[] chosen = new int[millis.length];
    for (int i = 0; i < count; i++) {
      chosen[serve(group, now, millis) - 1]++;
    }
    return chosen;
  }

  @Test
  void theFasterServerGetsTheRequestsOnceBothAreKnown() {
    Upstream group = two(LAST_BYTE);

    assertThat(serveMany(group, 10, NOW, 4_000, 3)).containsExactly(1, 9);
  }

  @Test
  void timesThatDifferByLittleAreTheSame() {
    Upstream group = two(LAST_BYTE);

    assertThat(serveMany(group, 10, NOW, 3, 17)).containsExactly(5, 5);
  }

  @Test
  void onlyTheTimeThatIsAskedForCounts() {
    Upstream group = two(HEADER);
    for (int i = 0; i < 10; i++) {
      Request request = Request.at(NOW);
      Peer peer = pick(group, request);
      long body = port(peer) == 1 ? 4_000 : 0;
      group.released(request.taking(5, 5 + body), peer, Outcome.SUCCESS);
    }

    assertThat(group.current().peers()).extracting(p -> p.stats().requests()).containsOnly(5L);
  }

  @Test
  void theAverageMovesAsNginxsDoes() {
    Upstream group = upstream(spec(LAST_BYTE, server(1), server(2).withDown(true)));
    Peer peer = group.current().peers().getFirst();

    serve(group, NOW, 100);
    assertThat(peer.times().responseMillis()).isEqualTo(100);
    serve(group, NOW, 200);
    assertThat(peer.times().responseMillis()).isEqualTo(105); // 0.5 + 200 * 0.05 + 100 * 0.95
    serve(group, NOW, 0);
    assertThat(peer.times().responseMillis()).isEqualTo(100); // 0.5 + 105 * 0.95 = 100.25
  }

  @Test
  void aFailureIsNotMeasured() {
    Upstream group = two(LAST_BYTE);
    Request request = Request.at(NOW).taking(1, 1);
    Peer peer = pick(group, request);
    group.released(request, peer, Outcome.FAILURE);

    assertThat(peer.times().responseMillis()).isZero();
  }

  @Test
  void aSlowServerIsTriedAgainAsTimeGoesBy() {
    Upstream group = two(LAST_BYTE);
    assertThat(serveMany(group, 10, NOW, 4_000, 3)).containsExactly(1, 9);

    // fail_timeout is 10 s: its past counts half after 11 s, a quarter after 22 s, …
    assertThat(serveMany(group, 5, NOW + 60_000, 4_000, 3)).containsExactly(0, 5);
    assertThat(serveMany(group, 5, NOW + 100_000, 4_000, 3)[0]).isEqualTo(1);
  }

  @Test
  void runningRequestsMakeAServerSlower() {
    Upstream group = two(LAST_BYTE);
    serveMany(group, 2, NOW, 30, 70); // in steps 40 and 80

    assertThat(port(pick(group, Request.at(NOW)))).isEqualTo(1); // 40 against 80
    assertThat(port(pick(group, Request.at(NOW)))).isIn(1, 2); // 80 against 80
    assertThat(group.current().peers()).extracting(Peer::active).contains(1);
  }

  @Test
  void weightsDivideTheTime() {
    Upstream group = upstream(spec(LAST_BYTE, server(1).withWeight(4), server(2)));
    serveMany(group, 40, NOW, 70, 30);

    assertThat(serveMany(group, 10, NOW, 70, 30)).containsExactly(10, 0); // 80 / 4 against 40
  }

  @Test
  void beyondTheLimitOnlyTheLoadCounts() {
    Upstream group = two(LAST_BYTE);
    serveMany(group, 2, NOW, 6_000, 60_000);

    assertThat(serveMany(group, 10, NOW, 6_000, 60_000)).containsExactly(5, 5);
  }

  @Test
  void requestsThatHangSpeakAgainstTheirServer() {
    Upstream group = two(INFLIGHT);
    serveMany(group, 4, NOW, 10, 10);
    Peer hangs = pick(group, Request.at(NOW));

    for (int i = 0; i < 8; i++) {
      Request request = Request.at(NOW + 3_000);
      Peer peer = pick(group, request);
      assertThat(peer.id()).isNotEqualTo(hangs.id());
      group.released(request.taking(1, 1), peer, Outcome.SUCCESS);
    }
  }

  @Test
  void whatHungIsForgottenWhenItIsOver() {
    Upstream group = two(INFLIGHT);
    Request hanging = Request.at(NOW);
    Peer hangs = pick(group, hanging);
    serveMany(group, 4, NOW + 3_000, 10, 10);

    group.released(hanging.goingOnAt(NOW + 3_000), hangs, Outcome.FAILURE);

    int[] chosen = serveMany(group, 10, NOW + 20_000, 10, 10);
    assertThat(chosen[(int) hangs.id()]).isGreaterThanOrEqualTo(4); // one turn goes to its failure
  }

  @Test
  void withHeaderARequestHangsNoLongerOnceItsHeadIsThere() {
    Upstream group = two(HEADER_INFLIGHT);
    Request slowBody = Request.at(NOW);
    Peer peer = pick(group, slowBody);

    group.answering(slowBody.taking(10, -1), peer);
    assertThat(peer.times().headerMillis()).isEqualTo(10);
    group.released(slowBody.goingOnAt(NOW + 9_000).taking(10, 9_000), peer, Outcome.SUCCESS);

    assertThat(peer.times().headerMillis()).isEqualTo(10); // counted once
    assertThat(serveMany(group, 10, NOW + 9_000, 10, 10)).containsExactly(5, 5);
  }

  @Test
  void theAverageOutlivesAChangeOfTheList() {
    Upstream group = two(LAST_BYTE);
    serveMany(group, 4, NOW, 4_000, 3);

    PeerPatch heavier = PeerPatch.NOTHING.withWeight(2);
    group.publish(
        Servers.changed(group.current().spec(), new UpstreamChange.Update(0, heavier)), 2);

    assertThat(group.current().peers().getFirst().times().responseMillis()).isEqualTo(4_000);
  }

  @Test
  void ofTwoDrawnAtRandomTheFasterIsTaken() {
    BalancingMethod random =
        new BalancingMethod.Random(true, new BalancingMethod.LeastTime(false, false));
    Upstream group = two(random);
    Random draws = new Random(3);
    int[] chosen = new int[2];
    for (int i = 0; i < 50; i++) {
      Request request = Request.at(NOW).drawing(draws);
      Peer peer = pick(group, request);
      long took = port(peer) == 1 ? 4_000 : 3;
      group.released(request.taking(took, took), peer, Outcome.SUCCESS);
      chosen[port(peer) - 1]++;
    }

    assertThat(chosen[0]).isEqualTo(1);
  }
}

package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class UpstreamTest {
  private static final long NOW = 5_000_000;

  @Test
  void aPeerThatFailedTooOftenIsLeftAloneForTheWholeWindow() {
    Upstream group = upstream(server(1).withFailures(2, 10_000), server(2));

    failAt(group, 1, NOW);
    assertThat(isOffered(group, 1, NOW)).isTrue();
    failAt(group, 1, NOW);

    assertThat(isOffered(group, 1, NOW)).isFalse();
    assertThat(isOffered(group, 1, NOW + 10_999)).isFalse();
    assertThat(isOffered(group, 1, NOW + 11_000)).isTrue();
  }

  @Test
  void oneRequestProbesAPeerAfterTheWindowAndTheOthersWaitForItsFate() {
    Upstream group = upstream(server(1), server(2));
    failAt(group, 1, NOW);
    long later = NOW + 20_000;

    Request probe = Request.at(later);
    Peer probed = pickPort(group, probe, 1);
    assertThat(isOffered(group, 1, later)).isFalse();
    group.released(probe, probed, Outcome.SUCCESS);

    assertThat(isOffered(group, 1, later)).isTrue();
    assertThat(probed.health().fails()).isZero();
  }

  @Test
  void aSuccessInsideTheWindowDoesNotForgiveAFailure() {
    Upstream group = upstream(server(1).withFailures(2, 10_000), server(2));
    failAt(group, 1, NOW);

    Request fine = Request.at(NOW + 5_000);
    group.released(fine, pickPort(group, fine, 1), Outcome.SUCCESS);
    failAt(group, 1, NOW + 6_000);

    assertThat(isOffered(group, 1, NOW + 6_000)).isFalse();
  }

  @Test
  void anOnlyServerIsNeverTakenOut() {
    Upstream group = upstream(server(1));

    for (int i = 0; i < 10; i++) {
      failAt(group, 1, NOW);
    }

    assertThat(isOffered(group, 1, NOW)).isTrue();
    assertThat(group.current().primaries().getFirst().state(NOW)).isEqualTo(PeerState.UP);
  }

  @Test
  void anOnlyServerHasOneTry() {
    Upstream group = upstream(server(1));
    Request request = Request.at(NOW);

    assertThat(group.triesLeft(request)).isEqualTo(1);
    group.released(request, pickPort(group, request, 1), Outcome.FAILURE);

    assertThat(group.triesLeft(request)).isZero();
  }

  @Test
  void aClosedIdleConnectionCostsNoTry() {
    Upstream group = upstream(server(1));
    Request request = Request.at(NOW);
    group.released(request, pickPort(group, request, 1), Outcome.FAILURE);

    group.grantOneMore(request);

    assertThat(group.triesLeft(request)).isEqualTo(1);
    assertThat(group.pick(request)).isNotNull();
  }

  @Test
  void theRequestWhoseFailureTakesAPeerOutIsTold() {
    Upstream group = upstream(server(1).withFailures(2, 10_000), server(2));

    Request first = failAt(group, 1, NOW);
    Request second = failAt(group, 1, NOW);

    assertThat(first.disabled()).isEmpty();
    assertThat(second.disabled()).extracting(Servers::port).containsExactly(1);
    assertThat(group.current().peers().getFirst().stats().unavail()).isEqualTo(1);
    assertThat(group.current().peers().getFirst().stats().fails()).isEqualTo(2);
  }

  @Test
  void aFullPeerIsPassedOver() {
    Upstream group = upstream(server(1).withMaxConns(1));
    Request first = Request.at(NOW);
    Peer peer = pickPort(group, first, 1);

    assertThat(group.pick(Request.at(NOW))).isNull();
    group.released(first, peer, Outcome.SUCCESS);

    assertThat(isOffered(group, 1, NOW)).isTrue();
  }

  @Test
  void aDrainingOrDownPeerTakesNoNewRequest() {
    Upstream group = upstream(server(1).withDrain(true), server(2).withDown(true), server(3));

    assertThat(isOffered(group, 1, NOW)).isFalse();
    assertThat(isOffered(group, 2, NOW)).isFalse();
    assertThat(isOffered(group, 3, NOW)).isTrue();
    assertThat(group.current().peers())
        .extracting(peer -> peer.state(NOW))
        .containsExactly(PeerState.DRAINING, PeerState.DOWN, PeerState.UP);
  }

  @Test
  void anUpstreamWithoutServersOffersNone() {
    Upstream group = upstream(server(1));

    group.publish(changed(group.current().spec(), new UpstreamChange.Remove(0)), 2);

    assertThat(group.pick(Request.at(NOW))).isNull();
    assertThat(group.triesLeft(Request.at(NOW))).isZero();
  }

  @Test
  void aRetryGoesOnWithTheListAsItIsThen() {
    Upstream group = upstream(server(1), server(2));
    Request request = Request.at(NOW);
    group.released(request, pickPort(group, request, 1), Outcome.FAILURE);

    UpstreamSpec next = changed(group.current().spec(), new UpstreamChange.Remove(1));
    next = changed(next, new UpstreamChange.Add(server(3)));
    group.publish(next, 2);

    assertThat(group.triesLeft(request)).isEqualTo(1);
    assertThat(group.pick(request)).extracting(Servers::port).isEqualTo(3);
    assertThat(group.pick(request)).as("1 was tried before the change").isNull();
  }

  @Test
  void whatWasTriedIsRememberedBeyond64Peers() {
    int[] weights = new int[200];
    Arrays.fill(weights, 1);
    Upstream group = upstream(Servers.weighing(weights));
    Request request = Request.at(NOW);

    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 150; i++) {
      Peer peer = group.pick(request);
      ports.add(peer == null ? -1 : port(peer));
    }
    group.publish(changed(group.current().spec(), new UpstreamChange.Remove(0)), 2);
    for (int i = 0; i < 50; i++) {
      Peer peer = group.pick(request);
      ports.add(peer == null ? -1 : port(peer));
    }

    assertThat(ports).hasSize(200).doesNotContain(-1);
    assertThat(group.pick(request)).isNull();
  }

  @Test
  void aRemovedPeerIsAZombieUntilItsLastRequestEnds() {
    Upstream group = upstream(server(1), server(2));
    Request request = Request.at(NOW);
    Peer peer = pickPort(group, request, 1);

    group.publish(changed(group.current().spec(), new UpstreamChange.Remove(0)), 2);

    assertThat(group.zombies()).extracting(Servers::port).containsExactly(1);
    assertThat(isOffered(group, 1, NOW)).isFalse();
    group.released(request, peer, Outcome.SUCCESS);
    assertThat(group.zombies()).isEmpty();
  }

  @Test
  void aPeerThatLeavesWhileItIsBeingChosenGetsNothing() {
    Upstream group = upstream(server(1).withWeight(9), server(2));
    Peer leaving = group.current().peers().getFirst();
    UpstreamSpec next = changed(group.current().spec(), new UpstreamChange.Remove(0));
    Request request = Request.at(NOW).meanwhile(() -> group.publish(next, 2));

    assertThat(group.pick(request)).extracting(Servers::port).isEqualTo(2);

    assertThat(leaving.active()).isZero();
    assertThat(leaving.stats().requests()).isZero();
    assertThat(group.zombies()).isEmpty();
  }

  @Test
  void aBanOutlivesAnEditAReorderAndAReload() {
    Upstream group = upstream(server(1), server(2));
    failAt(group, 1, NOW);

    UpstreamSpec edited =
        changed(
            group.current().spec(), new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(7)));
    group.publish(edited, 2);
    group.publish(spec(server(3), server(2), server(1)).succeeding(edited), 3);

    assertThat(isOffered(group, 1, NOW)).isFalse();
    assertThat(group.current().spec().servers())
        .extracting(PeerSpec::id)
        .containsExactly(2L, 1L, 0L);
  }

  @Test
  void aServerThatMovesStartsWithAFreshRecord() {
    Upstream group = upstream(server(1), server(2));
    failAt(group, 1, NOW);
    PeerPatch move = PeerPatch.NOTHING.withServer("127.0.0.1:9", Servers.address(9));

    group.publish(changed(group.current().spec(), new UpstreamChange.Update(0, move)), 2);

    assertThat(isOffered(group, 9, NOW)).isTrue();
    assertThat(group.current().peers().getFirst().stats().fails()).isZero();
  }

  @Test
  void anEqualSpecKeepsEveryPeerAsItIs() {
    Upstream group = upstream(server(1), server(2));
    List<Peer> before = group.current().peers();

    group.publish(spec(server(1), server(2)), 9);

    assertThat(group.current().revision()).isEqualTo(9);
    assertThat(group.current().peers())
        .usingElementComparator((a, b) -> a == b ? 0 : 1)
        .containsExactlyElementsOf(before);
  }

  @Test
  void aNewServerIsBroughtInSlowly() {
    Upstream group = upstream(server(1).withSlowStart(10_000));
    UpstreamSpec next =
        changed(group.current().spec(), new UpstreamChange.Add(server(2).withSlowStart(10_000)));
    group.publish(next, 2);
    served(group, 1, NOW); // the ramp begins

    assertThat(served(group, 1_000, NOW + 2_500)).isBetween(120, 130); // a quarter of its half
    assertThat(served(group, 1_000, NOW + 5_000)).isBetween(245, 255);
    assertThat(served(group, 1_000, NOW + 10_000)).isEqualTo(500);
  }

  @Test
  void aServerThatIsWarmingUpIsBetterThanNone() {
    Upstream group = upstream(server(1), server(2).withDown(true).withSlowStart(10_000));
    group.publish(
        changed(
            group.current().spec(),
            new UpstreamChange.Update(1, PeerPatch.NOTHING.withDown(false))),
        2);
    failAt(group, 1, NOW);

    assertThat(served(group, 10, NOW)).isEqualTo(10);
  }

  @Test
  void aServerThatRecoversIsBroughtInSlowly() {
    Upstream group = upstream(server(1), server(2).withSlowStart(10_000));
    failAt(group, 2, NOW);
    long later = NOW + 20_000;
    Request probe = Request.at(later);
    group.released(probe, pickPort(group, probe, 2), Outcome.SUCCESS);

    served(group, 1, later);
    assertThat(served(group, 1_000, later + 2_500)).isBetween(120, 130);
  }

  /// How many of so many requests, one after the other, went to port 2.
  private static int served(Upstream group, int requests, long now) {
    int second = 0;
    for (int i = 0; i < requests; i++) {
      Request request = Request.at(now);
      Peer peer = group.pick(request);
      assertThat(peer).isNotNull();
      second += port(peer) == 2 ? 1 : 0;
      group.released(request, peer, Outcome.SUCCESS);
    }
    return second;
  }

  private static Request failAt(Upstream group, int port, long now) {
    Request request = Request.at(now);
    group.released(request, pickPort(group, request, port), Outcome.FAILURE);
    return request;
  }

  /// The peer on `port`, claimed by `request`, which has been nowhere yet.
  private static Peer pickPort(Upstream group, Request request, int port) {
    for (int i = 0; i < 100; i++) {
      Peer peer = group.pick(request);
      if (peer != null && port(peer) == port) {
        return peer;
      }
      if (peer != null) {
        peer.withdraw();
      }
      request.tries().reset();
    }
    throw new AssertionError("port " + port + " is not offered");
  }

  private static boolean isOffered(Upstream group, int port, long now) {
    boolean offered = false;
    for (int i = 0; i < 20; i++) {
      Peer peer = group.pick(Request.at(now));
      if (peer != null) {
        offered |= port(peer) == port;
        peer.withdraw();
      }
    }
    return offered;
  }
}

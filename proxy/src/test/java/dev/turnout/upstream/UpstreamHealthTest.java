package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.balance.Balancers;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/// The states of servers, by failures of requests and by results of probes; each change is asserted
/// by what the listener was told.
class UpstreamHealthTest {
  private static final long NOW = 5_000_000;
  private static final ProbeRules ONE = new ProbeRules("one", 1, 1, 1, false, false);

  private final HealthLog log = new HealthLog();

  private Upstream upstream(PeerSpec... servers) {
    return new Upstream(spec(servers), 1, Balancers::create, log);
  }

  private static HealthPolicy checks(ProbeRules... rules) {
    return new HealthPolicy(0, 100, List.of(rules));
  }

  private static void failAt(Upstream group, int port, long now) {
    Request request = Request.at(now);
    group.released(request, pickPort(group, request, port), Outcome.FAILURE);
  }

  private static void succeedAt(Upstream group, int port, long now) {
    Request request = Request.at(now);
    group.released(request, pickPort(group, request, port), Outcome.SUCCESS);
  }

  private static Peer pickPort(Upstream group, Request request, int port) {
    for (int i = 0; i < 100; i++) {
      Peer peer = group.pick(request);
      if (peer == null) {
        request.tries().reset();
      } else if (port(peer) == port) {
        return peer;
      } else {
        group.released(request, peer, Outcome.NEUTRAL);
        request.tries().reset();
      }
    }
    throw new AssertionError("server " + port + " is not offered");
  }

  /// The ports that requests go to now.
  private static SortedSet<Integer> offered(Upstream group, long now) {
    TreeSet<Integer> ports = new TreeSet<>();
    for (int i = 0; i < 50; i++) {
      Request request = Request.at(now);
      Peer peer = group.pick(request);
      if (peer != null) {
        ports.add(port(peer));
        peer.stats().withdrawn();
      }
    }
    return ports;
  }

  private static void probe(Upstream group, int port, ProbeRules rules, boolean passed) {
    group.probed(peer(group, port), rules, result(passed), "checking", HealthListener.none(), NOW);
  }

  private static ProbeResult result(boolean passed) {
    return new ProbeResult(1, 2, passed, "checking status code", "HTTP/1.1 200 OK");
  }

  private static Peer peer(Upstream group, int port) {
    return group.current().peers().stream()
        .filter(peer -> port(peer) == port)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aServerIsForgivenWhenSomebodySaysThatItIsWell() {
    Upstream group = upstream(server(1), server(2));
    failAt(group, 1, NOW);
    assertThat(offered(group, NOW)).containsExactly(2);

    peer(group, 1).forgive(NOW);

    assertThat(offered(group, NOW)).containsExactly(1, 2);
  }

  @Test
  void whenTheLastTwoServersFailAtOnceThereIsPanicAndItStays() throws Exception {
    for (int round = 0; round < 2000; round++) {
      Upstream group = upstream(server(1), server(2));
      group.follow(new HealthPolicy(30, 100, List.of(ONE)));
      CyclicBarrier together = new CyclicBarrier(2);
      Thread other =
          Thread.ofPlatform()
              .start(() -> {
                meet(together);
                probe(group, 2, ONE, false);
              });
      meet(together);
      probe(group, 1, ONE, false);
      other.join();

      assertThat(group.health().isPanic()).isTrue();
      assertThat(offered(group, NOW)).containsExactly(1, 2);
    }
  }

  private static void meet(CyclicBarrier together) {
    try {
      together.await(10, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aServerThatServedGoesOnHoweverSoonItsFirstCheckIs() {
    Upstream group = upstream(server(1));
    group.follow(HealthPolicy.NONE);
    CheckSpec check = check();
    group.onListChange(() -> probe(group, 1, check.rules(), true)); // of two that it must pass

    group.publish(withCheck(group.current().spec(), check), 2);

    assertThat(log.words()).isEmpty();
    assertThat(peer(group, 1).activeHealth().rises(check.rules().key())).isEqualTo(1);
    assertThat(offered(group, NOW)).containsExactly(1);
  }

  @Test
  void aProbeOfACheckThatIsNoMoreSaysNothing() {
    Upstream group = upstream(server(1));
    group.follow(checks(ONE));
    group.follow(HealthPolicy.NONE);

    probe(group, 1, ONE, false);

    assertThat(log.words()).isEmpty();
    assertThat(peer(group, 1).activeHealth().fails()).isEqualTo(1);
    assertThat(offered(group, NOW)).containsExactly(1);
  }

  private static CheckSpec check() {
    return new CheckSpec(
        CheckSpec.Type.HTTP,
        1000,
        1000,
        1,
        2,
        true,
        0,
        CheckSpec.STANDARD_REQUEST,
        CheckSpec.STANDARD_ALIVE,
        1);
  }

  private static UpstreamSpec withCheck(UpstreamSpec spec, CheckSpec check) {
    return new UpstreamSpec(
        spec.name(),
        spec.servers(),
        spec.method(),
        spec.keepalive(),
        new UpstreamOptions(null, null, null, new HealthOptions(0, 100, check)),
        spec.nextId());
  }

  @Test
  void aServerThatFailsAndRecoversIsToldTwice() {
    Upstream group = upstream(server(1).withFailures(2, 10_000), server(2));

    failAt(group, 1, NOW);
    assertThat(log.words()).isEmpty();
    failAt(group, 1, NOW);
    assertThat(log.words()).containsExactly("1 UP>UNAVAIL");
    assertThat(peer(group, 1).state(NOW)).isEqualTo(PeerState.UNAVAIL);
    succeedAt(group, 1, NOW + 11_000);

    assertThat(log.words()).containsExactly("1 UP>UNAVAIL", "1 UNAVAIL>UP");
    assertThat(log.reasons())
        .containsExactly("upstream server temporarily disabled", "a request succeeded");
  }

  @Test
  void aServerThatFailsAgainAfterItsWindowIsStillTheSameOutage() {
    Upstream group = upstream(server(1), server(2));

    failAt(group, 1, NOW);
    failAt(group, 1, NOW + 11_000);
    failAt(group, 1, NOW + 22_000);
    succeedAt(group, 1, NOW + 33_000);

    assertThat(log.words()).containsExactly("1 UP>UNAVAIL", "1 UNAVAIL>UP");
    assertThat(peer(group, 1).stats().unavail()).isEqualTo(1);
  }

  @Test
  void aFlappingServerIsToldEachTime() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(new ProbeRules("flap", 2, 2, 1, false, false)));
    ProbeRules rules = group.health().policy().checks().getFirst();

    for (boolean passed : new boolean[] {false, true, false, true, false, true}) {
      probe(group, 1, rules, passed); // never two in a row
    }
    assertThat(log.words()).isEmpty();
    for (boolean passed : new boolean[] {false, false, true, true, false, false, true, true}) {
      probe(group, 1, rules, passed);
    }

    assertThat(log.words())
        .containsExactly("1 UP>UNHEALTHY", "1 UNHEALTHY>UP", "1 UP>UNHEALTHY", "1 UNHEALTHY>UP");
    ActiveHealth found = peer(group, 1).activeHealth();
    assertThat(found.checks()).isEqualTo(14);
    assertThat(found.fails()).isEqualTo(7);
    assertThat(found.unhealthy()).isEqualTo(2);
    assertThat(found.lastPassed()).isTrue();
    assertThat(found.last()).isEqualTo(result(true));
    assertThat(found.rises("flap")).isEqualTo(2);
    assertThat(found.falls("flap")).isZero();
  }

  @Test
  void anUnhealthyServerTakesNoRequests() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));

    probe(group, 1, ONE, false);

    assertThat(offered(group, NOW)).containsExactly(2);
    assertThat(peer(group, 1).state(NOW)).isEqualTo(PeerState.UNHEALTHY);
  }

  @Test
  void theTimeAServerWasUnhealthyIsDowntime() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));
    Peer peer = peer(group, 1);

    group.probed(peer, ONE, result(false), "", HealthListener.none(), NOW);
    assertThat(peer.stats().totals(NOW + 60_000).downtimeMillis()).isEqualTo(60_000);
    group.probed(peer, ONE, result(true), "", HealthListener.none(), NOW + 70_000);

    assertThat(peer.stats().totals(NOW + 90_000).downtimeMillis()).isEqualTo(70_000);
  }

  @Test
  void anUnhealthyOnlyServerTakesNoRequestsEither() {
    Upstream group = upstream(server(1));
    group.follow(checks(ONE));

    probe(group, 1, ONE, false);
    assertThat(offered(group, NOW)).isEmpty();
    probe(group, 1, ONE, true);

    assertThat(offered(group, NOW)).containsExactly(1);
  }

  @Test
  void oneFailingCheckOfSeveralMakesAServerUnhealthy() {
    Upstream group = upstream(server(1), server(2));
    ProbeRules two = new ProbeRules("two", 1, 1, 1, false, false);
    group.follow(checks(ONE, two));

    probe(group, 1, ONE, false);
    probe(group, 1, two, true);
    assertThat(peer(group, 1).state(NOW)).isEqualTo(PeerState.UNHEALTHY);
    probe(group, 1, two, false);
    probe(group, 1, ONE, true);
    assertThat(peer(group, 1).state(NOW)).isEqualTo(PeerState.UNHEALTHY);
    probe(group, 1, two, true);

    assertThat(log.words()).containsExactly("1 UP>UNHEALTHY", "1 UNHEALTHY>UP");
  }

  @Test
  void aPassedCheckForgivesTheFailuresOfRequests() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));

    failAt(group, 1, NOW);
    probe(group, 1, ONE, false);
    probe(group, 1, ONE, true);

    assertThat(log.words())
        .containsExactly("1 UP>UNAVAIL", "1 UNAVAIL>UNHEALTHY", "1 UNHEALTHY>UP");
    assertThat(offered(group, NOW)).containsExactly(1, 2);
  }

  @Test
  void aServerUnderAMandatoryCheckWaitsForItsFirstPass() {
    ProbeRules mandatory = new ProbeRules("m", 1, 2, 1, true, false);
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(mandatory));
    assertThat(offered(group, NOW)).isEmpty();

    probe(group, 1, mandatory, true);
    assertThat(offered(group, NOW)).containsExactly(1);
    probe(group, 2, mandatory, false);
    probe(group, 2, mandatory, true);
    assertThat(offered(group, NOW)).containsExactly(1);
    probe(group, 2, mandatory, true);

    assertThat(offered(group, NOW)).containsExactly(1, 2);
    assertThat(log.words())
        .containsExactly(
            "1 UP>CHECKING",
            "2 UP>CHECKING",
            "1 CHECKING>UP",
            "2 CHECKING>UNHEALTHY",
            "2 UNHEALTHY>UP");
  }

  @Test
  void aServerThatIsAddedOrMovedWaitsForItsFirstPass() {
    ProbeRules mandatory = new ProbeRules("m", 1, 1, 1, true, true);
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(mandatory));
    probe(group, 1, mandatory, true);
    probe(group, 2, mandatory, true);
    UpstreamSpec present = group.current().spec();

    UpstreamSpec next = changed(present, new UpstreamChange.Add(server(3)));
    next =
        changed(
            next,
            new UpstreamChange.Update(
                1, PeerPatch.NOTHING.withServer("127.0.0.1:4", Servers.address(4))));
    group.publish(next, 2);

    assertThat(offered(group, NOW)).containsExactly(1);
    assertThat(peer(group, 3).state(NOW)).isEqualTo(PeerState.CHECKING);
    assertThat(peer(group, 4).state(NOW)).isEqualTo(PeerState.CHECKING);
    probe(group, 3, mandatory, true);
    assertThat(offered(group, NOW)).containsExactly(1, 3);
  }

  @Test
  void aReloadAsksForAnotherProofUnlessItIsPersistent() {
    for (boolean persistent : new boolean[] {false, true}) {
      ProbeRules mandatory = new ProbeRules("m", 1, 1, 1, true, persistent);
      Upstream group = upstream(server(1), server(2));
      group.follow(checks(mandatory));
      probe(group, 1, mandatory, true);

      group.follow(checks(mandatory));

      assertThat(offered(group, NOW)).isEqualTo(new TreeSet<>(persistent ? List.of(1) : List.of()));
    }
  }

  @Test
  void aPersistentCheckThatIsNewTrustsServersThatWereUp() {
    ProbeRules mandatory = new ProbeRules("m", 1, 1, 1, true, true);
    Upstream group = upstream(server(1), server(2));
    group.follow(HealthPolicy.NONE);

    group.follow(checks(mandatory));

    assertThat(offered(group, NOW)).containsExactly(1, 2);
  }

  @Test
  void healthSurvivesReloadsAndEdits() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));
    probe(group, 1, ONE, false);

    group.follow(checks(ONE));
    UpstreamSpec next =
        changed(
            group.current().spec(), new UpstreamChange.Update(0, PeerPatch.NOTHING.withWeight(7)));
    group.publish(changed(next, new UpstreamChange.Add(server(3))), 2);

    assertThat(offered(group, NOW)).containsExactly(2, 3);
    assertThat(log.words()).containsExactly("1 UP>UNHEALTHY");
  }

  @Test
  void aServerThatIsCheckedNoMoreIsTrusted() {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));
    probe(group, 1, ONE, false);

    group.follow(HealthPolicy.NONE);

    assertThat(offered(group, NOW)).containsExactly(1, 2);
    assertThat(log.words()).containsExactly("1 UP>UNHEALTHY", "1 UNHEALTHY>UP");
    assertThat(log.reasons()).endsWith("the configuration changed");
  }

  @Test
  void drainingAndDownAreTold() {
    Upstream group = upstream(server(1), server(2));
    PeerPatch[] patches = {
      PeerPatch.NOTHING.withDrain(true),
      PeerPatch.NOTHING.withDown(true),
      PeerPatch.NOTHING.withDown(false).withDrain(false)
    };
    for (PeerPatch patch : patches) {
      group.publish(changed(group.current().spec(), new UpstreamChange.Update(0, patch)), 2);
    }

    assertThat(log.words()).containsExactly("1 UP>DRAINING", "1 DRAINING>DOWN", "1 DOWN>UP");
  }

  @Test
  void aServerThatIsHealthyAgainStartsSlowly() {
    Upstream group = upstream(server(1).withSlowStart(10_000), server(2));
    group.follow(checks(ONE));
    probe(group, 1, ONE, false);
    probe(group, 1, ONE, true);

    assertThat(log.words()).containsExactly("1 UP>UNHEALTHY", "1 UNHEALTHY>UP");
    assertThat(shareOfFirst(group, NOW)).isZero(); // the ramp begins
    assertThat(shareOfFirst(group, NOW + 5_000)).isBetween(0.15, 0.35);
    assertThat(shareOfFirst(group, NOW + 10_000)).isEqualTo(0.5);
  }

  private static double shareOfFirst(Upstream group, long now) {
    int first = 0;
    for (int i = 0; i < 100; i++) {
      Request request = Request.at(now);
      Peer peer = group.pick(request);
      assertThat(peer).isNotNull();
      first += port(peer) == 1 ? 1 : 0;
      group.released(request, peer, Outcome.SUCCESS);
    }
    return first / 100.0;
  }

  @Test
  void withoutAThresholdNobodyServesWhenAllAreOut() {
    Upstream group = upstream(server(1), server(2));
    failAt(group, 1, NOW);
    failAt(group, 2, NOW);

    assertThat(offered(group, NOW)).isEmpty();
    assertThat(group.health().isPanic()).isFalse();
  }

  @Test
  void inPanicAllServersServeAndItEndsWhenEnoughAreBack() {
    Upstream group = upstream(server(1), server(2), server(3), server(4));
    group.follow(new HealthPolicy(50, 100, List.of(ONE)));
    probe(group, 1, ONE, false);
    failAt(group, 2, NOW);
    assertThat(group.health().isPanic()).isFalse();

    failAt(group, 3, NOW);
    assertThat(group.health().isPanic()).isTrue();
    assertThat(offered(group, NOW)).containsExactly(1, 2, 3, 4);
    probe(group, 1, ONE, true);

    assertThat(group.health().isPanic()).isFalse();
    assertThat(offered(group, NOW)).containsExactly(1, 4);
    assertThat(log.words())
        .containsExactly(
            "1 UP>UNHEALTHY",
            "2 UP>UNAVAIL",
            "3 UP>UNAVAIL",
            "panic 1/4",
            "1 UNHEALTHY>UP",
            "calm 2/4");
  }

  @Test
  void aPanicEndsWhenWindowsPassWithoutAnyOtherEvent() {
    Upstream group = upstream(server(1), server(2));
    group.follow(new HealthPolicy(30, 100, List.of()));
    failAt(group, 1, NOW);
    failAt(group, 2, NOW);
    assertThat(group.health().isPanic()).isTrue();

    offered(group, NOW + 11_000);

    assertThat(group.health().isPanic()).isFalse();
    assertThat(log.words()).endsWith("panic 0/2", "calm 2/2");
  }

  @Test
  void thereIsNoPanicWhileBackupsAreThere() {
    Upstream group = upstream(server(1), server(2), server(3).withBackup(true));
    group.follow(new HealthPolicy(60, 100, List.of()));
    failAt(group, 1, NOW);
    failAt(group, 2, NOW);
    assertThat(group.health().isPanic()).isFalse();
    assertThat(offered(group, NOW)).containsExactly(3);

    failAt(group, 3, NOW);

    assertThat(log.words()).endsWith("panic 0/3");
    assertThat(offered(group, NOW)).containsExactly(1, 2);
  }

  @Test
  void evenInPanicAServerWithoutItsFirstPassStaysOut() {
    ProbeRules mandatory = new ProbeRules("m", 1, 1, 1, true, false);
    Upstream group = upstream(server(1), server(2), server(3));
    group.follow(new HealthPolicy(60, 100, List.of(mandatory)));
    assertThat(offered(group, NOW)).isEmpty();
    assertThat(group.health().isPanic()).isFalse();

    probe(group, 1, mandatory, true);
    failAt(group, 1, NOW);

    assertThat(group.health().isPanic()).isTrue();
    assertThat(offered(group, NOW)).containsExactly(1);
  }

  @Test
  void failuresTakeOutNoMoreServersThanTheCapAllows() {
    Upstream group = upstream(server(1), server(2), server(3), server(4));
    group.follow(new HealthPolicy(0, 50, List.of()));

    for (int port = 1; port <= 4; port++) {
      failAt(group, port, NOW);
    }
    assertThat(offered(group, NOW)).containsExactly(3, 4);
    assertThat(log.words()).containsExactly("1 UP>UNAVAIL", "2 UP>UNAVAIL");
    failAt(group, 3, NOW + 11_000); // the others' windows are over

    assertThat(offered(group, NOW + 11_000)).doesNotContain(3);
  }

  @Test
  void theCapAlwaysLetsOneServerBeTakenOut() {
    Upstream group = upstream(server(1), server(2), server(3));
    group.follow(new HealthPolicy(0, 10, List.of()));

    failAt(group, 1, NOW);
    failAt(group, 2, NOW);

    assertThat(offered(group, NOW)).containsExactly(2, 3);
  }

  @Test
  void failuresOfRequestsOnManyLoopsLoseNoVerdict() throws Exception {
    Upstream group = upstream(server(1), server(2));
    group.follow(checks(ONE));
    Peer peer = peer(group, 1);
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> loops = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      long seed = i;
      loops.add(
          Thread.ofPlatform()
              .start(() -> {
                for (long now = NOW + seed; !over.get(); now += 5_000) {
                  peer.claim(now);
                  peer.released(now % 2 == 0 ? Outcome.FAILURE : Outcome.SUCCESS, now);
                }
              }));
    }

    for (int i = 0; i < 20_000; i++) {
      boolean passed = i % 2 == 1;
      probe(group, 1, ONE, passed);
      assertThat(peer.health().isBarred()).isEqualTo(!passed);
    }
    over.set(true);
    for (Thread loop : loops) {
      loop.join();
    }

    assertThat(peer.activeHealth().unhealthy()).isEqualTo(10_000);
    assertThat(peer.active()).isZero();
  }
}

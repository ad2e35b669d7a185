package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.changed;
import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.sticky.Sticky;
import dev.turnout.upstream.sticky.StickyLearn;
import dev.turnout.upstream.sticky.StickyRoute;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class StickyPickTest {
  private static final long NOW = 5_000_000;
  private static final Sticky ROUTE = new StickyRoute(List.of("r"));
  private static final BalancingMethod ROUND_ROBIN = new BalancingMethod.RoundRobin();

  static Stream<BalancingMethod> methods() {
    return Stream.of(
        ROUND_ROBIN,
        new BalancingMethod.LeastConnections(),
        new BalancingMethod.LeastTime(true, true),
        new BalancingMethod.IpHash(),
        new BalancingMethod.Hash("$uri", false),
        new BalancingMethod.Hash("$uri", true),
        new BalancingMethod.Random(false),
        new BalancingMethod.Random(true));
  }

  private static Upstream group(Sticky sticky, BalancingMethod method, PeerSpec... servers) {
    return upstream(
        UpstreamSpec.of(
            "app",
            List.of(servers),
            method,
            Keepalive.DEFAULT,
            new UpstreamOptions(null, sticky, null)));
  }

  private static PeerSpec[] named(int count) {
    PeerSpec[] servers = new PeerSpec[count];
    Arrays.setAll(servers, i -> server(i + 1).withRoute("r" + (i + 1)));
    return servers;
  }

  private static Request bound(String key) {
    return Request.at(NOW).boundBy(key).withKey("key");
  }

  private static int pick(Upstream group, Request request) {
    return port(Objects.requireNonNull(group.pick(request)));
  }

  private static int serve(Upstream group, Request request) {
    Peer peer = Objects.requireNonNull(group.pick(request));
    group.released(request, peer, Outcome.SUCCESS);
    return port(peer);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aBoundRequestGoesToItsServerWhateverTheMethod(BalancingMethod method) {
    Upstream group = group(ROUTE, method, named(5));

    for (int i = 0; i < 20; i++) {
      int wanted = 1 + i % 5;
      assertThat(serve(group, bound("r" + wanted))).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aDrainingServerTakesOnlyWhatIsBoundToIt(BalancingMethod method) {
    PeerSpec[] servers = named(3);
    servers[1] = servers[1].withDrain(true);
    Upstream group = group(ROUTE, method, servers);

    for (int i = 0; i < 30; i++) {
      assertThat(serve(group, bound("r2"))).isEqualTo(2);
      assertThat(serve(group, Request.at(NOW).withKey("k" + i))).isNotEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("methods")
  void aRequestBoundToAServerThatIsDownIsChosenAnother(BalancingMethod method) {
    PeerSpec[] servers = named(3);
    servers[1] = servers[1].withDown(true);
    Upstream group = group(ROUTE, method, servers);

    assertThat(serve(group, bound("r2"))).isIn(1, 3);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void theRetryOfABoundRequestGoesElsewhere(BalancingMethod method) {
    Upstream group = group(ROUTE, method, named(2));
    Request request = bound("r2");
    Peer first = Objects.requireNonNull(group.pick(request));
    group.released(request, first, Outcome.FAILURE);

    assertThat(port(first)).isEqualTo(2);
    assertThat(pick(group, request)).isEqualTo(1);
  }

  @Test
  void aRequestBoundToAServerThatIsOutIsChosenAnother() {
    Upstream group = group(ROUTE, ROUND_ROBIN, named(2));
    Request failing = bound("r1");
    group.released(failing, Objects.requireNonNull(group.pick(failing)), Outcome.FAILURE);

    assertThat(serve(group, bound("r1"))).isEqualTo(2);
  }

  @Test
  void aRequestBoundToAFullServerIsChosenAnother() {
    Upstream group = group(ROUTE, ROUND_ROBIN, server(1).withRoute("a").withMaxConns(2), server(2));

    assertThat(Stream.generate(() -> pick(group, bound("a"))).limit(4)).containsExactly(1, 1, 2, 2);
  }

  @Test
  void anOnlyServerThatDrainsTakesOnlyWhatIsBoundToIt() {
    Upstream group = group(ROUTE, ROUND_ROBIN, server(1).withRoute("a").withDrain(true));

    assertThat(group.pick(Request.at(NOW))).isNull();
    assertThat(serve(group, bound("a"))).isEqualTo(1);
  }

  @Test
  void aServerWithoutARouteIsKnownByItsAddress() {
    Upstream group = group(ROUTE, ROUND_ROBIN, server(1), server(2));
    String second = group.current().peers().get(1).route();

    for (int i = 0; i < 5; i++) {
      assertThat(serve(group, bound(second))).isEqualTo(2);
    }
  }

  @Test
  void ofTwoServersWithOneRouteTheFirstCounts() {
    Upstream group =
        group(ROUTE, ROUND_ROBIN, server(1), server(2).withRoute("a"), server(3).withRoute("a"));

    for (int i = 0; i < 5; i++) {
      assertThat(serve(group, bound("a"))).isEqualTo(2);
    }
  }

  @Test
  void aBackupIsBoundToOnlyWhileNoPrimaryCanBeChosen() {
    Upstream up = group(ROUTE, ROUND_ROBIN, server(1), backup(2, "b"), backup(3, "c"));
    Upstream down =
        group(ROUTE, ROUND_ROBIN, server(1).withDown(true), backup(2, "b"), backup(3, "c"));

    assertThat(serve(up, bound("c"))).isEqualTo(1);
    assertThat(serve(down, bound("c"))).isEqualTo(3);
    assertThat(serve(down, bound("c"))).isEqualTo(3);
  }

  private static PeerSpec backup(int port, String route) {
    return server(port).withBackup(true).withRoute(route);
  }

  @Test
  void aBoundRequestCountsAsItsServersTurnButNotForMoreThanOneRound() {
    Upstream group = group(ROUTE, ROUND_ROBIN, named(3));

    serve(group, bound("r1"));
    assertThat(Stream.generate(() -> serve(group, Request.at(NOW))).limit(3))
        .containsExactly(2, 3, 1);

    for (int i = 0; i < 50; i++) {
      serve(group, bound("r1"));
    }
    int[] chosen = new int[3];
    for (int i = 0; i < 12; i++) {
      chosen[serve(group, Request.at(NOW)) - 1]++;
    }
    assertThat(chosen[0]).isGreaterThanOrEqualTo(3);
  }

  @Test
  void drainingServersCountAsNoTryForOthers() {
    Upstream group = group(ROUTE, ROUND_ROBIN, server(1).withDrain(true), server(2));

    assertThat(group.triesLeft(Request.at(NOW))).isEqualTo(1);
  }

  @Test
  void aRequestThatFailsAtItsDrainingServerIsTriedElsewhere() {
    Upstream group = group(ROUTE, ROUND_ROBIN, server(1).withRoute("a").withDrain(true), server(2));
    Request request = bound("a");
    group.released(request, Objects.requireNonNull(group.pick(request)), Outcome.FAILURE);

    assertThat(group.triesLeft(request)).isEqualTo(1);
    assertThat(pick(group, request)).isEqualTo(2);
  }

  // ---- learned sessions

  private static final StickyLearn LEARN =
      new StickyLearn("z", 1 << 20, 10_000, false, false, List.of("c"), List.of("l"));

  @Test
  void aSessionIsLearnedWithTheResponseAndThenBinds() {
    Upstream group = group(LEARN, ROUND_ROBIN, named(3));
    Request login = Request.at(NOW).beginning("s");
    Peer home = Objects.requireNonNull(group.pick(login));
    assertThat(group.sessionsAt(home, NOW)).hasValue(0);
    group.released(login, home, Outcome.SUCCESS);

    assertThat(group.sessionsAt(home, NOW)).hasValue(1);
    for (int i = 0; i < 5; i++) {
      assertThat(serve(group, bound("s"))).isEqualTo(port(home));
    }
  }

  @Test
  void aFailureTeachesNothing() {
    Upstream group = group(LEARN, ROUND_ROBIN, named(2));
    Request login = Request.at(NOW).beginning("s");
    Peer peer = Objects.requireNonNull(group.pick(login));
    group.released(login, peer, Outcome.FAILURE);

    assertThat(group.sessionsAt(peer, NOW)).hasValue(0);
  }

  @Test
  void aRequestThatIsGivenUpStillTeaches() {
    Upstream group = group(LEARN, ROUND_ROBIN, named(2));
    Request login = Request.at(NOW).beginning("s");
    Peer peer = Objects.requireNonNull(group.pick(login));
    group.abandoned(login, peer);

    assertThat(group.sessionsAt(peer, NOW)).hasValue(1);
    assertThat(peer.active()).isZero();
  }

  @Test
  void withHeaderASessionIsLearnedBeforeTheBody() {
    StickyLearn atHead =
        new StickyLearn("z", 1 << 20, 10_000, true, false, List.of("c"), List.of("l"));
    Upstream group = group(atHead, ROUND_ROBIN, named(2));
    Request login = Request.at(NOW).beginning("s");
    Peer peer = Objects.requireNonNull(group.pick(login));

    group.answering(login, peer);

    assertThat(serve(group, bound("s"))).isEqualTo(port(peer));
  }

  @Test
  void sessionsOutliveEveryEditThatKeepsTheirServer() {
    Upstream group = group(LEARN, ROUND_ROBIN, named(3));
    Request login = Request.at(NOW).beginning("s");
    Peer home = Objects.requireNonNull(group.pick(login));
    group.released(login, home, Outcome.SUCCESS);

    UpstreamSpec spec = group.current().spec();
    PeerPatch heavier = PeerPatch.NOTHING.withWeight(7).withDrain(true);
    group.publish(changed(spec, new UpstreamChange.Update(home.id(), heavier)), 2);
    UpstreamSpec reversed = changed(group.current().spec(), reversed(group));
    group.publish(reversed, 3);
    group.publish(changed(reversed, new UpstreamChange.Add(server(9))), 4);

    assertThat(serve(group, bound("s"))).isEqualTo(port(home));
    assertThat(group.sessionsAt(home, NOW)).hasValue(1);
  }

  private static UpstreamChange reversed(Upstream group) {
    return new UpstreamChange.Replace(group.current().spec().servers().reversed());
  }

  @Test
  void aTableOfAnotherSizeBeginsAnew() {
    Upstream group = group(LEARN, ROUND_ROBIN, named(2));
    Request login = Request.at(NOW).beginning("s");
    Peer home = Objects.requireNonNull(group.pick(login));
    group.released(login, home, Outcome.SUCCESS);
    UpstreamSpec spec = group.current().spec();
    StickyLearn longer =
        new StickyLearn("z", 1 << 20, 99_000, false, false, List.of("c"), List.of("l"));
    StickyLearn larger =
        new StickyLearn("z", 2 << 20, 99_000, false, false, List.of("c"), List.of("l"));

    group.publish(withSticky(spec, longer), 2);
    assertThat(group.sessionsAt(home, NOW)).hasValue(1);
    group.publish(withSticky(spec, larger), 3);
    assertThat(group.sessionsAt(home, NOW)).hasValue(0);
  }

  private static UpstreamSpec withSticky(UpstreamSpec spec, Sticky sticky) {
    return UpstreamSpec.of(
            spec.name(),
            spec.servers().stream().map(s -> s.withId(PeerSpec.UNASSIGNED)).toList(),
            spec.method(),
            spec.keepalive(),
            new UpstreamOptions(null, sticky, null))
        .succeeding(spec);
  }

  @Test
  void withoutLearningNobodyCounts() {
    Upstream group = group(ROUTE, ROUND_ROBIN, named(2));

    assertThat(group.sessionsAt(group.current().peers().getFirst(), NOW)).isEmpty();
  }
}

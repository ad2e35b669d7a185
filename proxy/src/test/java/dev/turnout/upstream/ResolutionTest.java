package dev.turnout.upstream;

import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Peers that stand for names.
class ResolutionTest {
  private static final PeerAddress.Unresolved APP =
      new PeerAddress.Unresolved("app.example.com", 8080, "");
  private static final PeerAddress.Unresolved SERVICE =
      new PeerAddress.Unresolved("example.com", 80, "http");

  private static PeerSpec named(PeerAddress.Unresolved name) {
    return PeerSpec.of(name.host() + ":" + name.port(), name);
  }

  private static List<ResolvedServer> found(String... addresses) {
    return Arrays.stream(addresses)
        .map(one -> ResolvedServer.of(InetAddress.ofLiteral(one)))
        .toList();
  }

  private static ResolvedServer record(String address, int weight, boolean backup) {
    return new ResolvedServer(InetAddress.ofLiteral(address), 81, "a.example.com", weight, backup);
  }

  private static List<String> addresses(List<Peer> peers) {
    return peers.stream().map(peer -> peer.address().text()).toList();
  }

  private static Request request() {
    return Request.at(1_000);
  }

  @Test
  void aNameHasNoPeersBeforeItIsResolved() {
    Upstream group = upstream(named(APP));

    assertThat(group.current().peers()).isEmpty();
    assertThat(group.pick(request())).isNull();
    assertThat(group.triesLeft(request())).isZero();
  }

  @Test
  void everyAddressIsAPeerWithTheParametersOfTheServer() {
    Upstream group = upstream(server(1), named(APP).withWeight(3).withMaxConns(7));

    assertThat(group.resolved(1, APP, found("127.0.0.2", "::2"))).isTrue();

    List<Peer> peers = group.current().peers();
    assertThat(addresses(peers)).containsExactly("127.0.0.1:1", "127.0.0.2:8080", "[::2]:8080");
    assertThat(peers.subList(1, 3))
        .allSatisfy(peer -> {
          assertThat(peer.weight()).isEqualTo(3);
          assertThat(peer.spec().maxConns()).isEqualTo(7);
          assertThat(peer.spec().server()).isEqualTo("app.example.com:8080");
          assertThat(group.current().parent(peer))
              .isEqualTo(group.current().spec().servers().get(1));
        });
    assertThat(group.current().parent(peers.getFirst())).isNull();
    assertThat(peers).extracting(Peer::id).doesNotHaveDuplicates();
  }

  @Test
  void whatIsWantedDoesNotChangeWithWhatIsFound() {
    Upstream group = upstream(named(APP));
    UpstreamSpec wanted = group.current().spec();

    group.resolved(0, APP, found("127.0.0.2"));

    assertThat(group.current().spec()).isEqualTo(wanted);
    assertThat(group.current().revision()).isEqualTo(1);
  }

  @Test
  void anAddressThatStaysKeepsItsState() {
    Upstream group = upstream(named(APP));
    group.resolved(0, APP, found("127.0.0.2", "127.0.0.3"));
    Peer stays = group.current().peers().get(1);

    group.resolved(0, APP, found("127.0.0.4", "127.0.0.3"));

    assertThat(addresses(group.current().peers()))
        .containsExactly("127.0.0.3:8080", "127.0.0.4:8080");
    assertThat(group.current().peers().getFirst().isSameServer(stays)).isTrue();
    assertThat(group.current().peers().getFirst().id()).isEqualTo(stays.id());
  }

  @Test
  void theSameAddressesInAnotherOrderChangeNothing() {
    Upstream group = upstream(named(APP));
    group.resolved(0, APP, found("127.0.0.2", "127.0.0.3"));
    PeerSet before = group.current();

    assertThat(group.resolved(0, APP, found("127.0.0.3", "127.0.0.2"))).isFalse();

    assertThat(group.current()).isSameAs(before);
  }

  @Test
  void anAddressThatIsNamedTwiceIsTwoPeers() {
    Upstream group = upstream(named(APP));

    group.resolved(0, APP, found("127.0.0.2", "127.0.0.2"));
    assertThat(group.current().peers()).hasSize(2);

    group.resolved(0, APP, found("127.0.0.2"));
    assertThat(group.current().peers()).hasSize(1);
  }

  @Test
  void aRequestAtAnAddressThatIsGoneEndsInPeace() {
    Upstream group = upstream(named(APP));
    group.resolved(0, APP, found("127.0.0.2"));
    Request request = request();
    Peer peer = group.pick(request);
    assertThat(peer).isNotNull();

    group.resolved(0, APP, found("127.0.0.3"));
    assertThat(group.zombies()).containsExactly(peer);

    group.released(request, peer, Outcome.SUCCESS);
    assertThat(group.zombies()).isEmpty();
  }

  @Test
  void aSingleAddressIsAnOnlyServerUntilThereIsAnother() {
    Upstream group = upstream(named(APP));

    group.resolved(0, APP, found("127.0.0.2"));
    assertThat(group.current().peers().getFirst().isAlone()).isTrue();

    group.resolved(0, APP, found("127.0.0.2", "127.0.0.3"));
    assertThat(group.current().peers()).noneMatch(Peer::isAlone);
  }

  @Test
  void serviceRecordsOfLesserPriorityAreBackups() {
    Upstream group = upstream(named(SERVICE));

    group.resolved(
        0, SERVICE, List.of(record("127.0.0.2", 5, false), record("127.0.0.3", 2, true)));

    assertThat(addresses(group.current().primaries())).containsExactly("127.0.0.2:81");
    assertThat(addresses(group.current().backups())).containsExactly("127.0.0.3:81");
    assertThat(group.current().peers()).extracting(Peer::weight).containsExactly(5, 2);
    assertThat(group.current().peers().getFirst().spec().server()).isEqualTo("a.example.com");
  }

  @Test
  void aWeightOfTheServerOutranksThatOfItsRecords() {
    Upstream group = upstream(named(SERVICE).withWeight(9));

    group.resolved(0, SERVICE, List.of(record("127.0.0.2", 5, false)));

    assertThat(group.current().peers().getFirst().weight()).isEqualTo(9);
  }

  @Test
  void editingTheServerEditsItsPeersAndKeepsTheirState() {
    Upstream group = upstream(named(APP));
    group.resolved(0, APP, found("127.0.0.2"));
    Peer before = group.current().peers().getFirst();

    group.publish(
        Servers.changed(
            group.current().spec(), new UpstreamChange.Update(0, PeerPatch.NOTHING.withDown(true))),
        2);

    Peer after = group.current().peers().getFirst();
    assertThat(after.isSameServer(before)).isTrue();
    assertThat(after.spec().down()).isTrue();
  }

  @Test
  void addressesGoOverToAReloadedServerWithAnotherPort() {
    Upstream group = upstream(named(APP));
    group.resolved(0, APP, found("127.0.0.2"));
    PeerAddress.Unresolved moved = new PeerAddress.Unresolved("app.example.com", 9090, "");

    group.publish(spec(named(moved)).succeeding(group.current().spec()), 2);

    assertThat(addresses(group.current().peers())).containsExactly("127.0.0.2:9090");
  }

  @Test
  void anAnswerForAServerThatIsGoneChangesNothing() {
    Upstream group = upstream(server(1), named(APP));
    group.publish(Servers.changed(group.current().spec(), new UpstreamChange.Remove(1)), 2);

    assertThat(group.resolved(1, APP, found("127.0.0.2"))).isFalse();
    assertThat(addresses(group.current().peers())).containsExactly("127.0.0.1:1");
  }

  @Test
  void hashingHasAUseForNamesToo() {
    Upstream group = upstream(spec(new BalancingMethod.Hash("$uri", true), named(APP)));
    assertThat(group.pick(request())).isNull();

    group.resolved(0, APP, found("127.0.0.2", "127.0.0.3"));

    assertThat(group.pick(request())).isNotNull();
  }

  @Test
  void editsAndAnswersAtTheSameTimeLoseNothing() throws Exception {
    Upstream group = upstream(named(APP));
    int rounds = 2_000;
    Thread resolving =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 1; i <= rounds; i++) {
                group.resolved(0, APP, found("127.0.1." + i % 200, "127.0.2." + i % 100));
              }
            });
    for (int i = 1; i <= rounds; i++) {
      PeerPatch weight = PeerPatch.NOTHING.withWeight(1 + i % 50);
      group.publish(
          Servers.changed(group.current().spec(), new UpstreamChange.Update(0, weight)), i);
    }
    resolving.join();

    assertThat(addresses(group.current().peers()))
        .containsExactlyInAnyOrder("127.0.1.0:8080", "127.0.2.0:8080");
    assertThat(group.current().peers()).extracting(Peer::weight).containsOnly(1);
    assertThat(group.current().revision()).isEqualTo(rounds);
  }
}

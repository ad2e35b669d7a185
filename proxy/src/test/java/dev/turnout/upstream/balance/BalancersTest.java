package dev.turnout.upstream.balance;

import static dev.turnout.upstream.Servers.port;
import static dev.turnout.upstream.Servers.server;
import static dev.turnout.upstream.Servers.spec;
import static dev.turnout.upstream.Servers.upstream;
import static dev.turnout.upstream.Servers.weighing;
import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Outcome;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Request;
import dev.turnout.upstream.Servers;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class BalancersTest {
  private static final long NOW = 1_000_000;

  static LongStream seeds() {
    return LongStream.range(0, 60);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void everyPeriodOfRoundRobinHoldsEachPeerAsOftenAsItWeighs(long seed) {
    Random random = new Random(seed);
    int[] weights = random.ints(2 + random.nextInt(8), 1, 40).toArray();
    Upstream group = upstream(weighing(weights));
    int period = Arrays.stream(weights).sum();

    for (int round = 0; round < 3; round++) {
      int[] chosen = new int[weights.length];
      for (int i = 0; i < period; i++) {
        chosen[port(serve(group, Request.at(NOW))) - 1]++;
      }
      assertThat(chosen).as("seed %d, round %d", seed, round).isEqualTo(weights);
    }
  }

  @Test
  void leastConnectionsPrefersTheIdlePeerForItsWeight() {
    Upstream group =
        upstream(spec(new BalancingMethod.LeastConnections(), server(1).withWeight(2), server(2)));
    int[] active = new int[2];

    for (int i = 0; i < 30; i++) {
      Peer peer = group.pick(Request.at(NOW));
      assertThat(peer).isNotNull();
      active[port(peer) - 1]++;
    }

    assertThat(active).containsExactly(20, 10);
  }

  @Test
  void packFillsTheFirstPeersForTheirWeightAndSpreadsWhatIsLeft() {
    Upstream group =
        upstream(spec(new BalancingMethod.Pack(3), server(1), server(2).withWeight(2), server(3)));
    StringBuilder order = new StringBuilder();

    for (int i = 0; i < 13; i++) {
      Peer peer = group.pick(Request.at(NOW));
      assertThat(peer).isNotNull();
      order.append(port(peer));
    }

    assertThat(order).hasToString("1112222223331");
  }

  @Test
  void packFollowsWhatIsLearned() {
    Upstream group = upstream(spec(new BalancingMethod.Pack(10), server(1), server(2)));
    group.pack(2);

    StringBuilder order = new StringBuilder();
    for (int i = 0; i < 4; i++) {
      Peer peer = group.pick(Request.at(NOW));
      assertThat(peer).isNotNull();
      order.append(port(peer));
    }

    assertThat(order).hasToString("1122");
  }

  @Test
  void packLeavesTheLastPeersIdle() {
    Upstream group = upstream(spec(new BalancingMethod.Pack(3), server(1), server(2)));

    for (int i = 0; i < 20; i++) {
      assertThat(port(serve(group, Request.at(NOW)))).isEqualTo(1);
    }
  }

  @Test
  void randomDrawsByWeight() {
    Upstream group = upstream(spec(new BalancingMethod.Random(false), weighing(1, 2, 7)));
    Random random = new Random(5);
    int[] chosen = new int[3];

    for (int i = 0; i < 10_000; i++) {
      chosen[port(serve(group, Request.at(NOW).drawing(random))) - 1]++;
    }

    assertThat(chosen[0]).isBetween(900, 1_100);
    assertThat(chosen[1]).isBetween(1_850, 2_150);
    assertThat(chosen[2]).isBetween(6_800, 7_200);
  }

  @Test
  void randomTwoTakesTheLessBusyOfTwo() {
    Upstream group = upstream(spec(new BalancingMethod.Random(true), server(1), server(2)));
    Random random = new Random(5);
    int[] active = new int[2];

    for (int i = 0; i < 1_000; i++) {
      Peer peer = group.pick(Request.at(NOW).drawing(random));
      assertThat(peer).isNotNull();
      active[port(peer) - 1]++;
      assertThat(Math.abs(active[0] - active[1])).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void randomFindsTheOnlyPeerThatIsLeft() {
    PeerSpec[] servers = weighing(new Random(1).ints(50, 1, 2).toArray());
    for (int i = 0; i < 49; i++) {
      servers[i] = servers[i].withDown(true);
    }
    Upstream group = upstream(spec(new BalancingMethod.Random(true), servers));

    for (int i = 0; i < 100; i++) {
      assertThat(port(serve(group, Request.at(NOW).drawing(new Random(i))))).isEqualTo(50);
    }
  }

  @Test
  void aNewServerTakesOnlyItsOwnKeysFromAConsistentHash() {
    BalancingMethod consistent = new BalancingMethod.Hash("$uri", true);
    Upstream group = upstream(spec(consistent, weighing(1, 1, 1, 1, 1)));
    int[] before = owners(group);

    group.publish(Servers.changed(group.current().spec(), new UpstreamChange.Add(server(6))), 2);
    int[] after = owners(group);

    int moved = 0;
    for (int key = 0; key < before.length; key++) {
      if (before[key] != after[key]) {
        assertThat(after[key]).isEqualTo(6);
        moved++;
      }
    }
    assertThat(moved).isBetween(100, 230); // a sixth of a thousand, give or take
  }

  @Test
  void hugeWeightsMakeNoHugeRing() {
    Upstream group =
        upstream(
            spec(new BalancingMethod.Hash("$uri", true), weighing(2_000_000_000, 1_000_000_000)));

    int first = 0;
    for (int owner : owners(group)) {
      first += owner == 1 ? 1 : 0;
    }

    assertThat(first).isBetween(600, 730); // two thirds of a thousand, give or take
  }

  @Test
  void theAddressesOfOneNameShareItsKeys() {
    PeerSpec one = PeerSpec.of("backend:80", Servers.address(1));
    PeerSpec two = PeerSpec.of("backend:80", Servers.address(2));
    Upstream group = upstream(spec(new BalancingMethod.Hash("$uri", true), one, two, server(3)));
    String key = keyOf(group, 1);

    assertThat(port(serve(group, Request.at(NOW).withKey(key)))).isEqualTo(2);
    assertThat(port(serve(group, Request.at(NOW).withKey(key)))).isEqualTo(1);
  }

  @Test
  void clientsWithoutAnAddressShareOnePeer() {
    Upstream group = upstream(spec(new BalancingMethod.IpHash(), weighing(1, 1, 1)));
    int first = port(serve(group, Request.at(NOW).from()));

    assertThat(port(serve(group, Request.at(NOW).from()))).isEqualTo(first);
  }

  @Test
  void theChecksumIsTheStandardOne() {
    String text = "caf\u00e9 \u0000\u00ff";
    CRC32 standard = new CRC32();
    standard.update(text.getBytes(StandardCharsets.ISO_8859_1));

    int crc = Hashing.crcEnd(Hashing.crcText(Hashing.crcStart(), text));

    assertThat(Integer.toUnsignedLong(crc)).isEqualTo(standard.getValue());
    assertThat(Hashing.crcDecimal(7, 120)).isEqualTo(Hashing.crcText(7, "120"));
  }

  private static int[] owners(Upstream group) {
    int[] owners = new int[1_000];
    for (int key = 0; key < owners.length; key++) {
      owners[key] = port(serve(group, Request.at(NOW).withKey("key" + key)));
    }
    return owners;
  }

  /// A key that goes to `port` first.
  private static String keyOf(Upstream group, int port) {
    for (int i = 0; i < 1_000; i++) {
      String key = "key" + i;
      if (port(serve(group, Request.at(NOW).withKey(key))) == port) {
        return key;
      }
    }
    throw new AssertionError("no key goes to " + port);
  }

  private static Peer serve(Upstream group, Request request) {
    Peer peer = group.pick(request);
    assertThat(peer).isNotNull();
    group.released(request, peer, Outcome.SUCCESS);
    return peer;
  }
}

package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.consul.ConsulEngine;
import dev.turnout.cluster.etcd.EtcdEngine;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.testkit.Consul;
import dev.turnout.testkit.Etcd;
import dev.turnout.testkit.Relay;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// etcd and Consul fail while three nodes serve requests and are switched: no request fails, no
/// change is acknowledged that is not made, and all agree in the end.
@Timeout(600)
class SharedEnginesIT {
  private static final int ROUNDS = Integer.getInteger("turnout.store.rounds", 1);
  private static final String SOON = " timeout=700ms";

  @TempDir private Path directory;

  private NodesUnderLoad start(String... stores) {
    return new NodesUnderLoad(
        directory, Arrays.stream(stores).map(store -> store + SOON).toArray(String[]::new));
  }

  private static void allAgreeOnWhatWasPromised(
      NodesUnderLoad nodes, StoreEngine engine, String address) {
    nodes.awaitAgreement();
    Heard store = new Heard();
    String prefix = engine.usualPrefix(address.substring(0, address.indexOf(":")));
    try (SharedStore client =
        engine.open(new StoreSpec(address, prefix, Duration.ofSeconds(2), Map.of()))) {
      client.follow(Set.of(prefix), store);
      store.awaitSync();
      if (engine instanceof EtcdEngine) { // which has lost nothing, so nobody may think that
        assertThat(store.values().get(prefix + "@cluster")).contains("\"incarnation\":1,");
      }
      nodes.allAgreeOnWhatWasPromised(key -> store.values().get(prefix + key));
    }
  }

  private static String addresses(List<Etcd> cluster) {
    return "etcd://" + cluster.stream().map(Etcd::address).collect(Collectors.joining(","));
  }

  @Test
  void theLeaderOfEtcdIsKilled() {
    List<Etcd> cluster = Etcd.cluster(3);
    try (NodesUnderLoad nodes = start(addresses(cluster))) {
      nodes.awaitSwitches();

      for (int i = 0; i < 2 * ROUNDS; i++) {
        Etcd leader = cluster.stream().filter(Etcd::isLeader).findFirst().orElseThrow();
        leader.kill();
        nodes.switchAll();
        nodes.awaitSwitches(); // without it
        nodes.heal(leader::restart);
        allAgreeOnWhatWasPromised(nodes, new EtcdEngine(), addresses(cluster));
      }
      nodes.allWentWell("etcd's leader is killed");
    } finally {
      cluster.forEach(Etcd::close);
    }
  }

  @Test
  void etcdHasNoMajority() {
    List<Etcd> cluster = Etcd.cluster(3);
    try (NodesUnderLoad nodes = start(addresses(cluster))) {
      nodes.awaitSwitches();

      for (int i = 0; i < ROUNDS; i++) {
        cluster.get(1).freeze();
        cluster.get(2).freeze();
        nodes.switchAll();
        nodes.awaitLoss(0);
        assertThat(nodes.switchAll()).isZero();
        nodes.heal(() -> {
          cluster.get(1).thaw();
          cluster.get(2).thaw();
        });
        nodes.awaitSwitches();
      }
      allAgreeOnWhatWasPromised(nodes, new EtcdEngine(), addresses(cluster));
      nodes.allWentWell("etcd has no majority");
    } finally {
      cluster.forEach(Etcd::close);
    }
  }

  @Test
  void etcdIsCompactedWhileANodeIsCutOff() {
    try (Etcd etcd = Etcd.start();
        Relay relay = new Relay(etcd.port())) {
      String near = "etcd://" + etcd.address();
      try (NodesUnderLoad nodes = start(near, "etcd://127.0.0.1:" + relay.port(), near)) {
        nodes.awaitSwitches();

        for (int i = 0; i < ROUNDS; i++) {
          relay.cut();
          nodes.awaitLoss(1);
          for (int j = 0; j < 5; j++) {
            nodes.switchAll();
          }
          etcd.compact();
          nodes.heal(relay::heal);
          nodes.awaitSwitches();
        }
        allAgreeOnWhatWasPromised(nodes, new EtcdEngine(), near);
        nodes.allWentWell("etcd is compacted under a cut watch");
      }
    }
  }

  @Test
  void consulIsRestartedEmptyAndCountsFromTheBeginning() {
    try (Consul consul = Consul.start()) {
      String address = "consul://" + consul.address();
      try (NodesUnderLoad nodes = start(address)) {
        for (int i = 0; i < 5; i++) {
          assertThat(nodes.switchAll()).isEqualTo(5);
        }
        allAgreeOnWhatWasPromised(nodes, new ConsulEngine(), address);

        for (int i = 0; i < ROUNDS; i++) {
          consul.kill();
          nodes.switchAll();
          nodes.heal(consul::restart);
          allAgreeOnWhatWasPromised(nodes, new ConsulEngine(), address);
          nodes.awaitSwitches();
        }
        allAgreeOnWhatWasPromised(nodes, new ConsulEngine(), address);
        nodes.allWentWell("Consul is restarted empty");
      }
    }
  }

  @Test
  void consulHangs() {
    try (Consul consul = Consul.start()) {
      String address = "consul://" + consul.address();
      try (NodesUnderLoad nodes = start(address)) {
        nodes.awaitSwitches();

        for (int i = 0; i < ROUNDS; i++) {
          consul.freeze();
          nodes.switchAll();
          nodes.awaitLoss(0);
          assertThat(nodes.switchAll()).isZero();
          nodes.heal(consul::thaw);
          nodes.awaitSwitches();
        }
        allAgreeOnWhatWasPromised(nodes, new ConsulEngine(), address);
        nodes.allWentWell("Consul hangs");
      }
    }
  }

  @Test
  void aChangeThatANodeTakesToBeMadeAlreadyIsMadeSureOf() {
    try (Etcd etcd = Etcd.start()) {
      String address = "etcd://" + etcd.address();
      try (NodesUnderLoad nodes = start(address)) {
        for (int i = 0; i < 100; i++) {
          String key = "s" + i;
          assertThat(nodes.put(1, key, "blue")).isInstanceOf(ChangeResult.Applied.class);
          assertThat(nodes.put(0, key, "green")).isInstanceOf(ChangeResult.Applied.class);
          // it may not have heard of green yet
          assertThat(nodes.put(1, key, "blue")).isInstanceOf(ChangeResult.Applied.class);
          nodes.setByHand(key, "blue");
        }

        allAgreeOnWhatWasPromised(nodes, new EtcdEngine(), address);
        nodes.allWentWell("what seems to be so");
      }
    }
  }
}

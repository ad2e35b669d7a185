package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.consul.ConsulEngine;
import dev.turnout.cluster.etcd.EtcdEngine;
import dev.turnout.cluster.share.Heard;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreEngine;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.testkit.Consul;
import dev.turnout.testkit.Etcd;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.Relay;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// etcd and Consul fail while three nodes serve requests and are switched: no request fails, no
/// change is acknowledged that is not made, and all agree in the end.
@Timeout(180)
class SharedEnginesIT {
  private static final int NODES = 3;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  @TempDir private Path directory;
  private final FakeUpstream blue = FakeUpstream.namedForLoad("blue");
  private final FakeUpstream green = FakeUpstream.namedForLoad("green");
  private final List<TestProxy> nodes = new ArrayList<>();
  private final List<Thread> traffic = new ArrayList<>();
  private final Set<String> wrong = ConcurrentHashMap.newKeySet();
  private final AtomicInteger requests = new AtomicInteger();

  /// What a key may be after changes of which some were acknowledged.
  private final Map<String, Set<String>> possible = new TreeMap<>();

  /// What is not known to have been made, by node: it may yet be, also after what another node has
  /// made since, until the node that asked for it has opened its next session.
  private final Map<Integer, Map<String, String>> underWay = new TreeMap<>();

  private volatile boolean over;
  private int changes;

  private static String http(String blue, String green) {
    return """
    keepalive_requests 100000000;
    keyval_zone zone=switch:4m store;
    keyval $host $ups zone=switch default=blue;
    upstream blue { server %s; }
    upstream green { server %s; }
    server { listen 127.0.0.1:0; location / { proxy_pass http://$ups; } }
    """
        .formatted(blue, green);
  }

  /// @param stores the address of the store for each node
  private void start(List<String> stores) {
    for (int i = 0; i < NODES; i++) {
      String store =
          "state_store %s node=n%d timeout=700ms;\n".formatted(stores.get(i % stores.size()), i);
      nodes.add(
          TestProxy.startIn(
              directory.resolve("n" + i), store + http(blue.address(), green.address())));
    }
    awaitAgreement();
    for (TestProxy node : nodes) {
      traffic.add(Thread.startVirtualThread(() -> ask(node.port())));
    }
  }

  private void ask(int port) {
    try (RawClient client = RawClient.connect(port)) {
      while (!over) {
        var response = client.get("k" + requests.getAndIncrement() % 5, "/");
        if (!Set.of("blue", "green").contains(response.body())) {
          wrong.add(response.toString());
        }
        Thread.sleep(1); // not to take the machine from those whom it is there to disturb
      }
    } catch (IOException e) {
      wrong.add(e.toString());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  @AfterEach
  void closeServers() throws Exception {
    end();
    blue.close();
    green.close();
  }

  /// Before the store is away.
  private void end() throws InterruptedException {
    over = true;
    for (Thread thread : traffic) {
      thread.join();
    }
    nodes.forEach(TestProxy::close);
    nodes.clear();
    traffic.clear();
    assertThat(wrong).isEmpty();
    assertThat(requests.get()).isPositive();
  }

  private void awaitAgreement() {
    for (TestProxy node : nodes) {
      await(() -> link(node) == StoreStatus.Link.UP, "a node to agree with the store");
    }
  }

  private static StoreStatus.Link link(TestProxy node) {
    return node.control().sharing().status().link();
  }

  private void await(Callable<Boolean> condition, String what) {
    try {
      Eventually.until(PATIENCE, condition, () -> what + "; " + statuses());
    } catch (AssertionError | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private List<StoreStatus> statuses() {
    return nodes.stream().map(node -> node.control().sharing().status()).toList();
  }

  private KeyvalZone zone(TestProxy node) {
    return Objects.requireNonNull(node.zone("switch"));
  }

  /// Switches keys on all nodes, and remembers what was promised.
  private int switchAll() {
    int acknowledged = 0;
    for (int i = 0; i < 5; i++) {
      String key = "k" + i;
      String value = ++changes % 2 == 0 ? "blue" : "green";
      int number = changes % NODES;
      ChangeResult result = put(number, key, value);
      switch (result) {
        case ChangeResult.Applied _ -> {
          acknowledged++;
          underWay.remove(number);
          Set<String> now = new HashSet<>(Set.of(value));
          underWay.values().forEach(late -> now.add(late.getOrDefault(key, value)));
          possible.put(key, now);
        }
        case ChangeResult.Unavailable(String message) -> {
          if (message.startsWith("it is not known")) {
            possible.computeIfAbsent(key, _ -> new HashSet<>(Set.of(""))).add(value);
            underWay.put(number, Map.of(key, value)); // one at a time
          }
        }
        default -> throw new AssertionError(result);
      }
    }
    return acknowledged;
  }

  private void allAgreeOnWhatWasPromised(StoreEngine engine, String address) {
    awaitAgreement();
    Heard store = new Heard();
    String prefix = engine.usualPrefix();
    try (SharedStore client =
        engine.open(new StoreSpec(address, prefix, Duration.ofSeconds(2), Map.of()))) {
      client.follow(Set.of(prefix), store);
      store.awaitSync();
      if (engine instanceof EtcdEngine) { // which has lost nothing, so nobody may think that
        assertThat(store.values().get(prefix + "@cluster")).contains("\"incarnation\":1,");
      }
      for (Map.Entry<String, Set<String>> one : possible.entrySet()) {
        await(
            () -> {
              String there = store.values().getOrDefault(prefix + one.getKey(), "");
              return one.getValue().contains(there)
                  && nodes.stream()
                      .allMatch(node -> there.equals(text(zone(node).get(one.getKey()))));
            },
            one.getKey() + " is one of " + one.getValue() + ", " + store.values());
      }
    }
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }

  private static String addresses(List<Etcd> cluster) {
    return "etcd://" + cluster.stream().map(Etcd::address).collect(Collectors.joining(","));
  }

  @Test
  void theLeaderOfEtcdIsKilledTwice() throws Exception {
    List<Etcd> cluster = Etcd.cluster(3);
    try {
      start(List.of(addresses(cluster)));
      assertThat(switchAll()).isEqualTo(5);

      for (int i = 0; i < 2; i++) {
        Etcd leader = cluster.stream().filter(Etcd::isLeader).findFirst().orElseThrow();
        leader.kill();
        switchAll();
        await(() -> switchAll() == 5, "changes are taken without it");
        leader.restart();
        allAgreeOnWhatWasPromised(new EtcdEngine(), addresses(cluster));
      }
      end();
    } finally {
      cluster.forEach(Etcd::close);
    }
  }

  @Test
  void etcdHasNoMajority() throws Exception {
    List<Etcd> cluster = Etcd.cluster(3);
    try {
      start(List.of(addresses(cluster)));
      assertThat(switchAll()).isEqualTo(5);

      cluster.get(1).freeze();
      cluster.get(2).freeze();
      switchAll();
      await(() -> link(nodes.get(0)) == StoreStatus.Link.LOST, "the loss to be seen");
      assertThat(switchAll()).isZero();
      cluster.get(1).thaw();
      cluster.get(2).thaw();

      await(() -> switchAll() == 5, "changes are taken again");
      allAgreeOnWhatWasPromised(new EtcdEngine(), addresses(cluster));
      end();
    } finally {
      cluster.forEach(Etcd::close);
    }
  }

  @Test
  void etcdIsCompactedWhileANodeIsCutOff() throws Exception {
    try (Etcd etcd = Etcd.start();
        Relay relay = new Relay(etcd.port())) {
      String near = "etcd://" + etcd.address();
      start(List.of(near, "etcd://127.0.0.1:" + relay.port(), near));
      assertThat(switchAll()).isEqualTo(5);

      relay.cut();
      await(() -> link(nodes.get(1)) == StoreStatus.Link.LOST, "the loss to be seen");
      for (int i = 0; i < 5; i++) {
        switchAll();
      }
      etcd.compact();
      relay.heal();

      await(() -> switchAll() == 5, "changes are taken again");
      allAgreeOnWhatWasPromised(new EtcdEngine(), near);
      end();
    }
  }

  @Test
  void consulIsRestartedEmptyAndCountsFromTheBeginning() throws Exception {
    try (Consul consul = Consul.start()) {
      String address = "consul://" + consul.address();
      start(List.of(address));
      for (int i = 0; i < 5; i++) {
        assertThat(switchAll()).isEqualTo(5);
      }
      allAgreeOnWhatWasPromised(new ConsulEngine(), address);

      consul.kill();
      switchAll();
      consul.restart();

      allAgreeOnWhatWasPromised(new ConsulEngine(), address);
      await(() -> switchAll() == 5, "changes are taken again");
      allAgreeOnWhatWasPromised(new ConsulEngine(), address);
      end();
    }
  }

  @Test
  void aChangeThatANodeTakesToBeMadeAlreadyIsMadeSureOf() throws Exception {
    try (Etcd etcd = Etcd.start()) {
      String address = "etcd://" + etcd.address();
      start(List.of(address));

      for (int i = 0; i < 100; i++) {
        String key = "s" + i;
        assertThat(put(1, key, "blue")).isInstanceOf(ChangeResult.Applied.class);
        assertThat(put(0, key, "green")).isInstanceOf(ChangeResult.Applied.class);
        // it may not have heard of green yet
        assertThat(put(1, key, "blue")).isInstanceOf(ChangeResult.Applied.class);
        possible.put(key, Set.of("blue"));
      }

      allAgreeOnWhatWasPromised(new EtcdEngine(), address);
      end();
    }
  }

  private ChangeResult put(int node, String key, String value) {
    TestProxy on = nodes.get(node);
    return on.writer()
        .submit(ChangeRequest.of(Origin.of("test", ""), zone(on), new KeyvalChange.Put(key, value)))
        .join();
  }

  @Test
  void consulHangs() throws Exception {
    try (Consul consul = Consul.start()) {
      String address = "consul://" + consul.address();
      start(List.of(address));
      assertThat(switchAll()).isEqualTo(5);

      consul.freeze();
      switchAll();
      await(() -> link(nodes.get(0)) == StoreStatus.Link.LOST, "the loss to be seen");
      assertThat(switchAll()).isZero();
      consul.thaw();

      await(() -> switchAll() == 5, "changes are taken again");
      allAgreeOnWhatWasPromised(new ConsulEngine(), address);
      end();
    }
  }
}

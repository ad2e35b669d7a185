package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Redis fails in all the ways it can while three nodes serve requests and are switched: no request
/// fails, no change is acknowledged that is not made, and all agree in the end.
@Timeout(180)
class SharedFaultsIT {
  private static final String HTTP =
      Cluster.ZONE
          + """

          upstream blue { server %s; }
          upstream green { server %s; }
          server {
            listen 127.0.0.1:0;
            server_name localhost;
            location = /upstream_switch { upstream_switch zone=switch; }
            location / { proxy_pass http://$ups; }
          }
          """;

  private final RedisServer redis = RedisServer.start();
  private final FakeUpstream blue = FakeUpstream.namedForLoad("blue");
  private final FakeUpstream green = FakeUpstream.namedForLoad("green");
  private Cluster cluster;
  private Traffic traffic;
  private int changes;

  /// Requests on all nodes, one after the other, until it is closed.
  private static final class Traffic implements AutoCloseable {
    private final AtomicInteger requests = new AtomicInteger();
    private final Set<String> wrong = ConcurrentHashMap.newKeySet();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean over;

    Traffic(Cluster cluster) {
      for (TestProxy node : cluster.nodes()) {
        threads.add(Thread.startVirtualThread(() -> run(node.port())));
      }
    }

    private void run(int port) {
      try {
        while (!over) {
          ask(port);
        }
      } catch (IOException e) {
        wrong.add(e.toString());
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }

    /// As many requests as one connection is good for.
    private void ask(int port) throws IOException, InterruptedException {
      try (RawClient client = RawClient.connect(port)) {
        boolean closes = false;
        while (!over && !closes) {
          var response = client.get("k" + requests.get() % 5, "/");
          requests.incrementAndGet();
          if (!Set.of("blue", "green").contains(response.body())) {
            wrong.add(response.toString());
          }
          closes = response.closes();
          Thread.sleep(1); // not to take the machine from those whom it is there to disturb
        }
      }
    }

    @Override
    public void close() {
      over = true;
      threads.forEach(thread -> {
        try {
          thread.join();
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        }
      });
    }

    void allWentWell() {
      assertThat(wrong).isEmpty();
      assertThat(requests.get()).isPositive();
    }
  }

  @BeforeEach
  void begin() {
    cluster =
        Cluster.start(redis, 3, "timeout=400ms", HTTP.formatted(blue.address(), green.address()));
    traffic = new Traffic(cluster);
  }

  @AfterEach
  void end() {
    traffic.close();
    traffic.allWentWell();
    cluster.close();
    blue.close();
    green.close();
    redis.close();
  }

  private ChangeResult put(int node, String key, String value) {
    return cluster
        .node(node)
        .writer()
        .submit(
            ChangeRequest.of(
                Origin.of("test", ""),
                Objects.requireNonNull(cluster.node(node).zone("switch")),
                new KeyvalChange.Put(key, value)))
        .join();
  }

  /// What a key may be after changes of which some were acknowledged.
  private final Map<String, Set<String>> possible = new TreeMap<>();

  /// Switches keys on all nodes, and remembers what was promised.
  private int switchAll() {
    int acknowledged = 0;
    for (int i = 0; i < 5; i++) {
      String key = "k" + i;
      String value = ++changes % 2 == 0 ? "blue" : "green";
      ChangeResult result = put(changes % 3, key, value);
      switch (result) {
        case ChangeResult.Applied _ -> {
          acknowledged++;
          possible.put(key, new HashSet<>(Set.of(value)));
        }
        case ChangeResult.Unavailable(String message) -> {
          if (message.startsWith("it is not known")) {
            possible.computeIfAbsent(key, _ -> new HashSet<>(Set.of(""))).add(value);
          }
        }
        default -> throw new AssertionError(result);
      }
    }
    return acknowledged;
  }

  private void allAgreeOnWhatWasPromised() {
    cluster.awaitAgreement();
    for (Map.Entry<String, Set<String>> one : possible.entrySet()) {
      cluster.until(
          () -> {
            String there = redis.cli("GET", "turnout:" + one.getKey());
            return one.getValue().contains(there)
                && cluster.value(0, one.getKey()).equals(there)
                && cluster.value(1, one.getKey()).equals(there)
                && cluster.value(2, one.getKey()).equals(there);
          },
          one.getKey() + " is one of " + one.getValue());
    }
  }

  @Test
  void itHangs() {
    assertThat(switchAll()).isEqualTo(5);

    redis.hang();
    switchAll();
    cluster.await(0, StoreStatus.Link.LOST);
    assertThat(switchAll()).isZero();
    redis.goOn();

    allAgreeOnWhatWasPromised();
    cluster.until(() -> switchAll() == 5, "changes are taken again");
    allAgreeOnWhatWasPromised();
  }

  @Test
  void itIsKilledAndComesBackEmpty() {
    assertThat(switchAll()).isEqualTo(5);
    allAgreeOnWhatWasPromised();

    redis.kill();
    switchAll();
    redis.startAgain();

    allAgreeOnWhatWasPromised();
    cluster.until(() -> switchAll() == 5, "changes are taken again");
    allAgreeOnWhatWasPromised();
  }

  @Test
  void itHasNoMemoryLeft() {
    assertThat(switchAll()).isEqualTo(5);

    redis.cli("CONFIG", "SET", "maxmemory", "1");
    int acknowledged = switchAll();
    redis.cli("CONFIG", "SET", "maxmemory", "0");

    assertThat(acknowledged).isZero();
    allAgreeOnWhatWasPromised();
    cluster.until(() -> switchAll() == 5, "changes are taken again");
    allAgreeOnWhatWasPromised();
  }

  @Test
  void itsConnectionsAreCutAgainAndAgain() {
    for (int i = 0; i < 10; i++) {
      redis.cli("CLIENT", "KILL", "TYPE", "normal");
      switchAll();
    }

    allAgreeOnWhatWasPromised();
    cluster.until(() -> switchAll() == 5, "changes are taken again");
    allAgreeOnWhatWasPromised();
  }

  @Test
  void itHangsForLessThanIsWaited() {
    redis.hang();
    redis.goOn();

    assertThat(switchAll()).isEqualTo(5);
    allAgreeOnWhatWasPromised();
  }
}

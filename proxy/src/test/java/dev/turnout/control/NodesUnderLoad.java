package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Three nodes with one store that serve requests at a steady rate, whatever becomes of the store,
/// and are switched meanwhile. Remembers what was promised, and holds the store and the nodes
/// against it.
///
/// `-Dturnout.store.rate=N` is how many requests a second come to all nodes together, 150 unless
/// told: each has a time at which it is due, and late answers do not make the next ones later.
final class NodesUnderLoad implements AutoCloseable {
  private static final int NODES = 3;
  private static final int KEYS = 5;
  private static final int CONNECTIONS = 2; // to each node
  private static final int RATE = Integer.getInteger("turnout.store.rate", 150);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private final FakeUpstream blue = FakeUpstream.namedForLoad("blue");
  private final FakeUpstream green = FakeUpstream.namedForLoad("green");
  private final List<TestProxy> nodes = new ArrayList<>();
  private final List<Client> clients = new ArrayList<>();
  private final Set<String> wrong = ConcurrentHashMap.newKeySet();
  private final List<Long> resynced = new ArrayList<>(); // milliseconds

  /// What a key may be after changes of which some were acknowledged.
  private final Map<String, Set<String>> possible = new TreeMap<>();

  /// What is not known to have been made, by node: it may yet be, also after what another node has
  /// made since, until the node that asked for it has opened its next session.
  private final Map<Integer, Map<String, String>> underWay = new HashMap<>();

  private volatile boolean over;
  private int changes;
  private int acknowledged;

  /// Starts nodes and waits until each and the store agree.
  ///
  /// @param stores what follows `state_store` for each node but `node=`; one for all if there is
  ///   one
  NodesUnderLoad(Path directory, String... stores) {
    for (int i = 0; i < NODES; i++) {
      String store =
          "state_store %s node=n%d;%n".formatted(stores[Math.min(i, stores.length - 1)], i);
      nodes.add(
          TestProxy.startIn(
              directory.resolve("n" + i),
              store
                  + """
                  keepalive_requests 100000000;
                  keyval_zone zone=switch:4m store;
                  keyval $host $ups zone=switch default=blue;
                  upstream blue { server %s; }
                  upstream green { server %s; }
                  server { listen 127.0.0.1:0; location / { proxy_pass http://$ups; } }
                  """
                      .formatted(blue.address(), green.address())));
    }
    awaitAgreement();
    for (TestProxy node : nodes) {
      for (int i = 0; i < CONNECTIONS; i++) {
        clients.add(new Client(node.port()));
      }
    }
  }

  /// One connection, and the requests that are due on it.
  private final class Client {
    private final Thread thread;
    private int[] micros = new int[1024]; // from when each was due to its answer
    private int count;

    Client(int port) {
      thread = Thread.ofVirtual().start(() -> run(port));
    }

    private void run(int port) {
      long between = 1_000_000_000L * NODES * CONNECTIONS / RATE;
      try (RawClient client = RawClient.connect(port)) {
        for (long due = System.nanoTime(); !over; due += between) {
          for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
            LockSupport.parkNanos(left);
          }
          var response = client.get("k" + count % KEYS, "/");
          if (!Set.of("blue", "green").contains(response.body())) {
            wrong.add(response.toString());
          }
          answered((int) ((System.nanoTime() - due) / 1000));
        }
      } catch (IOException e) {
        wrong.add(e.toString());
      }
    }

    private void answered(int after) {
      if (count == micros.length) {
        micros = Arrays.copyOf(micros, count * 2);
      }
      micros[count++] = after;
    }
  }

  private static StoreStatus status(TestProxy node) {
    return node.control().sharing().status();
  }

  void awaitAgreement() {
    awaitAll(status -> status.link() == StoreStatus.Link.UP, "all nodes to agree with the store");
  }

  void awaitAll(Predicate<StoreStatus> condition, String what) {
    await(() -> nodes.stream().map(NodesUnderLoad::status).allMatch(condition), what);
  }

  void awaitLoss(int node) {
    await(() -> status(nodes.get(node)).link() == StoreStatus.Link.LOST, "the loss to be seen");
  }

  void await(Callable<Boolean> condition, String what) {
    try {
      Eventually.until(
          PATIENCE,
          condition,
          () -> what + "; " + nodes.stream().map(NodesUnderLoad::status).toList());
    } catch (AssertionError | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private static KeyvalZone zone(TestProxy node) {
    return Objects.requireNonNull(node.zone("switch"));
  }

  /// What a node serves of a key; empty: nothing.
  private static String value(TestProxy node, String key) {
    String value = zone(node).get(key);
    return value == null ? "" : value;
  }

  ChangeResult put(int node, String key, String value) {
    TestProxy on = nodes.get(node);
    return on.writer()
        .submit(ChangeRequest.of(Origin.of("test", ""), zone(on), new KeyvalChange.Put(key, value)))
        .join();
  }

  /// Switches keys on all nodes, and remembers what was promised.
  ///
  /// @return how many of five were acknowledged
  int switchAll() {
    int made = 0;
    for (int i = 0; i < KEYS; i++) {
      made += switchOne("k" + i) ? 1 : 0;
    }
    return made;
  }

  private boolean switchOne(String key) {
    String value = ++changes % 2 == 0 ? "blue" : "green";
    int number = changes % NODES;
    ChangeResult result = put(number, key, value);
    return switch (result) {
      case ChangeResult.Applied _ -> {
        acknowledged++;
        underWay.remove(number);
        Set<String> now = new HashSet<>(Set.of(value));
        underWay.values().forEach(late -> now.add(late.getOrDefault(key, value)));
        possible.put(key, now);
        yield true;
      }
      case ChangeResult.Unavailable(String message) -> {
        if (message.startsWith("it is not known")) {
          possible.computeIfAbsent(key, _ -> new HashSet<>(Set.of(""))).add(value);
          underWay.put(number, Map.of(key, value)); // one at a time
        }
        yield false;
      }
      default -> throw new AssertionError(result);
    };
  }

  void awaitSwitches() {
    await(() -> switchAll() == KEYS, "changes are taken");
  }

  /// Somebody has changed a key by hand.
  void setByHand(String key, String value) {
    possible.put(key, new HashSet<>(Set.of(value)));
  }

  /// Ends a fault, and takes the time until all nodes are in step with the store again, and each
  /// takes a change.
  void heal(Runnable end) {
    end.run();
    long began = System.nanoTime();
    awaitAgreement();
    for (int i = 0; i < NODES; i++) {
      await(() -> switchOne("k0"), "a change to be taken");
    }
    resynced.add((System.nanoTime() - began) / 1_000_000);
  }

  /// Holds what the store has and what the nodes serve against what was promised.
  ///
  /// @param store gives the value of a key; null: nothing
  void allAgreeOnWhatWasPromised(Function<String, @Nullable String> store) {
    awaitAgreement();
    for (Map.Entry<String, Set<String>> one : possible.entrySet()) {
      String key = one.getKey();
      await(
          () -> {
            String text = store.apply(key);
            String there = text == null ? "" : text;
            return one.getValue().contains(there)
                && nodes.stream().allMatch(node -> there.equals(value(node, key)));
          },
          key + " is one of " + one.getValue());
    }
  }

  /// Ends the load and the nodes: before the store is away for good.
  @Override
  public void close() {
    if (over) {
      return;
    }
    over = true;
    try {
      for (Client client : clients) {
        client.thread.join();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    nodes.forEach(TestProxy::close);
    blue.close();
    green.close();
  }

  /// Holds the requests against what they wanted, and says how it was.
  void allWentWell(String what) {
    close();
    int[] all =
        clients.stream().flatMapToInt(one -> Arrays.stream(one.micros, 0, one.count)).toArray();
    Arrays.sort(all);
    assertThat(wrong).isEmpty();
    assertThat(all).isNotEmpty();
    System.out.printf(
        Locale.ROOT,
        "%s: %d requests at %d/s, 0 wrong, p50 %.1f ms, p99 %.1f ms, max %.0f ms; %d of %d changes"
            + " acknowledged, all kept; in step again after %s ms%n",
        what,
        all.length,
        RATE,
        all[all.length / 2] / 1e3,
        all[all.length * 99 / 100] / 1e3,
        all[all.length - 1] / 1e3,
        acknowledged,
        changes,
        resynced);
  }
}

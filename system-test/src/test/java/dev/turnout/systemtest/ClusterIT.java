package dev.turnout.systemtest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RedisServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Three nodes of the built program and a real Redis.
class ClusterIT {
  private static final int CLIENTS = 6;
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final String HOST = "localhost";

  /// Clients that ask the nodes that are in service, each over a kept connection; nobody tries a
  /// request again.
  private static final class Clients implements AutoCloseable {
    private final List<Turnout> nodes;
    private final Set<Integer> inService = ConcurrentHashMap.newKeySet();
    private final List<AtomicInteger> connections = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final Set<String> failures = ConcurrentHashMap.newKeySet();
    private final AtomicLong requests = new AtomicLong();
    private volatile boolean over;

    Clients(List<Turnout> nodes) {
      this.nodes = nodes;
      for (int i = 0; i < nodes.size(); i++) {
        inService.add(i);
        connections.add(new AtomicInteger());
      }
      for (int i = 0; i < CLIENTS; i++) {
        threads.add(Thread.startVirtualThread(this::run));
      }
    }

    private void run() {
      while (!over) {
        int node = ThreadLocalRandom.current().nextInt(nodes.size());
        connections.get(node).incrementAndGet();
        try {
          if (inService.contains(node)) {
            askAt(node);
          }
        } catch (Exception | AssertionError e) {
          failures.add("node " + node + ": " + e);
        } finally {
          connections.get(node).decrementAndGet();
        }
      }
    }

    private void askAt(int node) throws Exception {
      try (RawClient client = RawClient.connect(nodes.get(node).port())) {
        for (int i = 0; i < 50 && inService.contains(node) && !over; i++) {
          RawResponse response = client.get(HOST, "/");
          if (response.status() != 200) {
            throw new AssertionError(response.raw());
          }
          requests.incrementAndGet();
        }
      }
    }

    /// Nobody asks this node any more.
    void takeOut(int node) throws Exception {
      inService.remove(node);
      Eventually.until(
          PATIENCE, () -> connections.get(node).get() == 0, () -> "clients stay at " + node);
    }

    void bringBack(int node) {
      inService.add(node);
    }

    @Override
    public void close() {
      finish();
    }

    /// Ends when all have their answers.
    void finish() {
      over = true;
      for (Thread thread : threads) {
        try {
          thread.join();
        } catch (InterruptedException _) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }

  private static String site(RedisServer redis, int node, FakeUpstream blue, FakeUpstream green) {
    return """
    state_store redis://%s node=n%d;
    keyval_zone zone=switch:1m store;
    keyval $host $ups zone=switch default=blue;
    upstream blue { server %s; }
    upstream green { server %s; }
    server {
      listen 127.0.0.1:@PORT@;
      server_name localhost;
      location = /upstream_switch { upstream_switch zone=switch; }
      location /control { control_api write=on; }
      location / { proxy_pass http://$ups; }
    }
    """
        .formatted(redis.address(), node, blue.address(), green.address());
  }

  private static void awaitStore(Turnout node) throws Exception {
    Eventually.until(
        PATIENCE,
        () ->
            RawClient.get(node.port(), HOST, "/control/state")
                .body()
                .matches("(?s).*\"store\":\\{[^}]*\"state\": ?\"up\".*"),
        () -> "the store is not up");
  }

  private static void awaitServed(List<Turnout> nodes, String group) throws Exception {
    for (Turnout node : nodes) {
      Eventually.until(
          PATIENCE,
          () -> RawClient.get(node.port(), HOST, "/").body().equals(group),
          () -> group + " is not served");
    }
  }

  private static RawResponse switchTo(Turnout node, String group) throws Exception {
    return RawClient.get(node.port(), HOST, "/upstream_switch?ups=" + group);
  }

  @Test
  void nodesAreRestartedOneAfterTheOtherAndNoRequestFails() throws Exception {
    try (var redis = RedisServer.start();
        var blue = FakeUpstream.namedForLoad("blue");
        var green = FakeUpstream.namedForLoad("green");
        var n0 = Turnout.startForLoad(site(redis, 0, blue, green));
        var n1 = Turnout.startForLoad(site(redis, 1, blue, green));
        var n2 = Turnout.startForLoad(site(redis, 2, blue, green))) {
      List<Turnout> nodes = List.of(n0, n1, n2);
      for (Turnout node : nodes) {
        awaitStore(node);
      }
      long requests;
      Set<String> failures;
      String group = "blue";
      try (Clients clients = new Clients(nodes)) {
        for (int i = 0; i < nodes.size(); i++) {
          Turnout node = nodes.get(i);
          clients.takeOut(i);
          assertThat(node.quit()).isZero();
          group = group.equals("blue") ? "green" : "blue";
          assertThat(switchTo(nodes.get((i + 1) % 3), group).status()).isEqualTo(200);
          node.start();
          awaitStore(node);
          clients.bringBack(i);
          awaitServed(nodes, group);
        }
        clients.finish();
        requests = clients.requests.get();
        failures = clients.failures;
      }

      Campaign.report("rolling restart", requests + " requests, failed: " + failures.size());
      assertThat(failures).isEmpty();
      assertThat(requests).isPositive();
    }
  }

  @Test
  void withoutTheStoreRequestsGoOnAndChangesAreNotPromised() throws Exception {
    try (var redis = RedisServer.start();
        var blue = FakeUpstream.namedForLoad("blue");
        var green = FakeUpstream.namedForLoad("green");
        var n0 = Turnout.startForLoad(site(redis, 0, blue, green));
        var n1 = Turnout.startForLoad(site(redis, 1, blue, green))) {
      List<Turnout> nodes = List.of(n0, n1);
      awaitStore(n0);
      awaitStore(n1);
      assertThat(switchTo(n0, "green").status()).isEqualTo(200);
      awaitServed(nodes, "green");

      redis.kill();
      n1.kill();
      n1.start();
      RawResponse refused = switchTo(n1, "blue");
      String served = RawClient.get(n1.port(), HOST, "/").body();
      redis.startAgain();
      awaitStore(n0);
      awaitStore(n1);
      RawResponse made = switchTo(n1, "blue");

      assertThat(refused.status()).isEqualTo(503);
      assertThat(served).isEqualTo("green");
      assertThat(made.status()).isEqualTo(200);
      awaitServed(nodes, "blue");
    }
  }
}

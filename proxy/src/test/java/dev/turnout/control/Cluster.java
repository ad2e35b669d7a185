package dev.turnout.control;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RedisServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;

/// A few nodes in the test's own process that share their state by a real Redis. A node that is
/// stopped can be started again, with what it had on disk.
final class Cluster implements AutoCloseable {
  static final String ZONE =
      "keyval_zone zone=switch:4m store; keyval $host $ups zone=switch default=blue;";
  private static final Duration PATIENCE =
      Duration.ofSeconds(Integer.getInteger("turnout.store.patience", 20));

  private final RedisServer redis;
  private final Path directory;
  private final List<TestProxy> nodes = new ArrayList<>();
  private final List<String> configurations = new ArrayList<>();

  private Cluster(RedisServer redis) {
    this.redis = redis;
    try {
      directory = Files.createTempDirectory("turnout-cluster");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Starts nodes and waits until each and the store agree.
  ///
  /// @param parameters of `state_store`
  /// @param http what else is in `http {}`
  static Cluster start(RedisServer redis, int nodes, String parameters, String http) {
    return start(redis, "redis://" + redis.address(), nodes, parameters, http);
  }

  /// Starts nodes at a store of several Redis.
  ///
  /// @param redis one of them
  /// @param store what `state_store` names
  static Cluster start(RedisServer redis, String store, int nodes, String parameters, String http) {
    Cluster cluster = new Cluster(redis);
    for (int i = 0; i < nodes; i++) {
      cluster.configurations.add(
          "state_store %s node=n%d %s;\n%s".formatted(store, i, parameters, http));
      cluster.nodes.add(cluster.launch(i));
    }
    cluster.awaitAgreement();
    return cluster;
  }

  private TestProxy launch(int i) {
    return TestProxy.startIn(directory.resolve("n" + i), configurations.get(i));
  }

  RedisServer redis() {
    return redis;
  }

  TestProxy node(int i) {
    return nodes.get(i);
  }

  List<TestProxy> nodes() {
    return nodes;
  }

  void stop(int i) {
    nodes.get(i).close();
  }

  void startAgain(int i) {
    nodes.set(i, launch(i));
  }

  StoreStatus status(int i) {
    return node(i).control().sharing().status();
  }

  void awaitAgreement() {
    for (int i = 0; i < nodes.size(); i++) {
      await(i, StoreStatus.Link.UP);
    }
  }

  void await(int i, StoreStatus.Link link) {
    until(() -> status(i).link() == link, "node " + i + " to be " + link);
  }

  /// What a node has under a key of the switch; empty: nothing.
  String value(int i, String key) {
    KeyvalZone zone = Objects.requireNonNull(node(i).zone("switch"));
    String value = zone.get(key);
    return value == null ? "" : value;
  }

  /// Waits until all nodes have a value; empty: none.
  void awaitValue(String key, String value) {
    for (int i = 0; i < nodes.size(); i++) {
      awaitValue(i, key, value);
    }
  }

  void awaitValue(int i, String key, String value) {
    until(() -> value(i, key).equals(value), "node " + i + ": " + key + " = " + value);
  }

  void until(Callable<Boolean> condition, String what) {
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

  @Override
  public void close() {
    nodes.forEach(TestProxy::close);
  }
}

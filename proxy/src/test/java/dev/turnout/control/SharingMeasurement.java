package dev.turnout.control;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.RedisServer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;

/// How long a switch on one of three nodes takes until it is answered, and until all serve it; the
/// same by hand in Redis; and how long a node takes that starts with 10,000 keys and 2,000 groups
/// in the store. A program, not a test: `java … dev.turnout.control.SharingMeasurement [switches]`.
public final class SharingMeasurement {
  private static final int KEYS = 10_000;
  private static final int GROUPS = 2_000;
  private static final String HTTP =
      Cluster.ZONE + " upstream blue { server 127.0.0.1:1; } server { listen 127.0.0.1:0; }";

  private SharingMeasurement() {}

  /// Measures, and prints a table.
  public static void main(String[] arguments) {
    int switches = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 10_000;
    try (RedisServer redis = RedisServer.start();
        Cluster cluster = Cluster.start(redis, 3, "", HTTP)) {
      spread(cluster, switches / 10); // warm
      spread(cluster, switches);
      byHand(cluster, Math.max(1, switches / 10));
      start(cluster);
    }
  }

  private static void spread(Cluster cluster, int switches) {
    List<KeyvalZone> zones = new ArrayList<>();
    for (TestProxy node : cluster.nodes()) {
      zones.add(Objects.requireNonNull(node.zone("switch")));
    }
    long[] answered = new long[switches];
    long[] served = new long[switches];
    for (int i = 0; i < switches; i++) {
      int node = i % 3;
      String value = "v" + i;
      long began = System.nanoTime();
      ChangeResult result =
          cluster
              .node(node)
              .writer()
              .submit(
                  ChangeRequest.of(
                      Origin.of("measure", ""),
                      zones.get(node),
                      new KeyvalChange.Put("host", value)))
              .join();
      answered[i] = System.nanoTime() - began;
      if (!(result instanceof ChangeResult.Applied)) {
        throw new IllegalStateException(result.toString());
      }
      for (KeyvalZone zone : zones) {
        while (!value.equals(zone.get("host"))) {
          LockSupport.parkNanos(20_000);
        }
      }
      served[i] = System.nanoTime() - began;
    }
    print("answered", answered);
    print("served by all", served);
  }

  private static void byHand(Cluster cluster, int switches) {
    long[] served = new long[switches];
    try (var socket =
        new java.net.Socket(java.net.InetAddress.ofLiteral("127.0.0.1"), cluster.redis().port())) {
      socket.setTcpNoDelay(true);
      for (int i = 0; i < switches; i++) {
        String value = "h" + i;
        long began = System.nanoTime();
        socket
            .getOutputStream()
            .write(
                ("SET turnout:host " + value + "\r\n")
                    .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        for (int node = 0; node < 3; node++) {
          while (!value.equals(cluster.value(node, "host"))) {
            LockSupport.parkNanos(20_000);
          }
        }
        served[i] = System.nanoTime() - began;
      }
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    print("by hand, served by all", served);
  }

  private static void start(Cluster cluster) {
    StringBuilder script = new StringBuilder("for i = 1, " + KEYS + " do redis.call('SET', ");
    script.append("'turnout:host' .. i .. '.example', 'blue') end ");
    script.append("for i = 1, " + GROUPS + " do redis.call('SET', 'turnout:@group:g' .. i, ");
    script.append(
        "'{\"name\":\"g' .. i .. '\",\"method\":\"round_robin\",\"next\":2,\"servers\":[{\"id\":0,"
            + "\"server\":\"10.0.0.1:80\"},{\"id\":1,\"server\":\"10.0.0.2:80\"}]}') end");
    cluster.stop(2);
    cluster.redis().cli("EVAL", script.toString(), "0");
    cluster.until(
        () -> cluster.node(0).upstreams().find("g" + GROUPS) != null, "all groups on node 0");
    long began = System.nanoTime();
    cluster.startAgain(2);
    long serves = System.nanoTime() - began;
    cluster.until(
        () -> cluster.node(2).upstreams().find("g" + GROUPS) != null, "all groups on node 2");
    cluster.awaitValue(2, "host" + KEYS + ".example", "blue");
    long caughtUp = System.nanoTime() - began;
    System.out.printf(
        Locale.ROOT,
        "start with %d keys and %d groups in the store: serves after %d ms, caught up after %d ms%n",
        KEYS,
        GROUPS,
        serves / 1_000_000,
        caughtUp / 1_000_000);
  }

  private static void print(String what, long[] nanos) {
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%-24s %6d times: p50 %.2f ms, p99 %.2f ms, max %.1f ms%n",
        what,
        nanos.length,
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        nanos[nanos.length - 1] / 1e6);
  }
}

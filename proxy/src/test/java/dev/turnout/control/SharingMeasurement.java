package dev.turnout.control;

import dev.turnout.app.TestProxy;
import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.testkit.RedisServer;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntPredicate;

/// How long a switch on one of three nodes takes until it is answered, and until all serve it; the
/// same by hand in Redis, for servers and for groups; and how long a node takes that starts with
/// 10,000 keys and 2,000 groups in the store, and what these take. A program, not a test: `java …
/// dev.turnout.control.SharingMeasurement [switches]`.
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
      byHand(cluster, Math.max(1, switches));
      groups(cluster, Math.max(10, switches / 4));
      start(cluster);
    }
  }

  private static void spread(Cluster cluster, int switches) {
    long[] answered = new long[switches];
    long[] served = new long[switches];
    for (int i = 0; i < switches; i++) {
      String value = "v" + i;
      KeyvalZone zone = Objects.requireNonNull(cluster.node(i % 3).zone("switch"));
      ChangeRequest change =
          ChangeRequest.of(Origin.of("measure", ""), zone, new KeyvalChange.Put("host", value));
      time(cluster, i, change, node -> value.equals(cluster.value(node, "host")), answered, served);
    }
    print("switch, answered", answered);
    print("switch, served by all", served);
  }

  /// A group is created, gets a server, loses it, and is deleted, again and again.
  private static void groups(Cluster cluster, int rounds) {
    long[][] answered = new long[4][rounds];
    long[][] served = new long[4][rounds];
    for (int i = 0; i < rounds; i++) {
      String name = "measured" + i % 10;
      Operation[] steps = {
        new Operation.CreateUpstream(
            UpstreamSpec.of(
                name, List.of(server(1)), new BalancingMethod.RoundRobin(), Keepalive.DEFAULT)),
        new Operation.EditUpstream(name, new UpstreamChange.Add(server(2))),
        new Operation.EditUpstream(name, new UpstreamChange.Remove(1)),
        new Operation.DeleteUpstream(name)
      };
      int[] servers = {1, 2, 1, 0};
      for (int step = 0; step < steps.length; step++) {
        int wanted = servers[step];
        time(
            cluster,
            i,
            ChangeRequest.of(Origin.of("measure", ""), steps[step]),
            node -> servers(cluster.node(node), name) == wanted,
            answered[step],
            served[step]);
      }
    }
    String[] what = {"group created", "server added", "server removed", "group deleted"};
    for (int step = 0; step < what.length; step++) {
      print(what[step] + ", answered", answered[step]);
      print(what[step] + ", served by all", served[step]);
    }
  }

  private static PeerSpec server(int port) {
    String text = "127.0.0.1:" + port;
    return PeerSpec.of(text, PeerAddress.parse(text));
  }

  /// 0: there is no such group.
  private static int servers(TestProxy node, String name) {
    Upstream upstream = node.upstreams().find(name);
    return upstream == null ? 0 : upstream.current().spec().servers().size();
  }

  /// Asks one node for a change, and waits until all serve it.
  private static void time(
      Cluster cluster,
      int i,
      ChangeRequest change,
      IntPredicate serves,
      long[] answered,
      long[] served) {
    long began = System.nanoTime();
    ChangeResult result = cluster.node(i % 3).writer().submit(change).join();
    answered[i] = System.nanoTime() - began;
    if (!(result instanceof ChangeResult.Applied)) {
      throw new IllegalStateException(result.toString());
    }
    for (int node = 0; node < 3; node++) {
      while (!serves.test(node)) {
        LockSupport.parkNanos(20_000);
      }
    }
    served[i] = System.nanoTime() - began;
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
    long before = usedBytes();
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
    long memory = (usedBytes() - before) / 3;
    System.out.printf(
        Locale.ROOT,
        "start with %d keys and %d groups in the store: serves after %d ms, caught up after %d ms; %.1f"
            + " MB more on the heap of each of three nodes%n",
        KEYS,
        GROUPS,
        serves / 1_000_000,
        caughtUp / 1_000_000,
        memory / 1e6);
  }

  private static long usedBytes() {
    System.gc();
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private static void print(String what, long[] nanos) {
    Arrays.sort(nanos);
    System.out.printf(
        Locale.ROOT,
        "%-30s %6d times: p50 %.2f ms, p99 %.2f ms, max %.1f ms%n",
        what,
        nanos.length,
        nanos[nanos.length / 2] / 1e6,
        nanos[nanos.length * 99 / 100] / 1e6,
        nanos[nanos.length - 1] / 1e6);
  }
}

package dev.turnout.testkit;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A member of an etcd cluster, with the v2 API, too.
public final class Etcd extends Registry {
  private Etcd(int port, Program program) {
    super(port, program);
  }

  /// Runs a cluster of one, and returns when it can be used.
  public static Etcd start() {
    return cluster(1).getFirst();
  }

  /// Runs a cluster, and returns when it can be used.
  public static List<Etcd> cluster(int size) {
    Installed.need("etcd", "etcd-server");
    List<Integer> peers = new ArrayList<>();
    List<String> members = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      peers.add(Ports.free());
      members.add("m" + i + "=http://127.0.0.1:" + peers.get(i));
    }
    List<Etcd> cluster = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      int port = Ports.free();
      Path directory = Program.directory("etcd");
      cluster.add(
          new Etcd(
              port,
              new Program(
                  directory,
                  words(
                      "etcd",
                      "--name=m" + i,
                      "--data-dir=" + directory.resolve("data"),
                      "--listen-client-urls=http://127.0.0.1:" + port,
                      "--advertise-client-urls=http://127.0.0.1:" + port,
                      "--listen-peer-urls=http://127.0.0.1:" + peers.get(i),
                      "--initial-advertise-peer-urls=http://127.0.0.1:" + peers.get(i),
                      "--initial-cluster=" + String.join(",", members),
                      "--heartbeat-interval=100",
                      "--election-timeout=1000",
                      "--enable-v2=true"))));
    }
    cluster.forEach(Etcd::awaitReady);
    return cluster;
  }

  @Override
  boolean isReady() {
    return call("GET", "/health", "").contains("\"true\"");
  }

  /// Removes all keys.
  public void clear() {
    call("POST", "/v3/kv/deleterange", "{\"key\":\"AA==\",\"range_end\":\"AA==\"}");
  }

  /// Whether it leads its cluster.
  public boolean isLeader() {
    String status = call("POST", "/v3/maintenance/status", "{}");
    String member = status.replaceAll("(?s).*\"member_id\":\"(\\d+)\".*", "$1");
    return status.contains("\"leader\":\"" + member + "\"");
  }

  /// Forgets what happened before the present revision.
  public void compact() {
    String answer = call("POST", "/v3/kv/range", "{\"key\":\"AA==\"}");
    String revision = answer.replaceAll("(?s).*\"revision\":\"(\\d+)\".*", "$1");
    call("POST", "/v3/kv/compaction", "{\"revision\":\"" + revision + "\",\"physical\":true}");
  }
}

package dev.turnout.testkit;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/// A real Redis Cluster of three primaries that have a third of the slots each, and of replicas
/// that are added. A member that does not answer for a second is taken for failed.
public final class RedisCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int PRIMARIES = 3;
  private static final int SLOTS = 16_384;

  private final List<RedisServer> members = new ArrayList<>();
  private final List<Integer> busPorts = new ArrayList<>();

  private RedisCluster() {}

  /// Starts one, and waits until all members agree.
  public static RedisCluster start() {
    RedisCluster cluster = new RedisCluster();
    for (int i = 0; i < PRIMARIES; i++) {
      RedisServer member = cluster.launch();
      String first = Integer.toString(SLOTS * i / PRIMARIES);
      String last = Integer.toString(SLOTS * (i + 1) / PRIMARIES - 1);
      member.cli("CLUSTER", "ADDSLOTSRANGE", first, last);
    }
    cluster.meet(1);
    cluster.meet(2);
    cluster.awaitState("ok");
    return cluster;
  }

  private RedisServer launch() {
    int busPort = Ports.free();
    busPorts.add(busPort);
    RedisServer member =
        RedisServer.start(
            "--cluster-enabled",
            "yes",
            "--cluster-port",
            Integer.toString(busPort),
            "--cluster-node-timeout",
            "1000",
            "--cluster-replica-validity-factor",
            "0");
    members.add(member);
    return member;
  }

  private void meet(int i) {
    members
        .getFirst()
        .cli(
            "CLUSTER",
            "MEET",
            "127.0.0.1",
            Integer.toString(members.get(i).port()),
            Integer.toString(busPorts.get(i)));
  }

  /// A member: the first three have the slots from low to high at the beginning.
  public RedisServer member(int i) {
    return members.get(i);
  }

  /// The name of a member among the members.
  public String id(int i) {
    return members.get(i).cli("CLUSTER", "MYID");
  }

  /// Adds a replica of a primary, and waits until it has what that has.
  public RedisServer addReplica(int ofMember) {
    RedisServer replica = launch();
    int i = members.size() - 1;
    meet(i);
    String primary = id(ofMember);
    until(
        () ->
            replica.cli("CLUSTER", "NODES").contains(primary)
                && replica.cli("CLUSTER", "REPLICATE", primary).equals("OK"),
        "the replica to know its primary");
    until(
        () -> replica.cli("INFO", "replication").contains("master_link_status:up"),
        "the replica to have all");
    return replica;
  }

  /// Waits until all members that answer say that the cluster is `ok`, or `fail`.
  public void awaitState(String state) {
    until(
        () ->
            members.stream()
                .map(member -> member.cli("CLUSTER", "INFO"))
                .allMatch(
                    info -> info.contains("cluster_state:" + state) || info.contains("refused")),
        "the cluster to be " + state);
  }

  /// The member that has a slot by what it says of itself; -1: none says so.
  public int owner(int slot) {
    for (int i = 0; i < members.size(); i++) {
      for (String line : members.get(i).cli("CLUSTER", "NODES").split("\\R", -1)) {
        if (line.contains("myself,master") && has(line, slot)) {
          return i;
        }
      }
    }
    return -1;
  }

  private static boolean has(String line, int slot) {
    String[] words = line.split(" ", -1);
    for (int i = 8; i < words.length; i++) {
      String[] ends = words[i].split("-", -1);
      if (!words[i].startsWith("[")
          && Integer.parseInt(ends[0]) <= slot
          && slot <= Integer.parseInt(ends[ends.length - 1])) {
        return true;
      }
    }
    return false;
  }

  private void until(Callable<Boolean> condition, String what) {
    try {
      Eventually.until(
          PATIENCE, condition, () -> what + "; " + members.getFirst().cli("CLUSTER", "NODES"));
    } catch (AssertionError | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    members.forEach(RedisServer::close);
  }
}

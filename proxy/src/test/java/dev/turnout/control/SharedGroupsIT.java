package dev.turnout.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.cluster.Origin;
import dev.turnout.testkit.RedisServer;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Groups of servers are made, changed and removed on all nodes by a change on one.
@Timeout(120)
class SharedGroupsIT {
  private static final RedisServer REDIS = RedisServer.start();
  private static final String HTTP =
      """
      upstream app { store; server 127.0.0.1:1001; server 127.0.0.1:1002; }
      upstream own { server 127.0.0.1:1003; }
      server { listen 127.0.0.1:0; location / { proxy_pass http://app; } }
      """;

  private Cluster cluster;

  @AfterAll
  static void stop() {
    REDIS.close();
  }

  @BeforeEach
  void start() {
    REDIS.cli("FLUSHALL");
    cluster = Cluster.start(REDIS, 3, "", HTTP);
  }

  @AfterEach
  void end() {
    cluster.close();
  }

  private ChangeResult change(int node, Operation operation) {
    return cluster
        .node(node)
        .writer()
        .submit(ChangeRequest.of(Origin.of("test", "alice"), operation))
        .join();
  }

  private static PeerSpec server(int port) {
    String text = "127.0.0.1:" + port;
    return PeerSpec.of(text, PeerAddress.parse(text));
  }

  private static UpstreamSpec group(String name, int... ports) {
    List<PeerSpec> servers =
        java.util.Arrays.stream(ports).mapToObj(SharedGroupsIT::server).toList();
    return UpstreamSpec.of(name, servers, new BalancingMethod.RoundRobin(), Keepalive.DEFAULT);
  }

  private static Operation add(String upstream, int port) {
    return new Operation.EditUpstream(upstream, new UpstreamChange.Add(server(port)));
  }

  /// The servers of a group, as they are served; empty: there is no such group.
  private String servers(int node, String name) {
    Upstream upstream = cluster.node(node).upstreams().find(name);
    return upstream == null
        ? ""
        : String.join(
            " ",
            upstream.current().spec().servers().stream()
                .map(one -> one.server().substring(10) + (one.drain() ? "d" : ""))
                .toList());
  }

  private void awaitServers(String name, String servers) {
    for (int i = 0; i < 3; i++) {
      int node = i;
      cluster.until(
          () -> servers(node, name).equals(servers),
          "node " + node + ": " + name + " = " + servers);
    }
  }

  @Test
  void aGroupIsMadeChangedAndRemovedOnAll() {
    assertThat(change(0, new Operation.CreateUpstream(group("Fresh", 2001))))
        .isInstanceOf(ChangeResult.Applied.class);
    awaitServers("fresh", "2001");
    change(1, add("fresh", 2002));
    awaitServers("fresh", "2001 2002");
    change(
        2,
        new Operation.EditUpstream(
            "fresh", new UpstreamChange.Update(1, PeerPatch.NOTHING.withDrain(true))));
    awaitServers("fresh", "2001 2002d");

    change(1, new Operation.DeleteUpstream("fresh"));

    awaitServers("fresh", "");
    assertThat(REDIS.cli("EXISTS", "turnout:@group:fresh")).isEqualTo("0");
  }

  @Test
  void aConfiguredGroupIsSharedIfItIsMarked() {
    change(0, add("app", 1005));
    change(0, add("own", 1006));

    awaitServers("app", "1001 1002 1005");
    assertThat(servers(0, "own")).isEqualTo("1003 1006");
    assertThat(servers(1, "own")).isEqualTo("1003");
    assertThat(REDIS.cli("EXISTS", "turnout:@group:own")).isEqualTo("0");
  }

  @Test
  void aConfiguredGroupCanBeDeletedEverywhereAndComesBackWhenTheStoreForgetsIt() {
    change(0, new Operation.DeleteUpstream("app"));
    awaitServers("app", "");

    REDIS.cli("DEL", "turnout:@group:app");

    awaitServers("app", "1001 1002");
  }

  @Test
  void changesAtTheSameMomentOnSeveralNodesAreAllMade() {
    List<CompletableFuture<ChangeResult>> results = new java.util.ArrayList<>();
    for (int round = 0; round < 5; round++) {
      for (int node = 0; node < 3; node++) {
        results.add(
            cluster
                .node(node)
                .writer()
                .submit(
                    ChangeRequest.of(Origin.of("test", ""), add("app", 3000 + 10 * round + node))));
      }
    }

    assertThat(results)
        .allSatisfy(one -> assertThat(one.join()).isInstanceOf(ChangeResult.Applied.class));

    cluster.until(() -> servers(0, "app").split(" ").length == 17, "17 servers on node 0");
    awaitServers("app", servers(0, "app"));
    assertThat(servers(0, "app").split(" ")).doesNotHaveDuplicates();
  }

  @Test
  void aGroupThatIsNoneIsNotTakenAndTheLastGoodStays() {
    change(0, add("app", 1005));
    awaitServers("app", "1001 1002 1005");

    REDIS.cli("SET", "turnout:@group:app", "{\"name\":\"app\",\"wieght\":3}");
    REDIS.cli(
        "SET",
        "turnout:@group:metadata",
        "{\"name\":\"metadata\",\"method\":\"round_robin\",\"next\":1,\"servers\":"
            + "[{\"id\":0,\"server\":\"169.254.169.254:80\"}]}");

    cluster.until(() -> cluster.status(1).rejected().size() == 2, "two rejections");
    assertThat(cluster.status(1).rejected().get("turnout:@group:app")).contains("wieght");
    assertThat(servers(1, "app")).isEqualTo("1001 1002 1005");
    assertThat(servers(1, "metadata")).isEmpty();
  }

  @Test
  void aReloadLeavesWhatTheStoreHas() {
    change(0, add("app", 1005));
    awaitServers("app", "1001 1002 1005");

    boolean reloaded =
        cluster
            .node(1)
            .reload(
                "state_store redis://%s node=n1 ;\n%s"
                    .formatted(REDIS.address(), HTTP.replace("1002", "1009")));

    assertThat(reloaded).isTrue();
    assertThat(servers(1, "app")).isEqualTo("1001 1002 1005");
    change(2, add("app", 1006));
    awaitServers("app", "1001 1002 1005 1006");
  }

  @Test
  void aKeyCanPointToAGroupThatIsMadeWithIt() {
    cluster.close();
    cluster =
        Cluster.start(
            REDIS,
            2,
            "",
            Cluster.ZONE
                + """
                upstream blue { server 127.0.0.1:1001; }
                server { listen 127.0.0.1:0; server_name localhost;
                  location = /upstream_switch { upstream_switch zone=switch; }
                  location / { proxy_pass http://$ups; } }
                """);
    var zone = java.util.Objects.requireNonNull(cluster.node(0).zone("switch"));

    ChangeResult result =
        cluster
            .node(0)
            .writer()
            .submit(
                ChangeRequest.of(
                    Origin.of("test", ""),
                    new Operation.CreateUpstream(group("green", 2001)),
                    new Operation.EditZone(
                        zone,
                        List.of(new dev.turnout.cluster.KeyvalChange.Put("shop", "green")),
                        List.of())))
            .join();

    assertThat(result).isInstanceOf(ChangeResult.Applied.class);
    cluster.awaitValue("shop", "green");
    assertThat(cluster.status(1).rejected()).isEmpty();
    assertThat(cluster.node(1).writer().history().last(1).getFirst().deltas()).hasSize(2);
  }
}

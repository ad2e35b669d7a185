package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Holds `openapi.json` against the program: each answer of each test is checked as it comes; here
/// every path, method and status that is described is asked for.
@Timeout(60)
class DescriptionIT {
  private static String config(String held) {
    return """
    keyval_zone zone=switch:32k;
    upstream app { server 127.0.0.1:1001; server 127.0.0.1:1002; server 127.0.0.1:1003; }
    upstream guarded { guard keep_nonempty; server 127.0.0.1:1001; }
    upstream scaled { autoscale hpa dry_run; server 127.0.0.1:1001; }
    upstream held { server %s; server 127.0.0.1:1001 down; }
    server {
      listen 127.0.0.1:0;
      location /control { control_api write=on; }
      location /reading { control_api; }
      location / { proxy_pass http://held; }
    }
    """
        .formatted(held);
  }

  /// A change that can be made.
  private record Write(String method, String path, @Nullable String body) {}

  private static final List<Write> WRITES =
      List.of(
          new Write("POST", "/upstreams", "{'name':'new'}"),
          new Write("PUT", "/upstreams/app", "{'servers':[{'server':'127.0.0.1:1'}]}"),
          new Write("DELETE", "/upstreams/app", null),
          new Write("POST", "/upstreams/app/servers", "{'server':'127.0.0.1:2'}"),
          new Write("PATCH", "/upstreams/app/servers/0", "{'weight':2}"),
          new Write("DELETE", "/upstreams/app/servers/0", null),
          new Write("POST", "/upstreams/app/servers/0/drain", "{}"),
          new Write("PUT", "/autoscale/scaled/override", "{'servers':1,'for':'1m'}"),
          new Write("DELETE", "/autoscale/scaled/override", null),
          new Write("PUT", "/zones/switch/keys/a", "{'value':'b'}"),
          new Write("DELETE", "/zones/switch/keys/a", null),
          new Write("POST", "/changes", "{'operations':[{'op':'clear_zone','zone':'switch'}]}"),
          new Write("POST", "/revisions/1/restore", null),
          new Write("POST", "/revisions/1/undo", null),
          new Write("POST", "/trials/1/confirm", null),
          new Write("POST", "/trials/1/rollback", null),
          new Write("DELETE", "/drains/x", null));

  private final Holding holding = new Holding();
  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy = TestProxy.start(config(holding.address()));
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    holding.close();
    proxy.close();
  }

  @Test
  void allThatIsDescribedIsThere() throws IOException {
    Set<String> missing = new TreeSet<>(client.description().described());

    reads();
    refusals();
    successes();
    conflicts();
    unknowns();
    trials();
    drains();
    try (ControlClient reading = ControlClient.of(proxy, "/reading")) {
      for (Write write : WRITES) {
        reading.send(write.method, write.path, write.body);
      }
      missing.removeAll(reading.seen());
    }
    ending();

    missing.removeAll(client.seen());
    missing.removeIf(DescriptionIT::isTroubleWithTheDisk);
    missing.removeIf(DescriptionIT::isOfOtherNodes);
    assertThat(missing).isEmpty();
  }

  private static boolean isTroubleWithTheDisk(String what) {
    return what.endsWith(" 500")
        || (what.endsWith(" 507") && !what.startsWith("PUT /zones/") && !what.contains("/changes"));
  }

  /// What [NodesIT] sees.
  private static boolean isOfOtherNodes(String what) {
    return what.equals("GET /nodes 503") || (what.endsWith(" 202") && !what.contains("/drain"));
  }

  private void reads() {
    for (String path :
        List.of(
            "",
            "/openapi.json",
            "/state",
            "/figures?latency=app",
            "/timeline",
            "/upstreams",
            "/upstreams/app",
            "/upstreams/app/servers",
            "/upstreams/app/servers/0",
            "/zones",
            "/zones/switch",
            "/zones/switch/keys/a",
            "/revisions",
            "/revisions/1",
            "/autoscale",
            "/autoscale/scaled",
            "/trials",
            "/trials/1",
            "/drains",
            "/drains/x",
            "/nodes",
            "/sources",
            "/events?wait=0s")) {
      client.get(path);
      client.get(path.replaceAll("[?].*", "") + "?nonsense=1");
      client.get(path, "Origin", "http://evil.test");
    }
    client.get("/figures", "If-None-Match", client.get("/figures").etag());
    client.get("/figures?latency=none");
    client.get("/state?at=77");
    client.get("/autoscale/none");
    client.get("/upstreams/none");
    client.get("/upstreams/none/servers");
    client.get("/upstreams/app/servers/77");
    client.get("/zones/none");
  }

  private void refusals() {
    String large = "{'x':'" + "x".repeat(1 << 20) + "'}";
    for (Write write : WRITES) {
      client.send(write.method, write.path + "?nonsense=1", write.body);
      client.send(write.method, write.path, write.body, "Origin", "http://evil.test");
      if (write.body != null) {
        client.send(write.method, write.path, write.body, "Content-Type", "text/plain");
        client.send(write.method, write.path, large);
      }
    }
  }

  private void successes() {
    client.put("/zones/switch/keys/a", "{'value':'b'}"); // revision 1
    client.post("/revisions/1/undo", "");
    for (Write write : WRITES) {
      client.send(write.method, write.path + "?why=test", write.body);
      client.post("/revisions/1/restore", "");
    }
    client.post("/changes", "{'operations':[{'op':'clear_zone','zone':'switch'}]}");
    client.put("/zones/switch/keys/a", "{'value':'b'}");
    client.get("/zones/switch/keys/a");
    client.get("/revisions/1");
    String drain = client.post("/upstreams/app/servers/1/drain", "{}").at("/id");
    client.get("/drains/" + drain + "?wait=30s");
    for (Write write : WRITES) {
      client.send(write.method, write.path, write.body, "If-Match", "\"9999\"");
    }
    client.put("/zones/switch/keys/k", "{'value':'b'}", "Idempotency-Key", "k");
    for (Write write : WRITES) {
      client.send(write.method, write.path, write.body, "Idempotency-Key", "k");
    }
  }

  private void conflicts() {
    client.post("/upstreams", "{'name':'app'}");
    client.put("/upstreams/guarded", "{'servers':[]}");
    client.delete("/upstreams/guarded");
    client.patch("/upstreams/guarded/servers/0", "{'down':true}");
    client.delete("/upstreams/guarded/servers/0");
    client.post("/changes", "{'operations':[{'op':'delete_upstream','upstream':'guarded'}]}");
    client.put("/zones/switch/keys/a", "{'value':'b','if_value':'c'}");
    client.put("/zones/switch/keys/a", "{'value':'" + "v".repeat(40_000) + "'}");
    client.post(
        "/changes",
        "{'operations':[{'op':'set_key','zone':'switch','key':'a','value':'%s'}]}"
            .formatted("v".repeat(40_000)));
    String down =
        client.patch("/upstreams/guarded/servers/0?force=1", "{'down':true}").at("/revision");
    client.patch("/upstreams/guarded/servers/0", "{'down':false}");
    client.post("/revisions/" + down + "/restore", "");
    client.post("/revisions/1/undo", "");
  }

  private void unknowns() {
    client.put("/upstreams/none", "{'servers':[]}");
    client.delete("/upstreams/none");
    client.put("/autoscale/none/override", "{'servers':1,'for':'1m'}");
    client.delete("/autoscale/none/override");
    client.post("/upstreams/none/servers", "{'server':'127.0.0.1:2'}");
    client.patch("/upstreams/app/servers/77", "{'weight':2}");
    client.delete("/upstreams/app/servers/77");
    client.post("/upstreams/app/servers/77/drain", "{}");
    client.put("/zones/none/keys/a", "{'value':'b'}");
    client.delete("/zones/none/keys/a");
    client.post("/changes", "{'operations':[{'op':'clear_zone','zone':'none'}]}");
    client.post("/revisions/9999/restore", "");
    client.post("/revisions/9999/undo", "");
  }

  private String trial() {
    String set = "/zones/switch/keys/trial?confirm_within=1h&why=" + System.nanoTime();
    return "/trials/" + client.put(set, "{'value':'" + System.nanoTime() + "'}").at("/revision");
  }

  private void trials() {
    String kept = trial();
    client.get(kept);
    client.get("/trials");
    client.put("/zones/switch/keys/trial?watch=1h", "{'value':'x'}");
    client.post(kept + "/confirm", "", "If-Match", "\"9999\"");
    client.post(kept + "/rollback", "", "If-Match", "\"9999\"");
    client.post(kept + "/confirm", "");
    client.post(trial() + "/rollback", "");
  }

  private void drains() throws IOException {
    holding.request(proxy.port());
    String drain = "/drains/" + client.post("/upstreams/held/servers/0/drain", "{}").at("/id");
    client.post("/upstreams/held/servers/0/drain", "{}");
    client.delete(drain, "If-Match", "\"9999\"");
    client.delete(drain);
    client.delete(drain);
  }

  private void ending() {
    String drain = "/drains/" + client.post("/upstreams/held/servers/0/drain", "{}").at("/id");
    String trial = trial();
    proxy.writer().close();
    client.delete(drain);
    client.post(trial + "/confirm", "");
    client.post(trial + "/rollback", "");
    for (Write write : WRITES) {
      client.send(write.method, write.path, write.body);
    }
  }
}

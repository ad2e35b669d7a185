package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every document of a node that has met some traffic, held against the fields, types and order
/// that clients of NGINX Plus know.
class PlusSchemaIT {
  private static final String OLD_RESPONSES = "1xx:int 2xx:int 3xx:int 4xx:int 5xx:int total:int";
  private static final String RESPONSES =
      "1xx:int 2xx:int 3xx:int 4xx:int 5xx:int codes:counts total:int";

  private static Schema schema(int version) {
    String peer =
        "id:int server:text name:text backup:bool weight:int state:text active:int max_conns?:int"
            + " requests:int header_time?:int response_time?:int"
            + (version >= 9 ? " response_time_hist?:histogram" : "")
            + " responses:responses sent:int received:int fails:int unavail:int"
            + " health_checks:health downtime:int"
            + " downstart?:time selected?:time";
    return new Schema()
        .object(
            "nginx",
            "version:text build:text address:text generation:int load_timestamp:time timestamp:time"
                + " pid:int ppid:int")
        .object("processes", "respawned:int")
        .object("connections", "accepted:int dropped:int active:int idle:int")
        .object("requests", "total:int current:int")
        .object("worker", "id:int pid:int connections:connections http:worker-http")
        .object("worker-http", "requests:requests")
        .object("pages", "used:int free:int")
        .object("slab", "pages:pages slots:{slot}")
        .object("slot", "used:int free:int reqs:int fails:int")
        .object("responses", version >= 7 ? RESPONSES : OLD_RESPONSES)
        .object(
            "server-zone",
            "processing:int requests:int responses:responses discarded:int received:int sent:int")
        .object(
            "location-zone", "requests:int responses:responses discarded:int received:int sent:int")
        .object("limit-conn", "passed:int rejected:int rejected_dry_run:int")
        .object(
            "limit-req",
            "passed:int delayed:int rejected:int delayed_dry_run:int rejected_dry_run:int")
        .object("group", "peers:[peer] keepalive:int zombies:int zone:text")
        .object("peer", peer)
        .object("health", "checks:int fails:int unhealthy:int last_passed?:bool")
        .object("histogram", "count:int sum:int buckets:buckets")
        .object(
            "buckets",
            "5:int 10:int 25:int 50:int 75:int 100:int 250:int 500:int 750:int 1000:int 2500:int"
                + " 5000:int 7500:int 10000:int inf:int")
        .object(
            "server",
            "id:int server:text weight:int max_conns:int max_fails:int fail_timeout:text"
                + " slow_start:text route:text backup:bool down:bool drain?:bool")
        .object(
            "ssl",
            "handshakes:int handshakes_failed:int session_reuses:int"
                + (version >= 8
                    ? " no_common_protocol:int no_common_cipher:int handshake_timeout:int"
                        + " peer_rejected_cert:int verify_failures:verify"
                    : ""))
        .object(
            "verify",
            "no_cert:int expired_cert:int revoked_cert:int hostname_mismatch:int other:int");
  }

  private static final String[][] PATHS = {
    {"/", "names", "4"},
    {"/nginx", "nginx", "4"},
    {"/processes", "processes", "4"},
    {"/connections", "connections", "4"},
    {"/slabs/", "{slab}", "4"},
    {"/slabs/app", "slab", "4"},
    {"/http/", "names", "4"},
    {"/http/requests", "requests", "4"},
    {"/http/server_zones/", "{server-zone}", "4"},
    {"/http/server_zones/site", "server-zone", "4"},
    {"/http/location_zones/", "{location-zone}", "5"},
    {"/http/location_zones/part", "location-zone", "5"},
    {"/http/caches/", "{cache}", "4"},
    {"/http/limit_conns/", "{limit-conn}", "6"},
    {"/http/limit_conns/open", "limit-conn", "6"},
    {"/http/limit_reqs/", "{limit-req}", "6"},
    {"/http/limit_reqs/rate", "limit-req", "6"},
    {"/http/upstreams/", "{group}", "4"},
    {"/http/upstreams/app", "group", "4"},
    {"/http/upstreams/app/servers/", "[server]", "4"},
    {"/http/upstreams/app/servers/0", "server", "4"},
    {"/http/keyvals/", "{pairs}", "4"},
    {"/http/keyvals/table", "pairs", "4"},
    {"/resolvers/", "{resolver}", "5"},
    {"/ssl", "ssl", "4"},
    {"/workers/", "[worker]", "9"},
    {"/workers/0", "worker", "9"},
  };

  private final ClosedPort closed = new ClosedPort();
  private final FakeUpstream upstream = FakeUpstream.answering("hello");
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  @BeforeEach
  void start() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            keyval_zone zone=table:32k;
            keyval $arg_k $v zone=table;
            limit_req_zone $arg_k zone=rate:1m rate=1000r/s;
            limit_conn_zone $arg_k zone=open:1m;
            upstream app {
                zone app 64k;
                server 127.0.0.1:%d;
                server 127.0.0.1:%d max_conns=7;
                server 127.0.0.1:%d drain;
                server 127.0.0.1:%d backup;
            }
            upstream empty { zone empty 64k; }
            upstream static { server 127.0.0.1:1; }
            %s
              status_zone site;
              location /app { status_zone part; proxy_pass http://app;
                limit_req zone=rate burst=10; limit_conn open 10; }
            }
            """
                .formatted(
                    upstream.port(), closed.port(), upstream.port(), upstream.port(), Api.SERVER));
    for (int i = 0; i < 4; i++) {
      RawClient.get(proxy.port(), "a.test", "/app?k=" + i);
    }
    new Api(proxy).post("/9/http/keyvals/table", "{\"a\":1,\"b\":\"x\\\"y\\u00e9\"}");
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    closed.close();
    upstream.close();
  }

  @TestFactory
  Stream<DynamicTest> everyDocumentIsAsClientsKnowIt() {
    return Stream.of(4, 5, 6, 7, 8, 9)
        .flatMap(version ->
            Stream.of(PATHS)
                .map(row ->
                    DynamicTest.dynamicTest(
                        version + " " + row[0], () -> holds(version, row[0], row[1], row[2]))));
  }

  private void holds(int version, String path, String type, String since) throws IOException {
    Api api = new Api(proxy);
    String full = "/" + version + path;

    if (version < Integer.parseInt(since)) {
      assertThat(api.get(full).status()).isEqualTo(404);
      assertThat(Api.at(Api.json(api.get(full).body()), "error", "code")).isEqualTo("PathNotFound");
    } else {
      assertThat(schema(version).check(type, api.read(full))).isEmpty();
    }
  }
}

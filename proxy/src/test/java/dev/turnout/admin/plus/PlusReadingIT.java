package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PlusReadingIT {
  private final FakeUpstream upstream = FakeUpstream.answering("hello");
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  private Api api() {
    return new Api(proxy);
  }

  @BeforeEach
  void start() {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            keyval_zone zone=table:32k;
            upstream app { zone app 64k; server 127.0.0.1:%d weight=5; }
            upstream empty { zone app; }
            upstream static { server 127.0.0.1:1; }
            %s
              status_zone site;
              location /app { proxy_pass http://app; }
              location /read/ { api; }
              location = /exact { api; }
            }
            """
                .formatted(upstream.port(), Api.SERVER));
  }

  @AfterEach
  void stop() {
    proxy.close();
    upstream.close();
  }

  @Test
  void theLocationItselfListsTheVersions() throws IOException {
    for (String path : List.of("/api", "/api/", "/read/", "/exact", "/api?fields=x")) {
      RawResponse response = RawClient.get(proxy.port(), "a.test", path);

      assertThat(response.status()).as(path).isEqualTo(200);
      assertThat(response.headers().get("Content-Type")).contains("application/json");
      assertThat(response.body()).isEqualTo("[4,5,6,7,8,9]");
    }
  }

  @Test
  void eachVersionHasItsOwnTree() throws IOException {
    assertThat(api().get("/4/").body())
        .isEqualTo("[\"nginx\",\"processes\",\"connections\",\"slabs\",\"http\",\"ssl\"]");
    assertThat(api().get("/9/").body())
        .isEqualTo(
            "[\"nginx\",\"processes\",\"connections\",\"slabs\",\"http\",\"resolvers\",\"ssl\","
                + "\"workers\"]");
    assertThat(api().get("/5/http/").body())
        .isEqualTo(
            "[\"requests\",\"server_zones\",\"location_zones\",\"caches\",\"upstreams\","
                + "\"keyvals\"]");
    assertThat(api().get("/9/http/").body())
        .isEqualTo(
            "[\"requests\",\"server_zones\",\"location_zones\",\"caches\",\"limit_conns\","
                + "\"limit_reqs\",\"upstreams\",\"keyvals\"]");
  }

  @Test
  void slashesAtTheEndAndInARowMakeNoDifference() throws IOException {
    String plain = api().get("/9/http/upstreams/app/servers").body();

    assertThat(api().get("/9/http/upstreams/app/servers/").body()).isEqualTo(plain);
    assertThat(api().get("//9//http/upstreams//app/servers//").body()).isEqualTo(plain);
    assertThat(api().get("/9/http/upstreams/app/servers/0/").status()).isEqualTo(200);
  }

  private static final Object[][] REFUSED = {
    {"/3/nginx", 404, "UnknownVersion", "unknown version"},
    {"/10/", 404, "UnknownVersion", "unknown version"},
    {"/nine/", 404, "UnknownVersion", "unknown version"},
    {"/9/nothing", 404, "PathNotFound", "path not found"},
    {"/9/nginx/version", 404, "PathNotFound", "path not found"},
    {"/9/stream/", 404, "PathNotFound", "path not found"},
    {"/9/stream/upstreams", 404, "PathNotFound", "path not found"},
    {"/9/stream/zone_sync/", 404, "PathNotFound", "path not found"},
    {"/9/license", 404, "PathNotFound", "path not found"},
    {"/9/workers/77", 404, "WorkerNotFound", "worker not found"},
    {"/9/slabs/x", 404, "SlabNotFound", "slab not found"},
    {"/9/http/x", 404, "PathNotFound", "path not found"},
    {"/9/http/server_zones/x", 404, "ServerZoneNotFound", "server zone not found"},
    {"/9/http/location_zones/x", 404, "LocationZoneNotFound", "location zone not found"},
    {"/9/http/caches/x", 404, "CacheNotFound", "cache not found"},
    {"/9/http/limit_conns/x", 404, "LimitConnNotFound", "limit_conn not found"},
    {"/9/http/limit_reqs/x", 404, "LimitReqNotFound", "limit_req not found"},
    {"/9/resolvers/x", 404, "ResolverZoneNotFound", "resolver not found"},
    {"/9/http/upstreams/x", 404, "UpstreamNotFound", "upstream not found"},
    {"/9/http/upstreams/x/servers/", 404, "UpstreamNotFound", "upstream not found"},
    {"/9/http/upstreams/static", 400, "UpstreamStatic", "Upstream is static"},
    {"/9/http/upstreams/static/servers/0", 400, "UpstreamStatic", "Upstream is static"},
    {"/9/http/upstreams/app/x", 404, "PathNotFound", "path not found"},
    {"/9/http/upstreams/app/servers/x", 400, "UpstreamBadServerId", "invalid server ID"},
    {"/9/http/upstreams/app/servers/-1", 400, "UpstreamBadServerId", "invalid server ID"},
    {
      "/9/http/upstreams/app/servers/77",
      404,
      "UpstreamServerNotFound",
      "server with ID \"77\" does not exist"
    },
    {"/9/http/upstreams/app/servers/0/x", 404, "PathNotFound", "path not found"},
    {"/9/http/keyvals/x", 404, "KeyvalNotFound", "keyval not found"},
    {"/9/http/keyvals/table?key=x", 404, "KeyvalKeyNotFound", "keyval key not found"},
  };

  @TestFactory
  Stream<DynamicTest> whatIsNotThereIsToldInTheErrorObject() {
    return Stream.of(REFUSED)
        .map(row ->
            DynamicTest.dynamicTest(
                String.valueOf(row[0]),
                () -> {
                  RawResponse response = api().get(String.valueOf(row[0]));

                  assertThat(response.status()).isEqualTo(row[1]);
                  assertThat(response.headers().get("Content-Type")).contains("application/json");
                  Object error = Api.json(response.body());
                  assertThat(keys(error)).containsExactly("error", "request_id", "href");
                  assertThat(Api.at(error, "error"))
                      .isEqualTo(
                          Map.of("status", (long) (int) row[1], "text", row[3], "code", row[2]));
                  assertThat(String.valueOf(Api.at(error, "request_id"))).hasSize(32);
                  assertThat(Api.at(error, "href"))
                      .isEqualTo("https://nginx.org/en/docs/http/ngx_http_api_module.html");
                }));
  }

  @Test
  void onlyTheFieldsThatAreAskedForAreThere() throws IOException {
    assertThat(keys(api().read("/9/nginx?fields=build,version")))
        .containsExactly("version", "build");
    assertThat(keys(api().read("/9/http/upstreams/app?fields=zone%2Czombies")))
        .containsExactly("zombies", "zone");
    assertThat(keys(Api.at(api().read("/9/http/upstreams?fields=keepalive"), "app")))
        .containsExactly("keepalive");
    assertThat(api().read("/9/http/upstreams/?fields=")).isEqualTo(List.of("app", "empty"));
    assertThat(api().read("/9/http/keyvals?fields=")).isEqualTo(List.of("table"));
    assertThat(api().read("/9/http/server_zones?a=b&fields")).isEqualTo(List.of("site"));
    assertThat(api().read("/9/http/caches?fields=")).isEqualTo(List.of());
    assertThat(api().read("/9/connections?fields=nothing")).isEqualTo(Map.of());
  }

  private static List<String> keys(@Nullable Object document) {
    return document instanceof Map<?, ?> map
        ? map.keySet().stream().map(String::valueOf).toList()
        : List.of();
  }

  @Test
  void headTellsWhatGetWouldAnswer() throws IOException {
    RawResponse got = api().get("/9/http/keyvals");
    RawResponse head = api().ask("HEAD", "/9/http/keyvals", null);
    RawResponse missing = api().ask("HEAD", "/9/nothing", null);

    assertThat(head.status()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    assertThat(head.headers().get("Content-Length")).isEqualTo(got.headers().get("Content-Length"));
    assertThat(head.headers().get("Content-Type")).contains("application/json");
    assertThat(missing.status()).isEqualTo(404);
    assertThat(missing.body()).isEmpty();
  }

  @Test
  void optionsTellTheMethodsOfAPath() throws IOException {
    assertThat(allowed("OPTIONS", "/9/nginx", 204)).isEqualTo("GET, HEAD, OPTIONS");
    assertThat(allowed("OPTIONS", "/9/connections", 204)).isEqualTo("GET, HEAD, OPTIONS, DELETE");
    assertThat(allowed("OPTIONS", "/9/http/upstreams/app/servers/", 204))
        .isEqualTo("GET, HEAD, OPTIONS, POST");
    assertThat(allowed("OPTIONS", "/9/http/upstreams/app/servers/0", 204))
        .isEqualTo("GET, HEAD, OPTIONS, PATCH, DELETE");
    assertThat(allowed("OPTIONS", "/9/http/keyvals/table", 204))
        .isEqualTo("GET, HEAD, OPTIONS, POST, PATCH, DELETE");
  }

  @Test
  void aMethodThatAPathHasNotIsRefusedWithThoseThatItHas() throws IOException {
    assertThat(allowed("PATCH", "/9/http/upstreams/app/servers/", 405))
        .isEqualTo("GET, HEAD, OPTIONS, POST");
    assertThat(allowed("DELETE", "/9/nginx", 405)).isEqualTo("GET, HEAD, OPTIONS");
    assertThat(allowed("PUT", "/9/http/keyvals/table", 405))
        .isEqualTo("GET, HEAD, OPTIONS, POST, PATCH, DELETE");
  }

  private String allowed(String method, String path, int status) throws IOException {
    RawResponse response = api().ask(method, path, null);
    assertThat(response.status()).isEqualTo(status);
    return response.headers().get("Allow").orElse("");
  }

  @Test
  void withoutWriteOnNothingCanBeChanged() throws IOException {
    for (String method : List.of("POST", "PATCH", "DELETE", "PUT")) {
      RawResponse response =
          RawClient.ask(
              proxy.port(),
              method
                  + " /read/9/http/upstreams/DASHBOARD_INIT/servers/__TEST_FOR_WRITE__/ HTTP/1.1\r\n"
                  + "Host: a.test\r\n\r\n");

      assertThat(response.status()).isEqualTo(405);
      assertThat(response.headers().get("Allow")).contains("GET, HEAD, OPTIONS");
      assertThat(Api.at(Api.json(response.body()), "error", "code")).isEqualTo("MethodDisabled");
    }
  }

  @Test
  void statisticsShowWhatWasServedAndBeginAnewWhenDeleted() throws IOException {
    RawClient.get(proxy.port(), "a.test", "/app");
    Object before = api().read("/9/http/upstreams/app");

    assertThat(Api.at(before, "peers", 0, "weight")).isEqualTo(5L);
    assertThat(Api.at(before, "peers", 0, "state")).isEqualTo("up");
    assertThat(Api.at(before, "peers", 0, "requests")).isEqualTo(1L);
    assertThat(Api.at(before, "peers", 0, "responses", "codes")).isEqualTo(Map.of("200", 1L));
    assertThat(Api.at(before, "peers", 0, "response_time_hist", "count")).isEqualTo(1L);
    assertThat(number("/9/http/server_zones/site", "requests")).isPositive();
    assertThat(number("/9/http/requests", "total")).isGreaterThan(1);

    for (String path :
        List.of(
            "/9/http/upstreams/app",
            "/9/http/server_zones/site",
            "/9/http/requests",
            "/9/connections",
            "/9/processes",
            "/9/ssl",
            "/9/slabs/app",
            "/9/workers/0",
            "/9/workers/")) {
      RawResponse reset = api().delete(path);
      assertThat(reset.status()).as(path).isEqualTo(204);
      assertThat(reset.body()).isEmpty();
      assertThat(reset.headers().has("Content-Length")).isFalse();
    }
    Object after = api().read("/9/http/upstreams/app");
    assertThat(Api.at(after, "peers", 0, "requests")).isEqualTo(0L);
    assertThat(Api.at(after, "peers", 0, "responses", "total")).isEqualTo(0L);
    assertThat(number("/9/http/requests", "total")).isLessThan(3);
  }

  private long number(String path, String name) throws IOException {
    return Api.at(api().read(path), name) instanceof Long number ? number : -1;
  }

  @Test
  void theProcessTellsWhoItIsAndWhichConfigurationItServes() throws IOException {
    Object nginx = api().read("/9/nginx");

    assertThat(Api.at(nginx, "address")).isEqualTo("127.0.0.1");
    assertThat(Api.at(nginx, "generation")).isEqualTo(1L);
    assertThat(Api.at(nginx, "pid")).isEqualTo(ProcessHandle.current().pid());
    assertThat(String.valueOf(Api.at(nginx, "build"))).contains("turnout");
  }

  @Test
  void aListOfManyServersIsStreamedToItsEnd() throws IOException {
    StringBuilder groups = new StringBuilder();
    for (int i = 0; i < 200; i++) {
      groups.append("upstream many").append(i).append(" { zone many 1m;\n");
      for (int j = 0; j < 10; j++) {
        groups.append("server 127.0.0.1:").append(1000 + j).append(";\n");
      }
      groups.append("}\n");
    }
    assertThat(proxy.reload(groups + Api.SERVER + "}")).isTrue();
    int port = proxy.port();

    Map<?, ?> all = (Map<?, ?>) api().read("/9/http/upstreams/");
    RawResponse whole = api().get("/9/http/upstreams/");
    RawResponse head = api().ask("HEAD", "/9/http/upstreams/", null);

    assertThat(all).hasSize(200);
    assertThat(all.values())
        .allSatisfy(group -> assertThat((List<?>) Api.at(group, "peers")).hasSize(10));
    assertThat(head.headers().get("Content-Length"))
        .contains(Integer.toString(whole.body().length()));
    try (RawClient slow = RawClient.connectWithBuffer(port, 4096)) {
      slow.send("GET /api/9/http/upstreams HTTP/1.1\r\nHost: a.test\r\n\r\n").readBytes(100);
      assertThat(api().get("/9/nginx").status()).isEqualTo(200);
    } // it leaves in the middle
    try (RawClient patient = RawClient.connectWithBuffer(port, 4096)) {
      assertThat(patient.get("a.test", "/api/9/http/upstreams").body())
          .hasSize(whole.body().length());
      assertThat(patient.get("a.test", "/api/9/processes").body()).isEqualTo("{\"respawned\":0}");
    }
    assertThat(RawClient.ask(port, "GET /api/9/http/upstreams HTTP/1.0\r\n\r\n").body())
        .hasSize(whole.body().length());
  }

  @Test
  void wrongDirectivesAreRefused() {
    String[][] wrong = {
      {"location /api { api write=yes; }", "invalid parameter \"write=yes\""},
      {"location ~ ^/api { api; }", "\"api\" must be in a location that is given by a prefix"},
      {"api;", "\"api\" directive is not allowed here"},
    };
    for (String[] row : wrong) {
      assertThatThrownBy(() -> TestProxy.start("server { listen 127.0.0.1:0; " + row[0] + " }"))
          .hasStackTraceContaining(row[1]);
    }
    String[][] zones = {
      {"upstream a { zone x 4k; server 127.0.0.1:1; }", "zone \"x\" is too small"},
      {"upstream a { zone x 1q; server 127.0.0.1:1; }", "invalid zone size \"1q\""},
      {"upstream a { zone x; server 127.0.0.1:1; }", "zero size shared memory zone \"x\""},
      {
        "upstream a { zone x 64k; } upstream b { zone x 1m; }",
        "the size 1048576 of shared memory zone \"x\" conflicts with already declared size 65536"
      },
      {"upstream a { }", "no servers are inside upstream"},
    };
    for (String[] row : zones) {
      assertThatThrownBy(() -> TestProxy.start(row[0] + " server { listen 127.0.0.1:0; }"))
          .hasStackTraceContaining(row[1]);
    }
  }
}

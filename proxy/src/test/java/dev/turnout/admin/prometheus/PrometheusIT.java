package dev.turnout.admin.prometheus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// A scrape of a node that has something to tell.
class PrometheusIT {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";

  private static String configuration(FakeUpstream upstream) {
    return """
    limit_req_zone $arg_k zone=slow:1m rate=1r/m;
    limit_conn_zone $arg_k zone=few:1m;
    upstream app { server %1$s; server %1$s down; server 127.0.0.1:1 backup max_conns=7; }
    upstream "odd \\"name\\" \\\\ %2$s" { server 127.0.0.1:2; server 127.0.0.1:3 drain; }
    server {
      listen 127.0.0.1:0; status_zone site;
      location / { status_zone pages; limit_req zone=slow; limit_conn few 9; proxy_pass http://app; }
      location = /metrics { prometheus; }
    }
    """
        .formatted(upstream.address(), utf8("ü"));
  }

  private static RawResponse scrape(TestProxy proxy, String target, String accept)
      throws IOException {
    proxy.status(); // what was answered is counted
    return RawClient.ask(
        proxy.port(),
        "GET "
            + target
            + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAccept: "
            + accept
            + "\r\n\r\n");
  }

  private static void traffic(TestProxy proxy) throws IOException {
    assertThat(RawClient.get(proxy.port(), "h", "/?k=1").status()).isEqualTo(200);
    assertThat(RawClient.get(proxy.port(), "h", "/?k=1").status()).isEqualTo(503);
    assertThat(RawClient.get(proxy.port(), "h", "/").status()).isEqualTo(200);
  }

  @Test
  void aScrapeTellsWhatHappenedInBothVocabularies() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration(upstream))) {
      traffic(proxy);

      RawResponse answer = scrape(proxy, "/metrics", "text/plain");

      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.headers().all("Content-Type")).containsExactly(TEXT);
      Scrape scrape = Scrape.of(answer.body(), false);
      assertThat(scrape.value("nginx_up")).isEqualTo(1);
      assertThat(scrape.value("nginx_connections_accepted")).isEqualTo(4);
      assertThat(scrape.value("nginx_connections_handled")).isEqualTo(4);
      assertThat(scrape.value("nginx_http_requests_total")).isEqualTo(4);
      assertThat(scrape.value("nginxplus_http_requests_total")).isEqualTo(4);
      assertThat(scrape.value("nginxplus_http_requests_current")).isEqualTo(1);
      assertThat(scrape.value("nginxplus_server_zone_requests", "server_zone", "site"))
          .isEqualTo(4);
      assertThat(scrape.value("nginxplus_server_zone_processing", "server_zone", "site"))
          .isEqualTo(1);
      assertThat(responses(scrape, "server_zone", "site", "2xx")).isEqualTo(2);
      assertThat(responses(scrape, "server_zone", "site", "5xx")).isEqualTo(1);
      assertThat(responses(scrape, "location_zone", "pages", "2xx")).isEqualTo(2);
      assertThat(
              scrape.value(
                  "nginxplus_location_zone_responses_codes",
                  "location_zone",
                  "pages",
                  "code",
                  "503"))
          .isEqualTo(1);
      assertThat(scrape.value("nginxplus_limit_request_passed", "zone", "slow")).isEqualTo(1);
      assertThat(scrape.value("nginxplus_limit_request_rejected", "zone", "slow")).isEqualTo(1);
      assertThat(scrape.value("nginxplus_limit_connection_passed", "zone", "few")).isEqualTo(1);
      assertThat(
              scrape.value(
                  "turnout_server_zone_request_duration_seconds_count", "server_zone", "site"))
          .isEqualTo(3);
      assertThat(scrape.value("turnout_zone_entries", "zone", "slow", "use", "limit_req_zone"))
          .isEqualTo(1);
      assertThat(scrape.value("turnout_generation")).isEqualTo(1);
    }
  }

  private static double responses(Scrape scrape, String kind, String zone, String code) {
    return scrape.value("nginxplus_" + kind + "_responses", kind, zone, "code", code);
  }

  private static double peer(Scrape scrape, String metric, String upstream, String server) {
    return scrape.value(metric, "upstream", upstream, "server", server);
  }

  @Test
  void everyServerIsToldOfOnceWhateverItsName() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration(upstream))) {
      traffic(proxy);

      Scrape scrape = Scrape.of(scrape(proxy, "/metrics", "*/*").body(), false);

      String prefix = "nginxplus_upstream_server_";
      String address = upstream.address();
      assertThat(peer(scrape, prefix + "requests", "app", address)).isEqualTo(2);
      assertThat(peer(scrape, prefix + "state", "app", address)).isEqualTo(1);
      assertThat(peer(scrape, prefix + "state", "app", address + "#1")).isEqualTo(3);
      assertThat(peer(scrape, prefix + "limit", "app", "127.0.0.1:1")).isEqualTo(7);
      assertThat(
              peer(
                  scrape,
                  "turnout_upstream_server_response_duration_seconds_count",
                  "app",
                  address))
          .isEqualTo(2);
      assertThat(scrape.value("nginxplus_upstream_keepalive", "upstream", "app")).isEqualTo(1);
      assertThat(scrape.value("nginxplus_upstream_zombies", "upstream", "app")).isZero();
      assertThat(peer(scrape, prefix + "state", "odd \"name\" \\ " + utf8("ü"), "127.0.0.1:3"))
          .isEqualTo(2);
    }
  }

  /// What tests write and get has one char for each byte.
  private static String utf8(String latin) {
    return new String(latin.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
  }

  @Test
  void changesAndZonesAreToldOf() throws IOException {
    try (TestProxy proxy =
        TestProxy.start(
            """
            keyval_zone zone=hosts:64k;
            keyval $host $target zone=hosts;
            upstream app { server 127.0.0.1:1; }
            server {
              listen 127.0.0.1:0;
              location /switch { upstream_switch zone=hosts; }
              location /metrics { prometheus; }
            }
            """)) {
      assertThat(RawClient.get(proxy.port(), "localhost", "/switch?ups=app").status())
          .isEqualTo(200);

      Scrape scrape = Scrape.of(scrape(proxy, "/metrics", "*/*").body(), false);

      assertThat(scrape.value("turnout_changes_total", "result", "applied")).isEqualTo(1);
      assertThat(scrape.value("turnout_changes_total", "result", "failed")).isZero();
      assertThat(scrape.value("turnout_change_propagation_seconds_count")).isEqualTo(1);
      assertThat(scrape.value("turnout_revision")).isPositive();
      assertThat(scrape.value("turnout_zone_entries", "zone", "hosts", "use", "keyval_zone"))
          .isEqualTo(1);
      assertThat(scrape.value("turnout_zone_size_bytes", "zone", "hosts", "use", "keyval_zone"))
          .isEqualTo(65536);
    }
  }

  @Test
  void openMetricsIsToldToThoseWhoAskForIt() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration(upstream))) {
      traffic(proxy);

      RawResponse answer =
          scrape(
              proxy,
              "/metrics",
              "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5");

      assertThat(answer.headers().all("Content-Type")).containsExactly(OPEN);
      assertThat(answer.headers().all("Vary")).containsExactly("Accept");
      Scrape scrape = Scrape.of(answer.body(), true);
      assertThat(scrape.type("nginx_http_requests")).isEqualTo("counter");
      assertThat(scrape.type("nginxplus_server_zone_requests")).isEqualTo("unknown");
      assertThat(scrape.value("nginx_http_requests_total")).isEqualTo(4);
    }
  }

  @Test
  void theOrderIsTheSameEveryTime() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration(upstream))) {
      traffic(proxy);
      scrape(proxy, "/metrics", "*/*");

      String first = scrape(proxy, "/metrics", "*/*").body();
      String second = scrape(proxy, "/metrics", "*/*").body();

      assertThat(second.replaceAll(" [0-9.E-]+\n", "\n"))
          .isEqualTo(first.replaceAll(" [0-9.E-]+\n", "\n"));
    }
  }

  @Test
  void metricsCanBePickedByName() throws IOException {
    try (FakeUpstream upstream = FakeUpstream.answering("hi");
        TestProxy proxy = TestProxy.start(configuration(upstream))) {
      String body =
          scrape(proxy, "/metrics?name[]=nginx_up&name%5B%5D=turnout_generation", "*/*").body();

      assertThat(Scrape.of(body, false).families())
          .containsExactly("nginx_up", "turnout_generation");
    }
  }

  @Test
  void onlyGetAndHeadAreAnswered() throws IOException {
    try (TestProxy proxy =
        TestProxy.start("server { listen 127.0.0.1:0; location / { prometheus; } }")) {
      String end = " / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

      assertThat(RawClient.ask(proxy.port(), "POST" + end).status()).isEqualTo(405);
      assertThat(RawClient.ask(proxy.port(), "DELETE" + end).status()).isEqualTo(405);
      try (RawClient client = RawClient.connect(proxy.port())) {
        RawResponse head = client.send("HEAD" + end).readResponse("HEAD");
        assertThat(head.status()).isEqualTo(200);
        assertThat(head.body()).isEmpty();
        assertThat(head.headers().all("Content-Length"))
            .singleElement()
            .satisfies(length -> assertThat(Integer.parseInt(length)).isGreaterThan(100));
      }
    }
  }
}

package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class LimitsIT {
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static final String ZONE = "limit_req_zone $arg_k zone=one:1m rate=1r/m;\n";

  private static RawResponse get(TestProxy proxy, String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target);
  }

  private static String server(String content) {
    return "server { listen 127.0.0.1:0; add_header Limited $limit_req_status$limit_conn_status"
        + " always; root .; "
        + content
        + " }";
  }

  @Test
  void requestsBeyondTheRateAreRefusedAndTold() throws IOException {
    try (var proxy = TestProxy.start(ZONE + server("limit_req zone=one; limit_req_status 429;"))) {

      RawResponse first = get(proxy, "/nginx.conf?k=a");
      RawResponse second = get(proxy, "/nginx.conf?k=a");
      RawResponse other = get(proxy, "/nginx.conf?k=b");
      RawResponse free = get(proxy, "/nginx.conf");

      assertThat(first.status()).isEqualTo(200);
      assertThat(first.headers().all("Limited")).containsExactly("PASSED");
      assertThat(second.status()).isEqualTo(429);
      assertThat(second.headers().all("Limited")).containsExactly("REJECTED");
      assertThat(other.status()).isEqualTo(200);
      assertThat(free.headers().all("Limited")).isEmpty();
      assertThat(proxy.errorLog())
          .containsPattern(
              "\\[error\\] .*limiting requests, excess: [01]\\.\\d{3} by zone \"one\",");
    }
  }

  @Test
  void requestsWithinTheBurstWaitForTheRate() throws IOException {
    String zone = "limit_req_zone $arg_k zone=one:1m rate=5r/s;\n";
    String limit = "error_log logs/error.log; limit_req_log_level notice; error_log logs/all info;";
    try (var proxy = TestProxy.start(zone + server(limit + "limit_req zone=one burst=5;"))) {
      get(proxy, "/nginx.conf?k=a");

      long before = System.nanoTime();
      RawResponse second = get(proxy, "/nginx.conf?k=a");
      long waited = System.nanoTime() - before;

      assertThat(second.status()).isEqualTo(200);
      assertThat(second.headers().all("Limited")).containsExactly("DELAYED");
      assertThat(Duration.ofNanos(waited)).isGreaterThan(Duration.ofMillis(50));
      assertThat(proxy.directory().resolve("logs/all"))
          .content()
          .containsPattern(
              "\\[info\\] .*delaying request, excess: [01]\\.\\d{3}, by zone \"one\",");
    }
  }

  @Test
  void aClientThatLeavesWhileItsRequestWaitsEndsIt() throws Exception {
    try (var proxy =
            TestProxy.start(
                ZONE
                    + "limit_conn_zone $arg_k zone=open:1m;\n"
                    + server(
                        """
                        error_log logs/error.log info;
                        location / { limit_conn open 1; limit_req zone=one burst=5; }
                        location = /open { limit_conn open 1; empty_gif; }
                        """));
        RawClient client = RawClient.connect(proxy.port())) {
      get(proxy, "/nginx.conf?k=a");
      client.send("GET /nginx.conf?k=a HTTP/1.1\r\nHost: a.test\r\n\r\n");
      Eventually.until(BOUND, () -> proxy.errorLog().contains("delaying request"), proxy::errorLog);

      client.halfClose();

      assertThat(client.readUntilClose()).isEmpty();
      assertThat(proxy.errorLog()).contains("client prematurely closed connection");
      assertThat(get(proxy, "/open?k=a").status()).isEqualTo(200);
    }
  }

  @Test
  void aDryRunOnlyTells() throws IOException {
    try (var proxy = TestProxy.start(ZONE + server("limit_req zone=one; limit_req_dry_run on;"))) {
      get(proxy, "/nginx.conf?k=a");

      RawResponse second = get(proxy, "/nginx.conf?k=a");

      assertThat(second.status()).isEqualTo(200);
      assertThat(second.headers().all("Limited")).containsExactly("REJECTED_DRY_RUN");
      assertThat(proxy.errorLog()).contains("limiting requests, dry run, excess: ");
    }
  }

  @Test
  void aLimitThatRefusesLeavesTheOthersUncounted() throws IOException {
    String zones = ZONE + "limit_req_zone $arg_l zone=two:1m rate=1r/m;\n";
    try (var proxy = TestProxy.start(zones + server("limit_req zone=one; limit_req zone=two;"))) {
      get(proxy, "/nginx.conf?l=x");

      assertThat(get(proxy, "/nginx.conf?k=a&l=x").status()).isEqualTo(503);
      assertThat(get(proxy, "/nginx.conf?k=a&l=y").status()).isEqualTo(200);
      assertThat(get(proxy, "/nginx.conf?k=a&l=z").status()).isEqualTo(503);
    }
  }

  @Test
  void aZoneKeepsItsContentOverAReloadOfItsKeyAndSize() throws IOException {
    String rest = server("limit_req zone=one;");
    try (var proxy = TestProxy.start(ZONE + rest)) {
      get(proxy, "/nginx.conf?k=a");

      assertThat(proxy.reload(ZONE.replace("1r/m", "2r/m") + rest)).isTrue();
      assertThat(get(proxy, "/nginx.conf?k=a").status()).isEqualTo(503);

      assertThat(proxy.reload(ZONE.replace("1m", "2m") + rest)).isTrue();
      assertThat(get(proxy, "/nginx.conf?k=a").status()).isEqualTo(200);

      assertThat(proxy.reload(ZONE.replace("1m", "2m").replace("$arg_k", "$arg_l") + rest))
          .isFalse();
      assertThat(get(proxy, "/nginx.conf?k=a").status()).isEqualTo(503);
    }
  }

  @Test
  void onlySoManyRequestsOfAKeyAreUnderWay() throws Exception {
    var answered = new CountDownLatch(1);
    try (var upstream =
            FakeUpstream.each((_, connection) -> {
              answered.await();
              connection.send(Answers.ok("late"));
            });
        var proxy =
            TestProxy.start(
                "limit_conn_zone $arg_k zone=open:1m;\n"
                    + server(
                        """
                        limit_conn open 1;
                        location / { proxy_pass http://%s; }
                        location /here { return 204; }
                        location /files/ { alias ./; error_page 503 =503 /busy; }
                        location /busy { return 204; }
                        location /dry { limit_conn_dry_run on; limit_conn open 1; try_files /x =404; }
                        """
                            .formatted(upstream.address())));
        RawClient slow = RawClient.connect(proxy.port())) {
      slow.send("GET /?k=a HTTP/1.1\r\nHost: a.test\r\n\r\n");
      upstream.awaitRequests(1);

      RawResponse refused = get(proxy, "/files/nginx.conf?k=a");
      RawResponse dry = get(proxy, "/dry?k=a");
      RawResponse other = get(proxy, "/files/nginx.conf?k=b");
      answered.countDown();
      RawResponse first = slow.readResponse();

      assertThat(refused.headers().all("Limited")).containsExactly("REJECTED");
      assertThat(dry.status()).isEqualTo(404);
      assertThat(dry.headers().all("Limited")).containsExactly("REJECTED_DRY_RUN");
      assertThat(other.status()).isEqualTo(200);
      assertThat(first.status()).isEqualTo(200);
      assertThat(first.headers().all("Limited")).containsExactly("PASSED");
      Eventually.until(
          BOUND,
          () -> get(proxy, "/files/nginx.conf?k=a").status() == 200,
          () -> "the count is still taken");
      assertThat(proxy.errorLog())
          .contains("limiting connections by zone \"open\",")
          .contains("limiting connections, dry run, by zone \"open\",");
    }
  }

  @Test
  void whatIsWrongIsRefusedInNginxWords() {
    Stream.of(
            ZONE + "limit_req zone=two;|zero size shared memory zone \"two\"",
            ZONE + "limit_req zone=one burst=0;|invalid burst value \"burst=0\"",
            ZONE + "limit_req burst=1;|\"limit_req\" must have \"zone\" parameter",
            ZONE + "limit_req zone=one; limit_req zone=one;|\"limit_req\" directive is duplicate",
            ZONE + ZONE + "|limit_req_zone \"one\" is already bound to key \"$arg_k\"",
            ZONE + "limit_conn one 1;|zone \"one\" is already declared for a different use",
            "limit_req_zone $a zone=x:1m rate=0r/s;|invalid rate \"rate=0r/s\"",
            "limit_req_zone $a zone=x:8k rate=1r/s;|zone \"zone=x:8k\" is too small",
            "limit_conn_zone $arg_a zone=x:1m; limit_conn x 65536;|must be less 65536")
        .map(row -> row.split("\\|"))
        .forEach(row ->
            assertThatThrownBy(() -> TestProxy.start(row[0]))
                .as(row[0])
                .hasMessageContaining(row[1]));
  }
}

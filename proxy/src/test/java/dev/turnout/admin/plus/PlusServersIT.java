package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PlusServersIT {
  private static final String SERVERS = "/9/http/upstreams/app/servers/";

  private final FakeUpstream blue = FakeUpstream.named("blue");
  private final FakeUpstream green = FakeUpstream.named("green");
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  private Api api() {
    return new Api(proxy);
  }

  private String site() {
    return """
    upstream app { zone app 64k; server 127.0.0.1:%d; }
    upstream empty { zone empty 64k; }
    upstream hashed { zone hashed 64k; ip_hash; server 127.0.0.1:1; }
    upstream static { server 127.0.0.1:1; }
    %s
      client_body_buffer_size 1k;
      location /app { proxy_pass http://app; }
      location /empty { proxy_pass http://empty; }
    }
    """
        .formatted(blue.port(), Api.SERVER);
  }

  @BeforeEach
  void start() {
    proxy.close();
    proxy = TestProxy.start(site(), 2);
  }

  @AfterEach
  void stop() {
    proxy.close();
    blue.close();
    green.close();
  }

  private String app() throws IOException {
    return RawClient.get(proxy.port(), "a.test", "/app").body();
  }

  private String address(FakeUpstream server) {
    return "127.0.0.1:" + server.port();
  }

  @Test
  void aServerThatIsAddedIsAnsweredWholeAndServesAtOnce() throws IOException {
    RawResponse created =
        api().post(SERVERS, "{\"server\":\"" + address(green) + "\",\"weight\":100}");

    assertThat(created.status()).isEqualTo(201);
    assertThat(created.headers().get("Content-Type")).contains("application/json");
    assertThat(created.body())
        .isEqualTo(
            "{\"id\":1,\"server\":\"%s\",\"weight\":100,\"max_conns\":0,\"max_fails\":1,"
                    .formatted(address(green))
                + "\"fail_timeout\":\"10s\",\"slow_start\":\"0s\",\"route\":\"\",\"backup\":false,"
                + "\"down\":false}");
    assertThat(api().get(SERVERS + 1).body()).isEqualTo(created.body());
    assertThat(app()).contains("green");
  }

  @Test
  void aServerThatIsPatchedIsAnsweredWholeAndOnlyWhatIsNamedChanges() throws IOException {
    api().post(SERVERS, "{\"server\":\"" + address(green) + "\",\"max_conns\":3}");

    RawResponse down = api().patch(SERVERS + "0", "{\"down\":true}");

    assertThat(down.status()).isEqualTo(200);
    assertThat(Api.at(Api.json(down.body()), "down")).isEqualTo(true);
    for (int i = 0; i < 4; i++) {
      assertThat(app()).contains("green");
    }
    Object other = Api.json(api().patch(SERVERS + "1", "{\"fail_timeout\":\"1m\"}").body());
    assertThat(Api.at(other, "fail_timeout")).isEqualTo("60s");
    assertThat(Api.at(other, "max_conns")).isEqualTo(3L);
    api().patch(SERVERS + "0", "{\"down\":false}");
    api().patch(SERVERS + "1", "{\"drain\":true}");
    assertThat(Api.at(api().read(SERVERS), 1, "drain")).isEqualTo(true);
    assertThat(Api.at(api().read("/9/http/upstreams/app"), "peers", 1, "state"))
        .isEqualTo("draining");
    assertThat(app()).contains("blue");
  }

  @Test
  void theAddressOfAServerCanBeChangedAndItsIdStays() throws IOException {
    RawResponse moved = api().patch(SERVERS + "0", "{\"server\":\"" + address(green) + "\"}");

    assertThat(moved.status()).isEqualTo(200);
    assertThat(Api.at(Api.json(moved.body()), "id")).isEqualTo(0L);
    assertThat(Api.at(Api.json(moved.body()), "server")).isEqualTo(address(green));
    assertThat(app()).contains("green");
  }

  @Test
  void clientsMaySendAWholeServerBackButTheId() throws IOException {
    app();

    RawResponse same =
        api()
            .patch(
                SERVERS + "0",
                "{\"server\":\"%s\",\"backup\":false,\"weight\":2}".formatted(address(blue)));

    assertThat(same.status()).isEqualTo(200);
    assertThat(Api.at(api().read("/9/http/upstreams/app"), "peers", 0, "requests"))
        .as("the state of a server that stays where it is")
        .isEqualTo(1L);
  }

  @Test
  void aServerThatIsRemovedIsAnsweredWithThoseThatAreLeft() throws IOException {
    api().post(SERVERS, "{\"server\":\"" + address(green) + "\"}");

    RawResponse left = api().delete(SERVERS + "0");

    assertThat(left.status()).isEqualTo(200);
    assertThat((List<?>) Api.json(left.body())).hasSize(1);
    assertThat(Api.at(Api.json(left.body()), 0, "id")).isEqualTo(1L);
    assertThat(app()).contains("green");
    assertThat(api().delete(SERVERS + "0").status()).isEqualTo(404);
    assertThat(api().get(SERVERS + "0").status()).isEqualTo(404);
    assertThat(api().patch(SERVERS + "0", "{\"down\":true}").status()).isEqualTo(404);
    assertThat(api().delete(SERVERS + "1/").body()).isEqualTo("[]");
    assertThat(RawClient.get(proxy.port(), "a.test", "/app").status()).isEqualTo(502);
    Object back = Api.json(api().post(SERVERS, "{\"server\":\"" + address(blue) + "\"}").body());
    assertThat(Api.at(back, "id")).as("an id does not come back").isEqualTo(2L);
    assertThat(app()).contains("blue");
  }

  @Test
  void aBusyServerThatIsRemovedIsAZombieUntilItsRequestEnds() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    try (FakeUpstream busy =
            FakeUpstream.each((_, connection) -> {
              arrived.countDown();
              released.await();
              connection.send(Answers.ok("late"));
            });
        RawClient client = RawClient.connect(proxy.port())) {
      api().post("/9/http/upstreams/empty/servers/", "{\"server\":\"" + address(busy) + "\"}");
      client.send("GET /empty HTTP/1.1\r\nHost: a.test\r\n\r\n");
      arrived.await();

      assertThat(api().delete("/9/http/upstreams/empty/servers/0").body()).isEqualTo("[]");

      Object group = api().read("/9/http/upstreams/empty");
      assertThat(Api.at(group, "zombies")).isEqualTo(1L);
      assertThat(Api.at(group, "peers")).isEqualTo(List.of());
      released.countDown();
      assertThat(client.readResponse().body()).isEqualTo("late");
      assertThat(Api.at(api().read("/9/http/upstreams/empty"), "zombies")).isEqualTo(0L);
    }
  }

  @Test
  void severalServersMayHaveTheSameAddress() throws IOException {
    assertThat(api().post(SERVERS, "{\"server\":\"" + address(blue) + "\"}").status())
        .isEqualTo(201);
    assertThat((List<?>) api().read(SERVERS)).hasSize(2);
  }

  @Test
  void aNameIsLookedUpWhenTheServerIsAdded() throws IOException {
    RawResponse created =
        api()
            .post(
                "/9/http/upstreams/empty/servers",
                "{\"server\":\"localhost:" + green.port() + "\"}");

    assertThat(created.status()).isEqualTo(201);
    List<?> peers = (List<?>) Api.at(api().read("/9/http/upstreams/empty"), "peers");
    assertThat(peers)
        .isNotEmpty()
        .allSatisfy(peer -> assertThat(Api.at(peer, "name")).isEqualTo("localhost:" + green.port()))
        .anySatisfy(peer -> assertThat(Api.at(peer, "server")).isEqualTo(address(green)));
    assertThat(RawClient.get(proxy.port(), "a.test", "/empty").body()).contains("green");
  }

  @Test
  void aPortThatIsNotNamedIsEighty() throws IOException {
    Object created =
        Api.json(api().post(SERVERS, "{\"server\":\"10.0.0.1\",\"down\":true}").body());

    assertThat(Api.at(created, "server")).isEqualTo("10.0.0.1:80");
  }

  private static final String[][] REFUSED = {
    {"POST", "app/servers/", "{}", "400", "UpstreamConfFormatError", "missing \"server\" argument"},
    {"POST", "app/servers/", "{\"server\": ", "415", "JsonError", "json error"},
    {"POST", "app/servers/", "", "415", "JsonError", "json error"},
    {
      "POST",
      "app/servers/",
      "{\"server\":\"127.0.0.1:1\",\"a\":1}",
      "400",
      "UpstreamConfFormatError",
      "unknown parameter \"a\""
    },
    {
      "POST",
      "app/servers/",
      "{\"server\":\"no port here:x\"}",
      "400",
      "UpstreamBadAddress",
      "\"invalid port\" while parsing"
    },
    {
      "POST",
      "app/servers/",
      "{\"server\":\"name.invalid\"}",
      "400",
      "UpstreamBadAddress",
      "\"host not found\" while parsing"
    },
    {
      "POST",
      "app/servers/",
      "{\"server\":\"a.test\",\"service\":\"http\"}",
      "400",
      "UpstreamConfNoResolver",
      "no resolver defined to resolve"
    },
    {
      "POST",
      "app/servers/",
      "{\"server\":\"a.test:80\",\"service\":\"http\"}",
      "400",
      "UpstreamBadAddress",
      "service upstream \"a.test:80\" may not have port"
    },
    {
      "POST",
      "app/servers/",
      "{\"server\":\"10.0.0.1\",\"service\":\"http\"}",
      "400",
      "UpstreamBadAddress",
      "service upstream \"10.0.0.1\" requires domain name"
    },
    {
      "POST",
      "hashed/servers/",
      "{\"server\":\"10.0.0.1\",\"backup\":true}",
      "400",
      "UpstreamNoBackup",
      "upstream \"hashed\" has no backup"
    },
    {
      "POST",
      "hashed/servers/",
      "{\"server\":\"10.0.0.1\",\"slow_start\":\"3s\"}",
      "400",
      "UpstreamBadSlowStart",
      "balancing method does not support parameter \"slow_start\""
    },
    {
      "POST",
      "static/servers/",
      "{\"server\":\"10.0.0.1\"}",
      "400",
      "UpstreamStatic",
      "Upstream is static"
    },
    {
      "POST",
      "x/servers/",
      "{\"server\":\"10.0.0.1\"}",
      "404",
      "UpstreamNotFound",
      "upstream not found"
    },
    {
      "PATCH",
      "app/servers/0",
      "{\"id\":1}",
      "400",
      "UpstreamConfFormatError",
      "unknown parameter \"id\""
    },
    {
      "PATCH",
      "app/servers/0",
      "{\"backup\":true}",
      "400",
      "UpstreamConfFormatError",
      "unknown parameter \"backup\""
    },
    {
      "PATCH",
      "app/servers/0",
      "{\"service\":\"http\"}",
      "400",
      "UpstreamConfFormatError",
      "unknown parameter \"service\""
    },
    {"PATCH", "app/servers/0", "{\"weight\":0}", "400", "UpstreamBadWeight", "invalid \"weight\""},
    {"PATCH", "app/servers/x", "{}", "400", "UpstreamBadServerId", "invalid server ID"},
    {
      "PATCH",
      "app/servers/9",
      "{}",
      "404",
      "UpstreamServerNotFound",
      "server with ID \"9\" does not exist"
    },
    {"DELETE", "app/servers/x", "", "400", "UpstreamBadServerId", "invalid server ID"},
    {"DELETE", "static", "", "400", "UpstreamStatic", "Upstream is static"},
    {"DELETE", "x", "", "404", "UpstreamNotFound", "upstream not found"},
    {
      "DELETE",
      "DASHBOARD_INIT/servers/__TEST_FOR_WRITE__/",
      "",
      "404",
      "UpstreamNotFound",
      "upstream not found"
    },
  };

  @TestFactory
  Stream<DynamicTest> whatCannotBeDoneIsRefusedInTheWordsOfTheApiAndChangesNothing() {
    return Stream.of(REFUSED)
        .map(row ->
            DynamicTest.dynamicTest(
                String.join(" ", row),
                () -> {
                  String before = api().get(SERVERS).body();

                  RawResponse response = api().ask(row[0], "/9/http/upstreams/" + row[1], row[2]);

                  assertThat(response.status()).isEqualTo(Integer.parseInt(row[3]));
                  assertThat(Api.at(Api.json(response.body()), "error"))
                      .isEqualTo(
                          Map.of("status", Long.parseLong(row[3]), "text", row[5], "code", row[4]));
                  assertThat(api().get(SERVERS).body()).isEqualTo(before);
                }));
  }

  @Test
  void aBodyBeyondTheBufferIsRefusedWhetherItSaysItsLengthOrNot() throws IOException {
    String large = "{\"server\":\"" + "a".repeat(2000) + "\"}";

    RawResponse announced = api().post(SERVERS, large);
    RawResponse inChunks =
        RawClient.ask(
            proxy.port(),
            "POST /api"
                + SERVERS
                + " HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                + Answers.chunk(large)
                + "0\r\n\r\n");

    for (RawResponse response : List.of(announced, inChunks)) {
      assertThat(response.status()).isEqualTo(413);
      assertThat(Api.at(Api.json(response.body()), "error", "text"))
          .isEqualTo("Request Entity Too Large");
      assertThat(response.closes()).isTrue();
    }
  }

  @Test
  void aBodyMayComeInChunksAndByteByByte() throws IOException {
    String body = "{\"server\":\"" + address(green) + "\"}";
    try (RawClient client = RawClient.connect(proxy.port())) {
      client.sendByteByByte(
          "POST /api"
              + SERVERS
              + " HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
              + Answers.chunk(body.substring(0, 5))
              + Answers.chunk(body.substring(5))
              + "0\r\n\r\n");
      assertThat(client.readResponse().status()).isEqualTo(201);
      assertThat(client.get("a.test", "/api" + SERVERS + "1").status()).isEqualTo(200);
    }
  }

  @Test
  void aBodyThatIsMalformedIsToldSo() throws IOException {
    RawResponse response =
        RawClient.ask(
            proxy.port(),
            "POST /api"
                + SERVERS
                + " HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "x\r\n");

    assertThat(response.status()).isEqualTo(400);
    assertThat(Api.at(Api.json(response.body()), "error", "code")).isEqualTo("BodyReadError");
  }

  @Test
  void aChangeThatABrowserMakesForAnotherSiteIsRefused() throws IOException {
    String body = "{\"server\":\"" + address(green) + "\"}";

    for (String field :
        List.of("Sec-Fetch-Site: cross-site", "Origin: http://evil.test", "Origin: null")) {
      RawResponse response = api().ask("POST", SERVERS, body, field);
      assertThat(response.status()).as(field).isEqualTo(403);
      assertThat(Api.at(Api.json(response.body()), "error", "code")).isEqualTo("CrossSiteRequest");
    }
    assertThat((List<?>) api().read(SERVERS)).hasSize(1);
    assertThat(api().ask("GET", SERVERS, null, "Origin: http://evil.test").status()).isEqualTo(200);
    assertThat(
            api()
                .ask("POST", SERVERS, body, "Sec-Fetch-Site: same-origin", "Origin: http://a.test")
                .status())
        .isEqualTo(201);
  }

  @Test
  void changesSurviveAReloadThatDoesNotTouchTheServers() throws IOException {
    api().post(SERVERS, "{\"server\":\"" + address(green) + "\"}");
    api().patch(SERVERS + "0", "{\"weight\":7}");

    assertThat(proxy.reload(site())).isTrue();

    Object servers = api().read(SERVERS);
    assertThat(Api.at(servers, 0, "weight")).isEqualTo(7L);
    assertThat(Api.at(servers, 1, "server")).isEqualTo(address(green));
    assertThat(Api.at(api().read("/9/nginx"), "generation")).isEqualTo(2L);
  }
}

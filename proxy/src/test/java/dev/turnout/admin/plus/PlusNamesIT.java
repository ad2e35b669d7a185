package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.DnsRecord;
import dev.turnout.testkit.FakeDns;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Servers with names, where a resolver follows them.
class PlusNamesIT {
  private static final String NAME = "app.example.com";
  private static final String SERVERS = "/9/http/upstreams/app/servers/";

  private final FakeDns dns = FakeDns.start();
  private final FakeUpstream app = FakeUpstream.named("app");
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  private Api api() {
    return new Api(proxy);
  }

  @BeforeEach
  void start() {
    dns.addresses(NAME, 1, "127.0.0.1", "127.0.0.2");
    proxy.close();
    proxy =
        TestProxy.start(
            "resolver %s ipv6=off status_zone=names;\n".formatted(dns.address())
                + "upstream app { zone app 64k; }\n"
                + Api.SERVER
                + "location /app { proxy_pass http://app; } }");
  }

  @AfterEach
  void stop() {
    proxy.close();
    dns.close();
    app.close();
  }

  /// Waits until the present answer has been taken up: a name is asked for again only after that.
  private void awaitTakenUp() throws InterruptedException {
    dns.awaitQuestions(NAME, dns.questionsFor(NAME) + 2);
  }

  @Test
  void aNameIsOneServerAndItsAddressesAreChildrenOfIt() throws Exception {
    RawResponse created =
        api().post(SERVERS, "{\"server\":\"%s:%d\",\"weight\":3}".formatted(NAME, app.port()));
    awaitTakenUp();

    assertThat(created.status()).isEqualTo(201);
    assertThat(Api.at(Api.json(created.body()), "server")).isEqualTo(NAME + ":" + app.port());
    List<?> servers = (List<?>) api().read(SERVERS);
    assertThat(servers).hasSize(3);
    assertThat(servers.getFirst()).isEqualTo(Api.json(created.body()));
    assertThat(servers.subList(1, 3))
        .allSatisfy(child -> {
          assertThat(Api.at(child, "parent")).isEqualTo("0");
          assertThat(Api.at(child, "host")).isEqualTo(NAME);
          assertThat(Api.at(child, "weight")).isEqualTo(3L);
          assertThat(api().read(SERVERS + Api.at(child, "id"))).isEqualTo(child);
        })
        .anySatisfy(
            child -> assertThat(Api.at(child, "server")).isEqualTo("127.0.0.1:" + app.port()));
    assertThat((List<?>) Api.at(api().read("/9/http/upstreams/app"), "peers")).hasSize(2);
    assertThat(RawClient.get(proxy.port(), "a.test", "/app").body()).isEqualTo("app");
  }

  @Test
  void whatANameWasResolvedToCannotBeChangedAlone() throws Exception {
    api().post(SERVERS, "{\"server\":\"%s:%d\"}".formatted(NAME, app.port()));
    awaitTakenUp();
    Object id = Api.at(api().read(SERVERS), 1, "id");

    is(api().delete(SERVERS + id), "server \"" + id + "\" not removable");
    is(
        api().patch(SERVERS + id, "{\"server\":\"127.0.0.1:1\"}"),
        "server \"" + id + "\" address is immutable");
    is(
        api().patch(SERVERS + id, "{\"down\":true}"),
        "server \"" + id + "\" is resolved: change server \"0\"");
    assertThat(api().patch(SERVERS + "0", "{\"down\":true}").status()).isEqualTo(200);
    assertThat(Api.at(api().read(SERVERS), 2, "down")).isEqualTo(true);
    assertThat(api().delete(SERVERS + "0").body()).isEqualTo("[]");
  }

  private static void is(RawResponse response, String text) {
    assertThat(response.status()).isEqualTo(400);
    assertThat(Api.at(Api.json(response.body()), "error", "code"))
        .isEqualTo("UpstreamServerImmutable");
    assertThat(Api.at(Api.json(response.body()), "error", "text")).isEqualTo(text);
  }

  @Test
  void aServiceIsAskedForItsRecords() throws Exception {
    dns.says("_http._tcp." + NAME, DnsRecord.service(1, 1, 5, app.port(), "one.example.com"));
    dns.addresses("one.example.com", 1, "127.0.0.1");

    RawResponse created =
        api().post(SERVERS, "{\"server\":\"%s\",\"service\":\"http\"}".formatted(NAME));
    dns.awaitQuestions("_http._tcp." + NAME, dns.questionsFor("_http._tcp." + NAME) + 2);

    assertThat(created.status()).isEqualTo(201);
    assertThat(Api.at(Api.json(created.body()), "service")).isEqualTo("http");
    Object child = Api.at(api().read(SERVERS), 1);
    assertThat(Api.at(child, "server")).isEqualTo("127.0.0.1:" + app.port());
    assertThat(Api.at(child, "weight")).isEqualTo(5L);
  }

  @Test
  void whatAResolverWasAskedIsCountedByItsZone() throws Exception {
    api().post(SERVERS, "{\"server\":\"%s:%d\"}".formatted(NAME, app.port()));
    awaitTakenUp();

    Object zone = api().read("/9/resolvers/names");
    assertThat(Api.at(zone, "requests", "name")).isInstanceOf(Long.class).isNotEqualTo(0L);
    assertThat(Api.at(zone, "responses", "noerror")).isInstanceOf(Long.class).isNotEqualTo(0L);
    assertThat(
            new Schema()
                .object("zone", "requests:requests responses:responses")
                .object("requests", "name:int srv:int addr:int")
                .object(
                    "responses",
                    "noerror:int formerr:int servfail:int nxdomain:int notimp:int refused:int"
                        + " timedout:int unknown:int")
                .check("{zone}", api().read("/9/resolvers/")))
        .isEmpty();
    assertThat(api().get("/9/resolvers/other").status()).isEqualTo(404);
    assertThat(api().delete("/9/resolvers/names").status()).isEqualTo(204);
  }

  @Test
  void aServiceNeedsANameWithoutAPort() throws IOException {
    assertThat(api().post(SERVERS, "{\"server\":\"a.test:80\",\"service\":\"http\"}").body())
        .contains("service upstream \\\"a.test:80\\\" may not have port");
    assertThat(api().post(SERVERS, "{\"server\":\"10.0.0.1\",\"service\":\"http\"}").body())
        .contains("service upstream \\\"10.0.0.1\\\" requires domain name");
  }
}

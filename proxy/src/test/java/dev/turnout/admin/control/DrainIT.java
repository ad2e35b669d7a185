package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DrainIT {
  private final Holding holding = new Holding();
  private final FakeUpstream other = FakeUpstream.answering("other");
  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy =
        TestProxy.start(
            """
            upstream app { server %s; server %s; }
            server {
              listen 127.0.0.1:0;
              location /control { control_api write=on; }
              location / { proxy_pass http://app; }
            }
            """
                .formatted(holding.address(), other.address()),
            2);
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    holding.close();
    proxy.close();
    other.close();
  }

  private Reply drain(String order) {
    return client.post("/upstreams/app/servers/0/drain?who=alice", order);
  }

  @Test
  void itIsOverWhenTheLastRequestEndsAndThenTheServerIsRemoved() throws IOException {
    RawClient first = holding.request(proxy.port());
    RawClient.get(proxy.port(), "a.test", "/"); // the other server's turn
    RawClient second = holding.request(proxy.port());

    Reply begun = drain("{'then':'remove'}");
    String id = begun.at("/id");
    CompletableFuture<Reply> over = client.later("GET", "/drains/" + id + "?wait=30s", "");

    assertThat(begun.status()).isEqualTo(202);
    assertThat(begun.location()).isEqualTo("/control/drains/" + id);
    assertThat(begun.at("/active")).isEqualTo("2");
    assertThat(Long.parseLong(begun.at("/oldest_ms"))).isBetween(0L, 60_000L);
    assertThat(RawClient.get(proxy.port(), "a.test", "/").body()).isEqualTo("other");
    assertThat(RawClient.get(proxy.port(), "a.test", "/").body()).isEqualTo("other");
    holding.letGo();
    assertThat(first.readResponse().body() + "").isEqualTo("held");
    assertThat(over).isNotDone();
    assertThat(client.get("/upstreams/app").at("/servers")).isEqualTo("2");
    holding.letGo();
    assertThat(second.readResponse().body()).isEqualTo("held");
    Reply done = over.join();
    assertThat(done.at("/phase")).isEqualTo("done");
    assertThat(done.at("/active")).isEqualTo("0");
    assertThat(done.at("/oldest_ms")).isEqualTo("null");
    assertThat(done.at("/deadline_reached")).isEqualTo("false");
    assertThat(client.get("/upstreams/app").at("/servers/0/id")).isEqualTo("1");
    assertThat(client.get("/revisions/" + done.at("/revision")).at("/why")).contains(id);
    assertThat(client.get("/revisions/" + done.at("/revision")).at("/who")).startsWith("alice");
  }

  @Test
  void atTheDeadlineItIsDoneAnywayAndSaysSo() throws IOException {
    RawClient running = holding.request(proxy.port());

    String id = drain("{'deadline':'30ms','then':'down'}").at("/id");
    Reply done = client.get("/drains/" + id + "?wait=30s");

    assertThat(done.at("/phase")).isEqualTo("done");
    assertThat(done.at("/deadline_reached")).isEqualTo("true");
    assertThat(done.at("/active")).isEqualTo("1");
    assertThat(client.get("/upstreams/app/servers/0").at("/down")).isEqualTo("true");
    assertThat(client.get("/upstreams/app/servers/0").at("/drain")).isEqualTo("false");
    holding.letGo();
    assertThat(running.readResponse().body()).isEqualTo("held");
  }

  @Test
  void cancelledTheServerTakesRequestsAgain() throws IOException {
    holding.request(proxy.port());
    String id = drain("{}").at("/id");
    assertThat(drain("{}").at("/error/code")).isEqualTo("drains_already");

    Reply cancelled = client.delete("/drains/" + id);

    assertThat(cancelled.at("/phase")).isEqualTo("cancelled");
    assertThat(client.get("/upstreams/app").at("/state")).isEqualTo("configured");
    assertThat(client.delete("/drains/" + id).status()).isEqualTo(409);
    assertThat(client.get("/drains").at("/0/over")).isEqualTo("true");
  }

  @Test
  void anotherChangeOfTheServerEndsIt() throws IOException {
    holding.request(proxy.port());
    String id = drain("{'then':'remove'}").at("/id");

    client.patch("/upstreams/app/servers/0", "{'drain':false}");
    Reply ended = client.get("/drains/" + id + "?wait=30s");

    assertThat(ended.at("/phase")).isEqualTo("ended");
    assertThat(ended.at("/note")).contains("changed meanwhile");
    assertThat(client.get("/upstreams/app").at("/servers")).isEqualTo("2");
  }

  @Test
  void aServerThatIsRemovedMeanwhileIsWaitedFor() throws IOException {
    holding.request(proxy.port());
    String id = drain("{'then':'remove'}").at("/id");

    client.delete("/upstreams/app/servers/0");
    assertThat(client.get("/drains/" + id).at("/phase")).isEqualTo("draining");
    assertThat(client.get("/upstreams/app").at("/live/leaving/0/active")).isEqualTo("1");
    holding.letGo();

    assertThat(client.get("/drains/" + id + "?wait=30s").at("/note")).contains("removed meanwhile");
  }

  @Test
  void sessionsThatAreBoundToTheServerAreWaitedFor() throws IOException {
    try (var upstream =
            FakeUpstream.answering(200, List.of(new Field("Set-Cookie", "sid=1")), "bound");
        var sticky =
            TestProxy.start(
                """
                upstream app {
                  sticky learn create=$upstream_cookie_sid lookup=$cookie_sid zone=s:1m;
                  server %s; server 127.0.0.1:1 down;
                }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(upstream.address()));
        var api = ControlClient.of(sticky)) {
      RawClient.get(sticky.port(), "a.test", "/");

      Reply begun =
          api.post("/upstreams/app/servers/0/drain", "{'deadline':'50ms','then':'remove'}");
      Reply done = api.get("/drains/" + begun.at("/id") + "?wait=30s");

      assertThat(begun.at("/sessions")).isEqualTo("1");
      assertThat(done.at("/phase")).isEqualTo("done");
      assertThat(done.at("/active")).isEqualTo("0");
      assertThat(done.at("/deadline_reached")).isEqualTo("true");
    }
  }
}

package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class CanaryIT {
  private final FakeUpstream old = FakeUpstream.answering("old");
  private final FakeUpstream good = FakeUpstream.answering("new");
  private final FakeUpstream bad =
      FakeUpstream.each((_, connection) -> connection.send(Answers.of(500, List.of(), "bad")));
  @TempDir private Path state;
  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy = TestProxy.start(config(""), 2);
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    proxy.close();
    old.close();
    good.close();
    bad.close();
  }

  private String config(String servers) {
    return """
    state_directory %s;
    upstream app { server %s; %s }
    server {
      listen 127.0.0.1:0;
      location /control { control_api write=on; }
      location / { proxy_pass http://app; }
    }
    """
        .formatted(state, old.address(), servers);
  }

  private Reply add(FakeUpstream server, String terms) {
    return client.post(
        "/upstreams/app/servers?who=alice",
        "{'server':'" + server.address() + "','canary':" + terms + "}");
  }

  /// Sends requests until the canary's end is told.
  private Reply outcome(String since) throws IOException {
    return outcome(since, Integer.MAX_VALUE);
  }

  /// The same, but no more requests once the bad server has had `most`.
  private Reply outcome(String since, int most) throws IOException {
    String next = since;
    while (true) {
      if (bad.requests().size() < most) {
        RawClient.get(proxy.port(), "a.test", "/");
      }
      Reply poll = client.get("/events?wait=20ms&limit=1&since=" + next);
      next = poll.at("/next");
      if (poll.at("/events/0/kind").equals("canary")) {
        return poll;
      }
    }
  }

  private String now() {
    return client.get("/events?wait=0s").at("/next");
  }

  @Test
  void oneThatAnswersWellBecomesAServerLikeTheOthers() throws IOException {
    String since = now();

    Reply added = add(good, "{'percent':50,'good':5}");

    assertThat(added.status()).isEqualTo(201);
    assertThat(client.get("/upstreams/app/servers/1").at("/canary/bad")).isEqualTo("1");
    Reply told = outcome(since);
    assertThat(told.at("/events/0/data/outcome")).isEqualTo("trusted");
    assertThat(told.at("/events/0/data/server")).isEqualTo("1");
    Reply server = client.get("/upstreams/app/servers/1");
    assertThat(server.at("/canary")).isEqualTo("null");
    assertThat(server.at("/live/canary")).isEqualTo("null");
    Reply revision = client.get("/revisions/2");
    assertThat(revision.at("/dialect")).isEqualTo("canary");
    assertThat(revision.at("/why")).contains(good.address()).contains("good answers, 0 bad");
  }

  @Test
  void oneThatDoesNotIsRemoved() throws IOException {
    String since = now();

    add(bad, "{'percent':20,'good':1000,'bad':2}");

    Reply told = outcome(since, 2);
    assertThat(told.at("/events/0/data/outcome")).isEqualTo("removed");
    assertThat(told.at("/events/0/data/bad")).isEqualTo("2");
    assertThat(client.get("/upstreams/app").at("/servers")).isEqualTo("1");
    assertThat(RawClient.get(proxy.port(), "a.test", "/").body()).isEqualTo("old");
  }

  @Test
  void itCanBeTrustedByHand() {
    add(good, "{}");
    assertThat(client.get("/upstreams/app/servers/1").at("/canary/percent")).isEqualTo("5");
    assertThat(client.get("/upstreams/app/servers/1").at("/live/canary/good")).isEqualTo("0");

    Reply trusted = client.patch("/upstreams/app/servers/1", "{'canary':null}");

    assertThat(trusted.at("/changes/upstreams/0/changed/0/fields/0/field")).isEqualTo("canary");
    assertThat(client.get("/upstreams/app/servers/1").at("/canary")).isEqualTo("null");
  }

  @Test
  void itsTermsOutliveTheNodeAndItIsJudgedAfterwards() throws IOException {
    add(good, "{'percent':50,'good':5}");
    client.close();
    proxy.close();

    proxy = TestProxy.start(config(""), 2);
    client = ControlClient.of(proxy);

    assertThat(client.get("/upstreams/app/servers/1").at("/canary/good")).isEqualTo("5");
    assertThat(outcome(now()).at("/events/0/data/outcome")).isEqualTo("trusted");
  }

  @Test
  void theConfigurationCanNameOne() throws IOException {
    String since = now();

    proxy.reload(config("server " + good.address() + " canary=50% canary_good=3 canary_bad=2;"));

    assertThat(outcome(since).at("/events/0/data/outcome")).isEqualTo("trusted");
    assertThat(client.get("/upstreams/app").at("/drift/0/field")).isEqualTo("canary");
  }

  @Test
  void termsThatCannotBeAreRefused() {
    assertThat(add(good, "{'percent':51}").at("/error/where")).isEqualTo("/canary/percent");
    assertThat(add(good, "{'bad':0}").at("/error/where")).isEqualTo("/canary/bad");
    assertThat(add(good, "5").at("/error/message")).contains("where an object should be");
    Reply backup =
        client.post(
            "/upstreams/app/servers",
            "{'server':'" + good.address() + "','backup':true,'canary':{}}");
    assertThat(backup.status()).isEqualTo(400);
    assertThat(backup.at("/error/message")).isEqualTo("a backup is no canary");
    Reply again = client.patch("/upstreams/app/servers/0", "{'canary':{'percent':5}}");
    assertThat(again.status()).isEqualTo(400);
  }
}

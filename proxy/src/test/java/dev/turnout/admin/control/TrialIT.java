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

/// Changes that may be taken back by themselves, as those see it who ask for them.
@Timeout(60)
class TrialIT {
  private final FakeUpstream blue = FakeUpstream.answering("blue");
  private final FakeUpstream green =
      FakeUpstream.each((_, connection) -> connection.send(Answers.of(500, List.of(), "green")));
  @TempDir private Path state;
  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy =
        TestProxy.start(
            """
            state_directory %s;
            keyval_zone zone=switch:32k;
            keyval $host $ups zone=switch default=blue;
            upstream blue { server %s; }
            upstream green { server %s; }
            server {
              listen 127.0.0.1:0;
              location /control { control_api write=on; }
              location / { proxy_pass http://$ups; }
            }
            """
                .formatted(state, blue.address(), green.address()),
            1);
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    proxy.close();
    blue.close();
    green.close();
  }

  private Reply point(String host, String group, String terms) {
    return client.put("/zones/switch/keys/" + host + "?" + terms, "{'value':'" + group + "'}");
  }

  private String body() throws IOException {
    return RawClient.get(proxy.port(), "a.test", "/").body();
  }

  @Test
  void aSwitchToAGroupThatFailsIsTakenBack() throws IOException {
    Reply made = point("a.test", "green", "watch=1h&max_errors=10%25&who=alice&why=release");
    assertThat(made.status()).isEqualTo(200);
    assertThat(made.at("/trial/then")).isEqualTo("keep");
    assertThat(made.at("/trial/max_errors")).isEqualTo("10%");
    String trial = "/trials/" + made.at("/revision");
    assertThat(client.get(trial).at("/upstreams/0")).isEqualTo("green");

    for (int i = 0; i < 20; i++) {
      body();
    }

    assertThat(client.get(trial + "?wait=30s").at("/error/code")).isEqualTo("no_trial");
    assertThat(body()).isEqualTo("blue");
    Reply history = client.get("/revisions?since=" + made.at("/revision"));
    assertThat(history.at("/revisions/0/dialect")).isEqualTo("trial");
    assertThat(history.at("/revisions/0/why"))
        .contains("20 of 20 answers of green were failures, more than 10%");
    assertThat(history.at("/revisions/0/ends_trial/revision")).isEqualTo(made.at("/revision"));
    assertThat(history.at("/revisions/0/ends_trial/outcome")).isEqualTo("taken_back");
  }

  @Test
  void aChangeThatIsNotConfirmedIsTakenBackByItself() throws IOException {
    Reply made = point("a.test", "green", "confirm_within=10ms");

    client.get("/trials/" + made.at("/revision") + "?wait=30s");

    assertThat(client.get("/zones/switch/keys/a.test").status()).isEqualTo(404);
    assertThat(body()).isEqualTo("blue");
  }

  @Test
  void itIsConfirmedOrTakenBackByHandAndBothAreInTheHistory() {
    Reply kept = point("kept.test", "green", "confirm_within=1h");
    Reply gone = point("gone.test", "green", "confirm_within=1h");
    assertThat(client.get("/trials").at("/1/revision")).isEqualTo(gone.at("/revision"));

    Reply confirmed =
        client.post("/trials/" + kept.at("/revision") + "/confirm?who=bob&why=looks+good", "");
    Reply back = client.post("/trials/" + gone.at("/revision") + "/rollback", "");

    assertThat(client.get("/zones/switch/keys/kept.test").at("/value")).isEqualTo("green");
    assertThat(client.get("/zones/switch/keys/gone.test").status()).isEqualTo(404);
    Reply entry = client.get("/revisions/" + confirmed.at("/revision"));
    assertThat(entry.at("/who")).startsWith("bob");
    assertThat(entry.at("/why")).isEqualTo("looks good");
    assertThat(entry.at("/ends_trial/outcome")).isEqualTo("kept");
    assertThat(back.at("/changes/zones/0/keys/0/from")).isEqualTo("green");
    assertThat(client.post("/trials/" + kept.at("/revision") + "/confirm", "").at("/error/code"))
        .isEqualTo("no_trial");
  }

  @Test
  void aKeyThatWasSetAnewSinceIsLeftAloneAndAGroupThatWasMadeIsGone() {
    Reply made =
        client.post(
            "/changes?confirm_within=1h",
            """
            {'operations':[
              {'op':'create_upstream','upstream':'red','servers':[{'server':'127.0.0.1:1'}]},
              {'op':'set_key','zone':'switch','key':'a.test','value':'red'},
              {'op':'set_key','zone':'switch','key':'b.test','value':'red'}]}
            """);
    point("b.test", "blue", "");

    client.post("/trials/" + made.at("/revision") + "/rollback", "");

    assertThat(client.get("/zones/switch/keys/a.test").status()).isEqualTo(404);
    assertThat(client.get("/zones/switch/keys/b.test").at("/value")).isEqualTo("blue");
    assertThat(client.get("/upstreams/red").status()).isEqualTo(404);
  }

  @Test
  void aDryRunTellsWhatTheWayBackWouldBe() {
    Reply made = point("a.test", "green", "confirm_within=1h");

    Reply dry = client.post("/trials/" + made.at("/revision") + "/rollback?dry_run=1", "");

    assertThat(dry.at("/changes/zones/0/keys/0/key")).isEqualTo("a.test");
    assertThat(client.get("/trials").at("/0/revision")).isEqualTo(made.at("/revision"));
  }

  @Test
  void termsThatMakeNoSenseAreRefusedWithWhatWould() {
    for (String terms :
        List.of(
            "confirm_within=soon",
            "confirm_within=0s",
            "confirm_within=25h",
            "watch=",
            "confirm_within=1m&watch=1m",
            "max_errors=5%25",
            "watch=1m&max_errors=101%25",
            "watch=1m&max_errors=-1",
            "watch=1m&max_errors=half")) {
      Reply refused = point("a.test", "green", terms);
      assertThat(refused.status()).as(terms).isEqualTo(400);
      assertThat(refused.at("/error/where")).as(terms).startsWith("query:");
      assertThat(refused.at("/error/hint")).as(terms).isNotEmpty();
    }
    Reply literal = point("a.test", "no-group", "watch=1m");
    assertThat(literal.at("/error/code")).isEqualTo("nothing_to_watch");
  }

  @Test
  void whatIsOnTrialIsPutOnNoSecondOne() {
    Reply first = point("a.test", "green", "confirm_within=1h");

    Reply second = point("a.test", "blue", "confirm_within=1h");

    assertThat(second.status()).isEqualTo(409);
    assertThat(second.at("/error/code")).isEqualTo("on_trial");
    assertThat(second.at("/error/hint")).contains("/trials/" + first.at("/revision") + "/confirm");
  }
}

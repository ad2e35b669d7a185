package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ControlApiIT {
  private static final String CONFIG =
      """
      keyval_zone zone=switch:32k;
      keyval_zone zone=timed:32k timeout=1h;
      keyval $host $ups zone=switch default=app;
      upstream app { server 127.0.0.1:1001; server 127.0.0.1:1002 weight=2; }
      upstream spare { server 127.0.0.1:1003; }
      server {
        listen 127.0.0.1:0;
        location /control { control_api write=on; }
        location /reading { control_api; }
        location / { proxy_pass http://$ups; }
      }
      """;

  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy = TestProxy.start(CONFIG, 2);
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    proxy.close();
  }

  @Test
  void aNewGroupMayHaveAllThatABlockHas() throws IOException {
    try (var one = FakeUpstream.answering("one");
        var two = FakeUpstream.answering("two")) {
      Reply created =
          client.post(
              "/upstreams",
              "{'name':'rich','servers':[{'server':'%s','route':'a'}],'config':'%s'}"
                  .formatted(
                      one.address(),
                      "server "
                          + two.address()
                          + " route=b; sticky cookie srv path=/; queue 5 timeout=3s;"
                          + " check interval=20 rise=1 type=http; least_conn; keepalive 7;"
                          + " panic_threshold 30%; zone rich 64k;"));

      assertThat(created.status()).as(created.body()).isEqualTo(201);
      Reply rich = client.get("/upstreams/rich");
      assertThat(rich.at("/method")).isEqualTo("least_conn");
      assertThat(rich.at("/keepalive")).isEqualTo("7");
      assertThat(rich.at("/servers")).isEqualTo("2");
      client.put("/zones/switch/keys/a.test", "{'value':'rich'}");
      for (String route : new String[] {"a", "b", "b", "a"}) {
        String bound = "GET / HTTP/1.1\r\nHost: a.test\r\nCookie: srv=" + route + "\r\n\r\n";
        assertThat(RawClient.ask(proxy.port(), bound).body())
            .isEqualTo(route.equals("a") ? "one" : "two");
      }
      assertThat(RawClient.get(proxy.port(), "a.test", "/").headers().get("Set-Cookie"))
          .get()
          .asString()
          .contains("; path=/");
    }
  }

  @Test
  void whatABlockCannotHaveIsRefusedInItsWords() {
    Reply unknown =
        client.post("/upstreams", "{'name':'poor','config':'server 127.0.0.1:1; stickie x;'}");
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.at("/error/where")).isEqualTo("/config");
    assertThat(unknown.at("/error/message")).contains("unknown directive \"stickie\"");
    Reply twice =
        client.post("/upstreams", "{'name':'poor','config':'ip_hash;','method':'least_conn'}");
    assertThat(twice.at("/error/where")).isEqualTo("/method");
    Reply batch =
        client.post(
            "/changes",
            "{'operations':[{'op':'create_upstream','upstream':'poor','config':'queue x;'}]}");
    assertThat(batch.at("/error/where")).isEqualTo("/operations/0/config");
    assertThat(client.get("/upstreams/poor").status()).isEqualTo(404);
  }

  @Test
  void aValueMayEndWhereTheZoneHasATimeout() {
    assertThat(client.put("/zones/timed/keys/a", "{'value':'1','expire':'1h'}").status())
        .isEqualTo(200);
    client.post(
        "/changes",
        "{'operations':[{'op':'set_key','zone':'timed','key':'b','value':'2','expire':'0s'}]}");

    assertThat(client.get("/zones/timed/keys/a").at("/value")).isEqualTo("1");
    assertThat(client.get("/zones/timed/keys/b").status()).isEqualTo(404);
    Reply refused = client.put("/zones/switch/keys/a", "{'value':'1','expire':'1h'}");
    assertThat(refused.status()).isEqualTo(400);
    assertThat(refused.at("/error/where")).isEqualTo("/expire");
    assertThat(client.put("/zones/timed/keys/a", "{'value':'1','expire':'soon'}").status())
        .isEqualTo(400);
  }

  @Test
  void theStateShowsWhatIsWantedWhatIsConfiguredAndWhereTheyDiffer() {
    client.patch("/upstreams/app/servers/1", "{'weight':5,'max_fails':3}");
    client.post("/upstreams/app/servers", "{'server':'127.0.0.1:1004'}");
    client.delete("/upstreams/app/servers/0");

    Reply app = client.get("/upstreams/app");

    assertThat(app.at("/state")).isEqualTo("changed");
    assertThat(app.at("/servers/0/weight")).isEqualTo("5");
    assertThat(app.at("/configured/1/weight")).isEqualTo("2");
    assertThat(app.at("/drift")).isEqualTo("4");
    assertThat(app.at("/drift/0/field")).isEqualTo("weight");
    assertThat(app.at("/drift/0/configured")).isEqualTo("2");
    assertThat(app.at("/drift/0/wanted")).isEqualTo("5");
    assertThat(app.at("/drift/1/field")).isEqualTo("max_fails");
    assertThat(app.at("/drift/2/kind")).isEqualTo("added");
    assertThat(app.at("/drift/3/kind")).isEqualTo("removed");
    assertThat(app.at("/servers/0/live/state")).isEqualTo("up");
    assertThat(app.revision()).isEqualTo(3);
    assertThat(client.get("/state").at("/upstreams/0/name")).isEqualTo("app");
    assertThat(client.get("/upstreams/app/servers/2").at("/server")).isEqualTo("127.0.0.1:1004");
    assertThat(client.get("/upstreams/spare").at("/state")).isEqualTo("configured");
  }

  @Test
  void manyOperationsAreOneRevisionOrNone() {
    Reply made =
        client.post(
            "/changes",
            """
            {'operations':[
              {'op':'create_upstream','upstream':'new','servers':[{'server':'127.0.0.1:2001'}]},
              {'op':'add_server','upstream':'new','server':{'server':'127.0.0.1:2002','weight':3}},
              {'op':'update_server','upstream':'app','id':0,'set':{'down':true}},
              {'op':'delete_upstream','upstream':'spare'},
              {'op':'set_key','zone':'switch','key':'a.test','value':'new'}],
             'who':'alice','why':'blue to green'}
            """);

    assertThat(made.status()).isEqualTo(200);
    assertThat(made.at("/revision")).isEqualTo("1");
    assertThat(made.at("/changes/upstreams")).isEqualTo("3");
    assertThat(made.at("/changes/zones/0/keys/0/to")).isEqualTo("new");
    assertThat(client.get("/upstreams/new").at("/state")).isEqualTo("created");
    assertThat(client.get("/upstreams/spare").at("/state")).isEqualTo("deleted");

    Reply refused =
        client.post(
            "/changes",
            """
            {'operations':[
              {'op':'remove_server','upstream':'app','id':1},
              {'op':'remove_server','upstream':'app','id':77}]}
            """);

    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.at("/error/code")).isEqualTo("unknown_server");
    assertThat(refused.at("/error/where")).isEqualTo("/operations/1");
    assertThat(client.get("/upstreams/app").at("/servers")).isEqualTo("2");
    assertThat(client.get("/revisions/1").at("/who")).isEqualTo("alice (127.0.0.1)");
    assertThat(client.get("/revisions/1").at("/why")).isEqualTo("blue to green");
    assertThat(client.get("/revisions").at("/revisions")).isEqualTo("1");
  }

  @Test
  void aDryRunTellsTheExactEffectAndChangesNothing() {
    String change = "{'servers':[{'server':'127.0.0.1:1002'},{'server':'127.0.0.1:9'}]}";

    Reply dry = client.put("/upstreams/app?dry_run=1", change);
    Reply present = client.get("/upstreams/app");
    Reply made = client.put("/upstreams/app", change);

    assertThat(dry.at("/dry_run")).isEqualTo("true");
    assertThat(present.at("/state")).isEqualTo("configured");
    assertThat(dry.at("/changes/upstreams/0/added/0/server")).isEqualTo("127.0.0.1:9");
    assertThat(dry.body().substring(dry.body().indexOf("\"changes\"")))
        .isEqualTo(made.body().substring(made.body().indexOf("\"changes\"")));
    assertThat(made.at("/changes/upstreams/0/changed/0/fields/0/field")).isEqualTo("weight");
  }

  @Test
  void aReplacedListKeepsTheServersThatStayWithWhatIsKnownOfThem() throws IOException {
    try (var blue = FakeUpstream.answering("blue")) {
      client.put("/upstreams/app", "{'servers':[{'server':'%s'}]}".formatted(blue.address()));
      RawClient.get(proxy.port(), "a.test", "/");
      String id = client.get("/upstreams/app").at("/servers/0/id");

      client.put(
          "/upstreams/app",
          "{'servers':[{'server':'127.0.0.1:1009','down':true},{'server':'%s','weight':7}]}"
              .formatted(blue.address()));

      Reply app = client.get("/upstreams/app");
      assertThat(app.at("/servers/1/id")).isEqualTo(id);
      assertThat(app.at("/servers/1/weight")).isEqualTo("7");
      assertThat(app.at("/servers/1/live/requests")).isEqualTo("1");
    }
  }

  @Test
  void aChangeForAnOldRevisionIsRefusedWithThePresentOne() {
    Reply first = client.get("/state");
    client.put("/zones/switch/keys/a.test", "{'value':'spare'}");

    Reply late =
        client.put("/zones/switch/keys/a.test", "{'value':'app'}", "If-Match", first.etag());

    assertThat(late.status()).isEqualTo(412);
    assertThat(late.etag()).isEqualTo("\"1\"");
    assertThat(late.at("/error/revision")).isEqualTo("1");
    assertThat(client.get("/zones/switch/keys/a.test").at("/value")).isEqualTo("spare");
    assertThat(
            client
                .put("/zones/switch/keys/a.test", "{'value':'app'}", "If-Match", "W/\"x\"")
                .at("/error/where"))
        .isEqualTo("header:If-Match");
  }

  @Test
  void aRepeatedRequestIsAnsweredWithTheChangeItHasMade() {
    String add = "{'server':'127.0.0.1:1005'}";
    Reply first = client.post("/upstreams/app/servers", add, "Idempotency-Key", "k1");
    client.delete("/upstreams/spare/servers/0");

    Reply again = client.post("/upstreams/app/servers", add, "Idempotency-Key", "k1");
    Reply other =
        client.post("/upstreams/app/servers", "{'server':'127.0.0.1:6'}", "Idempotency-Key", "k1");

    assertThat(again.at("/revision")).isEqualTo(first.at("/revision"));
    assertThat(again.at("/repeated")).isEqualTo("true");
    assertThat(again.location()).isEqualTo(first.location());
    assertThat(other.status()).isEqualTo(422);
    assertThat(client.get("/upstreams/app").at("/servers")).isEqualTo("3");
  }

  @Test
  void whatWasIsShownByRevisionAndByTimeAndComesBack() {
    client.put("/zones/switch/keys/a.test", "{'value':'spare'}");
    client.delete("/upstreams/app/servers/0");
    String time = client.get("/revisions/1").at("/time");
    client.delete("/upstreams/spare");

    Reply then = client.get("/state?at=1");
    assertThat(then.at("/upstreams/0/servers")).isEqualTo("2");
    assertThat(then.at("/upstreams/1/state")).isEqualTo("configured");
    assertThat(then.at("/zones/0/entries/a.test")).isEqualTo("spare");
    assertThat(then.at("/upstreams/0/live")).isEqualTo("null");
    assertThat(client.get("/state?at=0").at("/zones/0/keys")).isEqualTo("0");
    assertThat(Long.parseLong(client.get("/state?at=" + time).at("/revision"))).isBetween(1L, 3L);
    assertThat(client.get("/state?at=4").status()).isEqualTo(404);
    assertThat(client.get("/state?at=yesterday").status()).isEqualTo(400);

    assertThat(client.post("/revisions/2/undo", "").status()).isEqualTo(409);
    Reply undone = client.post("/revisions/3/undo?why=mistake", "", "Idempotency-Key", "u");
    assertThat(
            client
                .post("/revisions/3/undo?why=mistake", "", "Idempotency-Key", "u")
                .at("/repeated"))
        .isEqualTo("true");
    assertThat(undone.at("/changes/upstreams/0/kind")).isEqualTo("created");
    Reply restored = client.post("/revisions/0/restore", "");
    assertThat(restored.at("/revision")).isEqualTo("5");
    assertThat(client.get("/upstreams/app").at("/state")).isEqualTo("configured");
    assertThat(client.get("/zones/switch").at("/keys")).isEqualTo("0");
    assertThat(client.get("/revisions?since=3&limit=1").at("/revisions/0/why"))
        .isEqualTo("mistake");
  }

  @Test
  void errorsSayWhatIsWrongWhereAndWhatWouldBeRight() {
    Reply unknown = client.post("/upstreams/app/servers", "{'server':'127.0.0.1:9','wieght':2}");
    assertThat(unknown.status()).isEqualTo(400);
    assertThat(unknown.at("/error/where")).isEqualTo("/wieght");
    assertThat(unknown.at("/error/hint")).contains("weight");

    Reply deep =
        client.post(
            "/changes",
            "{'operations':[{'op':'add_server','upstream':'app','server':"
                + "{'server':'127.0.0.1:99999'}}]}");
    assertThat(deep.at("/error/where")).isEqualTo("/operations/0/server/server");

    assertThat(client.post("/changes", "{'operations':[{'op':'ad_server'}]}").at("/error/hint"))
        .contains("add_server");
    assertThat(
            client
                .post("/upstreams/app/servers", "{'server':'a.test','resolve':true}")
                .at("/error/where"))
        .isEqualTo("/resolve");
    assertThat(client.post("/changes", "{'operations':[").at("/error/where")).startsWith("line");
    assertThat(client.patch("/upstreams/app/servers/0", "{'weight':0}").at("/error/where"))
        .isEqualTo("/weight");
    assertThat(client.patch("/upstreams/app/servers/0", "{'weight':'1'}").at("/error/message"))
        .contains("a string");
    assertThat(client.get("/upstreams/spar").at("/error/hint")).contains("spare");
    assertThat(client.get("/state?att=1").at("/error/where")).isEqualTo("query:att");
    assertThat(
            client
                .post("/upstreams/app/servers", "server=x", "Content-Type", "text/plain")
                .status())
        .isEqualTo(415);
    assertThat(
            client
                .post("/upstreams/app/servers", "{'server':'" + "x".repeat(1 << 20) + "'}")
                .status())
        .isEqualTo(413);
    assertThat(client.send("PATCH", "/upstreams", "{}").allow()).isEqualTo("GET, HEAD, POST");
  }

  @Test
  void whatIsNotThereIsSaidWithWhereItWasNamedAndWhatIsLikeIt() {
    Reply gone = client.delete("/upstreams/spar");
    assertThat(gone.at("/error/where")).isEqualTo("path");
    assertThat(gone.at("/error/hint")).contains("spare");

    String operation = "{'operations':[{'op':'delete_upstream','upstream':'spar'}]}";
    Reply deep = client.post("/changes", operation);
    assertThat(deep.at("/error/where")).isEqualTo("/operations/0");
    assertThat(deep.at("/error/hint")).contains("spare");

    Reply server = client.put("/upstreams/app", "{'servers':[{'id':99,'server':'127.0.0.1:9'}]}");
    assertThat(server.status()).isEqualTo(404);
    assertThat(server.at("/error/where")).isEqualTo("/servers");
    assertThat(client.get("/figures?latency=spar").at("/error/where")).isEqualTo("query:latency");
    assertThat(client.send("OPTIONS", "/state", null).at("/error/code")).isEqualTo("wrong_method");
  }

  @Test
  void aLocationForReadingRefusesChanges() throws IOException {
    var reply =
        RawClient.ask(proxy.port(), "DELETE /reading/upstreams/app HTTP/1.1\r\nHost: a\r\n\r\n");

    assertThat(reply.status()).isEqualTo(405);
    assertThat(reply.body()).contains("read_only");
    assertThat(reply.headers().all("Allow")).containsExactly("GET, HEAD");
    assertThat(client.get("/upstreams/app").at("/state")).isEqualTo("configured");
  }

  @Test
  void pagesOfOtherSitesAreRefused() {
    assertThat(client.get("/state", "Sec-Fetch-Site", "cross-site").status()).isEqualTo(403);
    assertThat(client.get("/state", "Origin", "http://evil.test").status()).isEqualTo(403);
    assertThat(client.get("/state", "Origin", "null").status()).isEqualTo(403);
    assertThat(client.get("/state", "Origin", "http://127.0.0.1:" + proxy.port()).status())
        .isEqualTo(200);
  }

  @Test
  void anUpstreamMadeAtRunTimeTakesRequestsAndOutlivesAReload() throws IOException {
    try (var green = FakeUpstream.answering("green")) {
      Reply made =
          client.post(
              "/upstreams",
              "{'name':'green','method':'least_conn','servers':[{'server':'%s'}]}"
                  .formatted(green.address()));
      client.put("/zones/switch/keys/a.test", "{'value':'green'}");

      assertThat(made.status()).isEqualTo(201);
      assertThat(made.location()).isEqualTo("/control/upstreams/green");
      assertThat(RawClient.get(proxy.port(), "a.test", "/").body()).isEqualTo("green");
      assertThat(proxy.reload(CONFIG)).isTrue();
      assertThat(RawClient.get(proxy.port(), "a.test", "/").body()).isEqualTo("green");
      assertThat(client.post("/upstreams", "{'name':'green'}").status()).isEqualTo(409);
      assertThat(client.post("/upstreams", "{'name':'h','method':'hash $uri'}").at("/error/hint"))
          .contains("configuration");
    }
  }

  @Test
  void anUpstreamThatComesBackGivesNoIdASecondTime() {
    client.post("/upstreams/app/servers", "{'server':'127.0.0.1:1004'}");
    client.delete("/upstreams/app");

    Reply made =
        client.post(
            "/upstreams",
            "{'name':'app','servers':[{'server':'127.0.0.1:7'},{'server':'127.0.0.1:1001'}]}");

    assertThat(made.at("/changes/upstreams/0/added/1/id")).isEqualTo("0");
    assertThat(made.at("/changes/upstreams/0/added/0/id")).isNotIn("0", "1");
  }

  @Test
  void namesAndKeysAreUtf8() {
    client.put("/zones/switch/keys/b%C3%BCcher%2Fx.test", "{'value':'grün'}");

    assertThat(client.get("/zones/switch/keys/b%C3%BCcher/x.test").body()).contains("grün");
    assertThat(client.get("/zones/switch").body()).contains("bücher/x.test");
  }
}

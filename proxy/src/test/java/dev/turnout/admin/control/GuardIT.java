package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class GuardIT {
  private static String config(String http, String inUpstream) {
    return """
    %s
    upstream app {
      %s
      server 127.0.0.1:1; server 127.0.0.1:2; server 127.0.0.1:3; server 127.0.0.1:4;
    }
    server { listen 127.0.0.1:0; location /control { control_api write=on; } }
    """
        .formatted(http, inUpstream);
  }

  @Test
  void aChangeOfTooManyServersAtOnceIsHeldBackUnlessForced() throws IOException {
    try (var proxy = TestProxy.start(config("guard max_change=50%;", ""));
        var client = ControlClient.of(proxy)) {
      String one = "{'servers':[{'server':'127.0.0.1:1'}]}";

      Reply held = client.put("/upstreams/app", one);

      assertThat(held.status()).isEqualTo(409);
      assertThat(held.at("/error/code")).isEqualTo("guarded");
      assertThat(held.at("/error/message")).contains("3 of the 4").contains("max_change=50%");
      assertThat(held.at("/error/hint")).contains("force=1");
      assertThat(client.put("/upstreams/app?dry_run=1", one).status()).isEqualTo(409);
      assertThat(client.delete("/upstreams/app/servers/0").status()).isEqualTo(200);
      assertThat(client.put("/upstreams/app?force=1", one).status()).isEqualTo(200);
    }
  }

  @Test
  void enoughServersStayHealthy() throws IOException {
    try (var dead = new ClosedPort();
        var alive = FakeUpstream.answering("alive");
        var proxy =
            TestProxy.start(
                """
                upstream app {
                  guard min_healthy=2;
                  server 127.0.0.1:%d max_fails=1;
                  server %s; server 127.0.0.1:1;
                }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(dead.port(), alive.address()));
        var client = ControlClient.of(proxy)) {
      RawClient.get(proxy.port(), "a.test", "/"); // the first server is found to be out
      assertThat(client.get("/upstreams/app/servers/0").at("/live/state")).isEqualTo("unavail");

      Reply held = client.patch("/upstreams/app/servers/2", "{'down':true}");

      assertThat(held.at("/error/message")).contains("1 healthy").contains("min_healthy=2");
      assertThat(client.delete("/upstreams/app/servers/0").status()).isEqualTo(200);
      assertThat(client.post("/upstreams/app/servers", "{'server':'127.0.0.1:2'}").status())
          .isEqualTo(201);
      assertThat(client.patch("/upstreams/app/servers/2", "{'down':true}").status()).isEqualTo(200);
    }
  }

  @Test
  void theRulesOfAnUpstreamReplaceThoseOfHttpAndAReloadBringsOthers() throws IOException {
    String open = config("guard keep_nonempty;", "guard off;");
    try (var proxy = TestProxy.start(open);
        var client = ControlClient.of(proxy)) {
      String none = "{'servers':[]}";
      assertThat(client.put("/upstreams/app", none).status()).isEqualTo(200);
      client.post("/revisions/0/restore", "");

      proxy.reload(config("guard keep_nonempty;", ""));

      assertThat(client.put("/upstreams/app", none).at("/error/message"))
          .contains("no server left");
      assertThat(client.delete("/upstreams/app").status()).isEqualTo(409);
    }
  }

  @Test
  void aGuardThatIsNoneIsRefused() {
    for (String wrong :
        new String[] {"max_change=50", "max_change=0%", "min_healthy=-1", "min_healthy", "x"}) {
      assertThatThrownBy(() -> TestProxy.start(config("guard " + wrong + ";", "")).close())
          .hasMessageContaining("invalid parameter \"" + wrong + "\"");
    }
  }
}

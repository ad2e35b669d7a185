package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RevisionVariableIT {
  @Test
  void aRequestKnowsTheRevisionOfTheListThatItsServerWasChosenFrom() throws IOException {
    try (var upstream = FakeUpstream.answering("x");
        var proxy =
            TestProxy.start(
                """
                upstream app { server %s; }
                upstream other { server %s; }
                server {
                  listen 127.0.0.1:0;
                  add_header Revision "[$turnout_revision]" always;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                  location /none { return 204; }
                }
                """
                    .formatted(upstream.address(), upstream.address()));
        var client = ControlClient.of(proxy)) {

      assertThat(revision(proxy, "/")).isEqualTo("[0]");
      client.patch("/upstreams/other/servers/0", "{'weight':2}");
      client.patch("/upstreams/app/servers/0", "{'weight':2}");
      client.patch("/upstreams/other/servers/0", "{'weight':3}");

      assertThat(revision(proxy, "/")).isEqualTo("[2]");
      assertThat(revision(proxy, "/none")).isEqualTo("[]");
    }
  }

  private static String revision(TestProxy proxy, String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target).headers().get("Revision").orElse("-");
  }
}

package dev.turnout.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The interface that NGINX Plus had before its API, over real HTTP.
class UpstreamConfIT {
  private static final String NODE =
      """
      upstream u { server 127.0.0.1:1; server 127.0.0.1:2 weight=2 max_fails=3 backup; }
      upstream sticky { ip_hash; server 127.0.0.1:1; }
      server { listen 127.0.0.1:0; location / { proxy_pass http://u; }
        location /upstream_conf { upstream_conf; } }
      """;

  private static RawResponse conf(TestProxy proxy, String query) throws Exception {
    return RawClient.get(proxy.port(), "h", "/upstream_conf?" + query);
  }

  @Test
  void aGroupAndAServerAreShownAsLinesOfAConfiguration() throws Exception {
    try (TestProxy proxy = TestProxy.start(NODE)) {
      assertThat(conf(proxy, "upstream=u").body())
          .isEqualTo(
              """
              server 127.0.0.1:1; # id=0
              server 127.0.0.1:2 weight=2 max_fails=3 backup; # id=1
              """);
      assertThat(conf(proxy, "upstream=u&id=1").body())
          .isEqualTo("server 127.0.0.1:2 weight=2 max_fails=3 backup; # id=1\n");
    }
  }

  @Test
  void serversAreAddedChangedAndRemoved() throws Exception {
    try (FakeUpstream a = FakeUpstream.named("a");
        TestProxy proxy = TestProxy.start(NODE)) {
      assertThat(conf(proxy, "add=&upstream=u&server=" + a.address() + "&weight=2&down=").body())
          .isEqualTo("server " + a.address() + " weight=2 down; # id=2\n");
      assertThat(conf(proxy, "upstream=u&id=2&up=&weight=4&fail_timeout=1m").body())
          .isEqualTo("server " + a.address() + " weight=4 fail_timeout=60s; # id=2\n");
      assertThat(conf(proxy, "remove=&upstream=u&id=0").body())
          .isEqualTo(
              "server 127.0.0.1:2 weight=2 max_fails=3 backup; # id=1\n"
                  + "server "
                  + a.address()
                  + " weight=4 fail_timeout=60s; # id=2\n");
      assertThat(RawClient.get(proxy.port(), "h", "/").body()).isEqualTo("a");

      assertThat(conf(proxy, "upstream=u&id=2&drain=").body()).contains(" drain; # id=2");
      assertThat(conf(proxy, "upstream=u&id=2&server=127.0.0.1%3A9").body())
          .startsWith("server 127.0.0.1:9 ");
      assertThat(conf(proxy, "add=&upstream=u&backup=&server=127.0.0.1:7").body())
          .isEqualTo("server 127.0.0.1:7 backup; # id=3\n");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          x=1                                       | 400 | unknown parameter "x"
          id=1                                      | 400 | missing "upstream" argument
          upstream=nobody                           | 404 | upstream "nobody" not found
          upstream=u&id=7                           | 404 | server with ID "7" does not exist
          upstream=u&id=x                           | 400 | invalid server ID
          upstream=u&down=                          | 400 | missing "id" argument
          upstream=u&remove=                        | 400 | missing "id" argument
          upstream=u&add=                           | 400 | missing "server" argument
          upstream=u&add=&id=1&server=127.0.0.1:1   | 400 | "add" goes with neither "remove" nor "id"
          upstream=u&id=0&weight=0                  | 400 | invalid parameter "weight=0"
          upstream=u&id=0&weight=1&weight=2         | 400 | "weight" is given twice
          upstream=u&stream=                        | 400 | "stream" is not supported
          upstream=u&add=&server=127.0.0.1:1%3Bip_hash | 400 | invalid port in upstream "127.0.0.1:1;ip_hash"
          upstream=sticky&add=&backup=&server=127.0.0.1:1 | 400 | upstream "sticky" has no backup
          """)
  void whatCannotBeIsRefusedAndChangesNothing(String query, int status, String message)
      throws Exception {
    try (TestProxy proxy = TestProxy.start(NODE)) {
      RawResponse answer = conf(proxy, query);

      assertThat(answer.body()).isEqualTo(message + "\n");
      assertThat(answer.status()).isEqualTo(status);
      assertThat(proxy.writer().history().revision()).isZero();
    }
  }
}

package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Which location a request finds.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LocationsIT {
  private final TestProxy proxy =
      TestProxy.start(
          """
          server {
            listen 127.0.0.1:0;
            location / { return 200 root; }
            location ^~ /a/b { return 200 best-prefix; }
            location = /a/x { return 200 exact; }
            location ~* \\.TXT$ { return 200 outer-pattern; }
            location /n/ {
              location /n/m/ { return 200 inner-prefix; }
              location ^~ /n/o/ {
                location /n/o/p/ { return 200 deep-prefix; }
                return 200 inner-best;
              }
              location = /n/e.txt { return 200 inner-exact; }
              location ~ /q/ { return 200 inner-pattern; }
              return 200 n;
            }
            location ~ ^/(?<outer>r\\w*)/ {
              location ~ \\.php$ { return 200 "inner of $outer"; }
              return 200 "pattern $outer";
            }
          }
          """);

  @BeforeAll
  void isUp() {
    assertThat(proxy.port()).isPositive();
  }

  @AfterAll
  void close() {
    proxy.close();
  }

  @ParameterizedTest
  @CsvSource({
    "/, root",
    "/a/b.txt, best-prefix",
    "/a/x, exact",
    "/a/x.txt, outer-pattern",
    "/n/, n",
    "/n/a.txt, outer-pattern",
    "/n/e.txt, inner-exact",
    "/n/q/a.txt, inner-pattern",
    "/n/m/, inner-prefix",
    "/n/m/a.txt, outer-pattern",
    "/n/m/q/a.txt, inner-pattern",
    "/n/o/q/, inner-best",
    "/n/o/p/q/, deep-prefix",
    "/n/o/a.txt, outer-pattern",
    "/rr/a, pattern rr",
    "/rr/a.php, inner of rr",
  })
  void nestedOnesAreAskedBeforeThePatternsAroundThem(String path, String found) throws IOException {
    assertThat(RawClient.get(proxy.port(), "h", path).body()).isEqualTo(found);
  }

  @Test
  void aDirectoryIsNotRedirectedToWithAnEmptyQuery() throws IOException {
    try (TestProxy directories =
        TestProxy.start(
            "server { listen 127.0.0.1:0; location /d/ { proxy_pass http://127.0.0.1:1; } }")) {
      assertThat(RawClient.get(directories.port(), "h", "/d?").headers().get("Location"))
          .contains("http://h:" + directories.port() + "/d/");
    }
  }
}

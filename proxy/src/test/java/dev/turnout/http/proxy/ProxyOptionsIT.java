package dev.turnout.http.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ProxyOptionsIT {
  private TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; }");

  @BeforeEach
  void start() throws IOException {
    proxy.close();
    proxy =
        TestProxy.start(
            """
            server {
              listen 127.0.0.1:0;
              location = /body { proxy_pass http://127.0.0.1:$server_port/echo;
                  proxy_set_body "for $arg_who"; }
              location = /bound { proxy_pass http://127.0.0.1:$server_port/from;
                  proxy_bind 127.0.0.2; }
              location = /ignored { proxy_pass http://127.0.0.1:$server_port/asks;
                  proxy_ignore_headers X-Accel-Redirect; }
              location = /obeyed { proxy_pass http://127.0.0.1:$server_port/asks; }
              location = /part { proxy_pass http://127.0.0.1:$server_port/digits;
                  proxy_force_ranges on; }
              location = /slow { proxy_pass http://127.0.0.1:$server_port/digits;
                  proxy_limit_rate 100m; }
              location = /trailers { proxy_pass http://127.0.0.1:$server_port/tailed;
                  proxy_pass_trailers on; }
              location = /echo { proxy_pass http://127.0.0.1:$server_port/said;
                  proxy_set_header X-Said "$content_length $request_body"; }
              location = /said { return 200 "$http_x_said"; }
              location = /from { return 200 "$remote_addr"; }
              location = /asks { add_header X-Accel-Redirect /from; return 200 "asked"; }
              location = /digits { alias html/digits; max_ranges 0; etag off; }
              location = /tailed { alias html/digits; add_trailer X-Sum 45; }
            }
            """);
    Path root = Files.createDirectories(proxy.directory().resolve("html"));
    Files.writeString(root.resolve("digits"), "0123456789");
  }

  @AfterEach
  void close() {
    proxy.close();
  }

  private RawResponse get(String target, String fields) throws IOException {
    return RawClient.ask(
        proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n");
  }

  @Test
  void anotherBodyGoesToTheUpstream() throws IOException {
    assertThat(get("/body?who=me", "").body()).startsWith("6 ");
    assertThat(
            RawClient.ask(
                    proxy.port(),
                    "POST /body?who=you HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nown")
                .body())
        .startsWith("7 ");
  }

  @Test
  void connectionsComeFromTheAddressThatIsNamed() throws IOException {
    assertThat(get("/bound", "").body()).isEqualTo("127.0.0.2");
  }

  @Test
  void whatAnUpstreamAsksForIsDoneUnlessItIsIgnored() throws IOException {
    assertThat(get("/obeyed", "").body()).isEqualTo("127.0.0.1");
    assertThat(get("/ignored", "").body()).isEqualTo("asked");
  }

  @Test
  void aPartCanBeCutOutOfAnyResponse() throws IOException {
    RawResponse part = get("/part", "Range: bytes=2-4\r\n");

    assertThat(part.status()).isEqualTo(206);
    assertThat(part.body()).isEqualTo("234");
    assertThat(part.headers().get("Content-Range")).contains("bytes 2-4/10");
    assertThat(get("/part", "Range: bytes=0-1,4-5\r\n").status()).isEqualTo(200);
    RawResponse beyond = get("/part", "Range: bytes=10-\r\n");
    assertThat(beyond.status()).isEqualTo(416);
    assertThat(beyond.headers().get("Content-Range")).contains("bytes */10");
  }

  @Test
  void aResponseThatIsReadSlowlyComesWhole() throws IOException {
    assertThat(get("/slow", "").body()).isEqualTo("0123456789");
  }

  @Test
  void trailersOfAnUpstreamAreKept() throws IOException {
    RawResponse response = get("/trailers", "");

    assertThat(response.body()).isEqualTo("0123456789");
    assertThat(response.trailers().get("X-Sum")).contains("45");
  }

  @Test
  void earlyHintsGoToClientsWhereTheyAreWanted() throws Exception {
    String answer =
        "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nX-Accel-Expires: 0\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    try (FakeUpstream upstream = FakeUpstream.raw(answer, answer, answer);
        TestProxy proxy =
            TestProxy.start(
                """
                server {
                  listen 127.0.0.1:0;
                  early_hints $arg_wanted;
                  location / { proxy_pass http://%s; }
                }
                """
                    .formatted(upstream.address()));
        RawClient client = RawClient.connect(proxy.port())) {
      RawResponse hints = client.get("h", "/?wanted=1");
      assertThat(hints.status()).isEqualTo(103);
      assertThat(hints.headers().all("Link")).containsExactly("</style.css>; rel=preload");
      assertThat(hints.headers().all("X-Accel-Expires")).isEmpty();
      assertThat(client.readResponse().body()).isEqualTo("hi");
      assertThat(client.get("h", "/?wanted=0").status()).isEqualTo(200);
      assertThat(client.get("h", "/").status()).isEqualTo(200);
    }
  }
}

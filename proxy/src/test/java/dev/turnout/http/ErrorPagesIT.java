package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What stands in for an answer that is an error or a redirect.
class ErrorPagesIT {
  private static RawResponse get(TestProxy proxy, String target, String agent) throws IOException {
    try (RawClient client = RawClient.connect(proxy.port())) {
      String head = "GET " + target + " HTTP/1.1\r\nHost: h\r\nUser-Agent: " + agent;
      return client.send(head + "\r\n\r\n").readResponse();
    }
  }

  private static TestProxy serving(String inside) {
    return TestProxy.start("server { listen 127.0.0.1:0; " + inside + " }");
  }

  @Test
  void anErrorPageOfAnErrorPageIsOnlyUsedWhereThatIsAskedFor() throws IOException {
    String locations =
        """
        location / { %s return 404; error_page 404 /first; }
        location /first { %s return 403; error_page 403 = /second; }
        location /second { return 200 "at last"; }
        """;

    try (TestProxy once = serving(locations.formatted("", ""));
        TestProxy recursive =
            serving(
                locations.formatted("recursive_error_pages on;", "recursive_error_pages on;"))) {
      assertThat(get(once, "/", "curl").status()).isEqualTo(403);
      assertThat(get(recursive, "/", "curl").body()).isEqualTo("at last");
    }
  }

  @Test
  void aPageCanSpeakOfTheStatusThatItIsSentWith() throws IOException {
    try (TestProxy proxy =
        serving(
            """
            location / { error_page 404 = @none; return 404; }
            location /denied { error_page 403 @none; return 403; }
            location @none { return 404 "status $status"; }
            """)) {
      assertThat(get(proxy, "/", "curl").body()).isEqualTo("status 404");
      assertThat(get(proxy, "/denied", "curl").body()).isEqualTo("status 403");
    }
  }

  @Test
  void anUpstreamThatFailsAsAnErrorPageIsInterceptedToo() throws Exception {
    String failure = "HTTP/1.1 500 Own Words\r\nX-Own: 1\r\nContent-Length: 0\r\n\r\n";
    try (FakeUpstream upstream = FakeUpstream.each((_, connection) -> connection.send(failure));
        TestProxy proxy =
            serving(
                """
                proxy_intercept_errors on; error_page 500 = @again;
                location / { proxy_pass http://UPSTREAM; }
                location @again { proxy_pass http://UPSTREAM; }
                """
                    .replace("UPSTREAM", upstream.address()))) {
      RawResponse response = get(proxy, "/", "curl");

      assertThat(response.status()).isEqualTo(500);
      assertThat(response.body()).contains("500 Internal Server Error");
      assertThat(response.headers().names()).doesNotContain("X-Own");
    }
  }

  @Test
  void thePageForABodyThatIsTooLargeIsNotRefusedForTheBody() throws IOException {
    try (TestProxy proxy =
        serving(
            """
            client_max_body_size 2; error_page 413 /large;
            location / { return 200 "fits"; }
            location /large { return 200 "too large"; }
            """)) {
      RawResponse response =
          RawClient.ask(proxy.port(), "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");

      assertThat(response.status()).isEqualTo(413);
      assertThat(response.body()).isEqualTo("too large");
    }
  }

  @Test
  void errorPagesThatLeadToThemselvesEnd() throws IOException {
    try (TestProxy proxy =
        serving("location / { recursive_error_pages on; error_page 404 /x; return 404; }")) {
      assertThat(get(proxy, "/", "curl").status()).isEqualTo(500);
    }
  }

  @Test
  void theStatusOfAnErrorIsNotLostToAPageWithoutContent() throws IOException {
    try (TestProxy proxy =
        serving(
            "location / { error_page 405 /none; return 405; } location /none { return 204; }")) {
      RawResponse response = get(proxy, "/", "curl");

      assertThat(response.status()).isEqualTo(405);
      assertThat(response.headers().all("Content-Length")).containsExactly("0");
    }
  }

  @Test
  void aPageThatStandsInForARedirectKeepsItsTarget() throws IOException {
    try (TestProxy proxy =
        serving(
            """
            location / { error_page 302 /moved; return 302 /there; }
            location /moved { return 200 "look there"; }
            """)) {
      RawResponse response = get(proxy, "/", "curl");

      assertThat(response.status()).isEqualTo(302);
      assertThat(response.headers().all("Location").getFirst()).endsWith("/there");
      assertThat(response.body()).isEqualTo("look there");
    }
  }

  @Test
  void someBrowsersGetPagesTooLongForThemToReplace() throws IOException {
    try (TestProxy proxy =
        serving("location / { return 404; } location /off { msie_padding off; return 404; }")) {
      String plain = get(proxy, "/", "curl").body();
      String chrome = "Mozilla/5.0 (like Gecko) Chrome/120.0 Safari/537.36";

      assertThat(get(proxy, "/", chrome).body()).startsWith(plain).hasSizeGreaterThan(512);
      assertThat(get(proxy, "/", "MSIE 6.0").body()).hasSizeGreaterThan(512);
      assertThat(get(proxy, "/off", chrome).body()).isEqualTo(plain);
      assertThat(get(proxy, "/", "Gecko/20100101 Firefox/120").body()).isEqualTo(plain);
    }
  }

  @Test
  void aRefreshingPageStandsInForARedirect() throws IOException {
    try (TestProxy proxy = serving("msie_refresh on; location / { return 301 \"/a b\"; }")) {
      RawResponse explorer = get(proxy, "/", "MSIE 6.0");

      assertThat(explorer.status()).isEqualTo(200);
      assertThat(explorer.headers().all("Location")).isEmpty();
      assertThat(explorer.body()).contains("content=\"0; URL=/a%20b\"");
      assertThat(get(proxy, "/", "curl").status()).isEqualTo(301);
    }
  }

  @Test
  void whoIsNotLetInWaits() throws IOException {
    try (TestProxy proxy =
        serving(
            """
            error_log logs/error.log info;
            location / { auth_delay 1ms; auth_basic x; auth_basic_user_file none; }
            """)) {
      assertThat(get(proxy, "/", "curl").status()).isEqualTo(401);
      assertThat(proxy.errorLog()).contains("delaying unauthorized request");
    }
  }
}

package dev.turnout.http.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CookieRulesTest {
  private static TestProxy proxy = start();

  private static TestProxy start() {
    return TestProxy.start(
        """
        server {
          listen 127.0.0.1:0;
          location / {
            proxy_pass http://127.0.0.1:$server_port/set/;
            proxy_cookie_domain .old.test new.test;
            proxy_cookie_domain ~^(\\w+)\\.any\\.test$ $1.test;
            proxy_cookie_path /old/ /new/;
            proxy_cookie_flags flagged secure samesite=lax;
            proxy_cookie_flags ~^bare nosecure;
            proxy_set_header X-Cookie $http_x_cookie;
          }
          location /set/ { add_header Set-Cookie $http_x_cookie; return 204; }
        }
        """);
  }

  @BeforeAll
  static void ready() {
    assertThat(proxy.port()).isPositive();
  }

  @AfterAll
  static void close() {
    proxy.close();
  }

  @ParameterizedTest
  @CsvSource({
    "a=b; Domain=old.test, a=b; Domain=new.test",
    "a=b;domain=.OLD.test, a=b; domain=.new.test",
    "a=b; domain=x.any.test, a=b; domain=x.test",
    "a=b; path=/old/x; HttpOnly, a=b; path=/new/x; HttpOnly",
    "flagged=1, flagged=1; Secure; SameSite=Lax",
    "flagged=1; samesite=None; secure, flagged=1; SameSite=Lax; secure",
    "bare1=1; Secure; path=/, bare1=1; path=/",
    "other=1;path=/, other=1;path=/",
    "old.test, old.test"
  })
  void cookiesAreChangedByTheRules(String sent, String expected) throws IOException {
    RawResponse response =
        RawClient.ask(proxy.port(), "GET / HTTP/1.1\r\nHost: a\r\nX-Cookie: " + sent + "\r\n\r\n");

    assertThat(response.headers().get("Set-Cookie")).contains(expected);
  }
}

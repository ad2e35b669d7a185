package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Base64;
import org.junit.jupiter.api.Test;

class AuthBasicIT {
  private static TestProxy serving(String locations) throws IOException {
    TestProxy proxy =
        TestProxy.start(
            """
            auth_basic_user_file users;
            server {
              listen 127.0.0.1:0;
              error_log logs/error.log info;
              root .;
              %s
            }
            """
                .formatted(locations));
    Files.writeString(
        proxy.directory().resolve("users"),
        "# people\n#x:{PLAIN}y\nann:{PLAIN}secret:a comment\r\nbob:$9$salt$hash\nlast:{PLAIN}l");
    return proxy;
  }

  private static RawResponse ask(TestProxy proxy, String method, String target, String credentials)
      throws IOException {
    byte[] plain = credentials.getBytes(StandardCharsets.ISO_8859_1);
    String field =
        credentials.isEmpty()
            ? ""
            : "Authorization: Basic " + Base64.getEncoder().encodeToString(plain) + "\r\n";
    return RawClient.ask(
        proxy.port(), method + " " + target + " HTTP/1.1\r\nHost: a.test\r\n" + field + "\r\n");
  }

  private static RawResponse get(TestProxy proxy, String target, String credentials)
      throws IOException {
    return ask(proxy, "GET", target, credentials);
  }

  @Test
  void whoIsInTheFileMayPass() throws IOException {
    try (var proxy = serving("auth_basic \"the $host site\";")) {

      RawResponse nobody = get(proxy, "/users", "");

      assertThat(nobody.status()).isEqualTo(401);
      assertThat(nobody.headers().all("WWW-Authenticate"))
          .containsExactly("Basic realm=\"the a.test site\"");
      assertThat(get(proxy, "/users", "ann:secret").status()).isEqualTo(200);
      assertThat(get(proxy, "/users", "last:l").status()).isEqualTo(200);
      assertThat(get(proxy, "/users", "ann:wrong").status()).isEqualTo(401);
      assertThat(get(proxy, "/users", "ann:").status()).isEqualTo(401);
      assertThat(get(proxy, "/users", "an:secret").status()).isEqualTo(401);
      assertThat(get(proxy, "/users", "#x:y").status()).isEqualTo(401);
      assertThat(get(proxy, "/users", "bob:hash").status()).isEqualTo(500);
      assertThat(proxy.errorLog())
          .contains("[info] ")
          .contains("no user/password was provided for basic authentication")
          .contains("user \"ann\": password mismatch")
          .contains("user \"an\" was not found in \"" + proxy.directory() + "/users\"")
          .contains("the password of user \"bob\"")
          .doesNotContain("secret");
    }
  }

  @Test
  void aFileThatIsMissingForbids() throws IOException {
    try (var proxy =
        serving(
            """
            auth_basic closed;
            auth_basic_user_file $arg_f;
            location /open { auth_basic off; alias users; }
            """)) {

      assertThat(get(proxy, "/users?f=none", "ann:secret").status()).isEqualTo(403);
      assertThat(get(proxy, "/users?f=users", "ann:secret").status()).isEqualTo(200);
      assertThat(get(proxy, "/open", "").status()).isEqualTo(200);
      assertThat(proxy.errorLog()).contains("/none\" failed (2: No such file or directory)");
    }
  }

  @Test
  void anyRuleIsEnoughWhereAnySatisfies() throws IOException {
    try (var proxy =
        serving(
            """
            auth_basic closed;
            location /denied { satisfy any; deny all; alias users; }
            location /allowed { satisfy any; allow 127.0.0.1; deny all; alias users; }
            location /both { allow 127.0.0.1; deny all; alias users; }
            location /none { satisfy any; auth_basic off; deny all; alias users; }
            """)) {

      RawResponse denied = get(proxy, "/denied", "");

      assertThat(denied.status()).isEqualTo(401);
      assertThat(denied.headers().all("WWW-Authenticate")).hasSize(1);
      assertThat(get(proxy, "/denied", "ann:secret").status()).isEqualTo(200);
      RawResponse allowed = get(proxy, "/allowed", "");
      assertThat(allowed.status()).isEqualTo(200);
      assertThat(allowed.headers().all("WWW-Authenticate")).isEmpty();
      assertThat(get(proxy, "/both", "").status()).isEqualTo(401);
      assertThat(proxy.errorLog()).doesNotContain("access forbidden by rule");
      assertThat(get(proxy, "/none", "ann:secret").status()).isEqualTo(403);
      assertThat(proxy.errorLog()).contains("access forbidden by rule");
    }
  }

  @Test
  void anErrorPageStillAsksForThePassword() throws IOException {
    try (var proxy =
        serving(
            """
            location / { auth_basic closed; error_page 401 /login; }
            location /login { auth_basic off; alias users; }
            """)) {

      RawResponse response = get(proxy, "/users", "");

      assertThat(response.status()).isEqualTo(401);
      assertThat(response.headers().all("WWW-Authenticate")).hasSize(1);
      assertThat(response.body()).startsWith("# people");
    }
  }

  @Test
  void limitExceptHasRulesForOtherMethods() throws IOException {
    try (var proxy =
        serving(
            """
            location / {
              limit_except GET { deny all; }
            }
            location /post { limit_except POST put { auth_basic closed; } return 200 rewritten; }
            """)) {

      assertThat(get(proxy, "/users", "").status()).isEqualTo(200);
      assertThat(ask(proxy, "DELETE", "/users", "").status()).isEqualTo(403);
      assertThat(ask(proxy, "ODD", "/users", "").status()).isEqualTo(403);
      assertThat(ask(proxy, "PUT", "/post", "").status()).isEqualTo(200);
      assertThat(get(proxy, "/post", "").status()).isEqualTo(401);
      assertThatThrownBy(() -> serving("location / { limit_except ODD { deny all; } }"))
          .hasMessageContaining("invalid method \"ODD\"");
    }
  }

  @Test
  void passwordsInTheSystemsFormsAreAskedOfTheSystem() {
    assertThat(Crypt.hash("secret", "$1$saltsalt$"))
        .isEqualTo("$1$saltsalt$9xy1btjgzLYfb7hivXtC//");
    assertThat(Crypt.hash("secret", "$9$hash")).isNull();
  }
}

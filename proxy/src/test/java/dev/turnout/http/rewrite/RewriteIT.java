package dev.turnout.http.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class RewriteIT {
  private static RawResponse get(TestProxy proxy, String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target);
  }

  @Test
  void returnAnswersWithATextOfVariables() throws IOException {
    try (var proxy = serving("location / { return 201 \"$uri$is_args$args\"; }")) {

      RawResponse response = get(proxy, "/a%20b?c=d");

      assertThat(response.status()).isEqualTo(201);
      assertThat(response.body()).isEqualTo("/a b?c=d");
    }
  }

  @Test
  void aFieldThatIsAssignedElsewhereStillIsTheField() throws IOException {
    try (var proxy =
        serving(
            """
            location /set { set $http_host other; return 200 $http_host; }
            location / { return 200 $http_host; }
            """)) {

      assertThat(get(proxy, "/set").body()).isEqualTo("other");
      assertThat(get(proxy, "/").body()).isEqualTo("a.test");
    }
  }

  @Test
  void noExpressionOfAMapIsTriedOnNothing() throws IOException {
    try (var proxy =
        TestProxy.start(
            "map $arg_a $found { ~^x?$ matched; default none; }"
                + " server { listen 127.0.0.1:0; return 200 $found; }")) {
      assertThat(get(proxy, "/?a=x").body()).isEqualTo("matched");
      assertThat(get(proxy, "/?a=").body()).isEqualTo("none");
    }
  }

  @Test
  void namedGroupsOfLocationsAreVariables() throws IOException {
    try (var proxy =
        serving(
            """
            location ~ ^/v(?<version>[0-9]+)/(?<rest>.*)$ { return 200 "$version $rest $2"; }
            location / { return 200 "none:$version"; }
            """)) {

      assertThat(get(proxy, "/v3/a/b").body()).isEqualTo("3 a/b a/b");
      assertThat(get(proxy, "/other").body()).isEqualTo("none:");
    }
  }

  @Test
  void rewritesGoOnInTheLocationOfTheNewPath() throws IOException {
    try (var proxy =
        serving(
            """
            location /old/ { rewrite ^/old/(.*)/(.*)$ /new/$2?x=$1 last; return 500; }
            location /new/ { return 200 "$uri $args"; }
            """)) {

      assertThat(get(proxy, "/old/a/b?y=1").body()).isEqualTo("/new/b x=a&y=1");
      assertThat(get(proxy, "/old/a%26b/c").body()).isEqualTo("/new/c x=a%26b");
      assertThat(get(proxy, "/old/none").status()).isEqualTo(500);
    }
  }

  @Test
  void aRewriteThatNeverEndsIsA500() throws IOException {
    try (var proxy = serving("location / { rewrite ^ /again last; }")) {

      assertThat(get(proxy, "/").status()).isEqualTo(500);

      assertThat(proxy.errorLog()).contains("rewrite or internal redirection cycle");
    }
  }

  @Test
  void theLastIfThatHoldsLendsItsBlockToTheLocation() throws IOException {
    try (var proxy =
        serving(
            """
            location / {
              set $who nobody;
              add_header From location;
              if ($arg_a = 1) { set $who a; add_header From a; }
              if ($arg_b ~ ^x(.+)) { set $who $1; add_header From b; }
              if ($arg_c) { break; }
              return 200 $who;
            }
            """)) {

      RawResponse none = get(proxy, "/");
      RawResponse both = get(proxy, "/?a=1&b=xyz");

      assertThat(none.body()).isEqualTo("nobody");
      assertThat(none.headers().all("From")).containsExactly("location");
      assertThat(both.body()).isEqualTo("yz");
      assertThat(both.headers().all("From")).containsExactly("b");
    }
  }

  @Test
  void anIfMayAskTheFileSystem() throws IOException {
    try (var proxy =
        serving(
            """
            location / {
              if (!-e $document_root/../logs/nothing) { set $a 1; }
              if (-f $document_root/../nginx.conf) { set $a "${a}2"; }
              if (-d $document_root/../nginx.conf) { set $a "${a}3"; }
              return 200 $a;
            }
            root logs;
            """)) {

      assertThat(get(proxy, "/").body()).isEqualTo("12");
    }
  }

  @Test
  void aMapIsSearchedExactlyThenByWildcardsThenByExpressions() throws IOException {
    try (var proxy =
        TestProxy.start(
            """
            map $arg_k $kind {
              hostnames;
              default other;
              .example.com under;
              www.* first;
              ~^re(?<rest>.*)$ "matched $rest";
              Case any;
            }
            server { listen 127.0.0.1:0; location / { return 200 $kind; } }
            """)) {

      assertThat(get(proxy, "/?k=cASE").body()).isEqualTo("any");
      assertThat(get(proxy, "/?k=example.com").body()).isEqualTo("under");
      assertThat(get(proxy, "/?k=a.b.example.com.").body()).isEqualTo("under");
      assertThat(get(proxy, "/?k=www.x").body()).isEqualTo("first");
      assertThat(get(proxy, "/?k=reST").body()).isEqualTo("matched ST");
      assertThat(get(proxy, "/?k=").body()).isEqualTo("other");
    }
  }

  @Test
  void aConditionThatIsNoneIsRefused() {
    assertThatThrownBy(() -> serving("if ($a == b) { return 200; } set $a 1;"))
        .hasMessageContaining("unexpected \"==\" in condition");
    assertThatThrownBy(() -> serving("if (-z /file) { return 200; }"))
        .hasMessageContaining("invalid condition \"-z\"");
    assertThatThrownBy(() -> serving("return hello;"))
        .hasMessageContaining("invalid return code \"hello\"");
  }

  private static TestProxy serving(String server) {
    return TestProxy.start("server { listen 127.0.0.1:0; " + server + " }");
  }
}

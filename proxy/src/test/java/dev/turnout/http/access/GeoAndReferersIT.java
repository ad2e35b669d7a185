package dev.turnout.http.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GeoAndReferersIT {
  private static String get(TestProxy proxy, String target) throws IOException {
    return RawClient.get(proxy.port(), "a.test", target).body();
  }

  @Test
  void geoLooksUpTheClientOrAnotherAddress() throws IOException {
    try (var proxy =
        TestProxy.start(
            """
            geo $client { 127.0.0.0/8 local; default other; }
            geo $arg_a $net {
              default none;
              255.255.255.255 unknown;
              10.0.0.0/8 ten;
              10.1.0.0/16 deleted;
              delete 10.1.0.0/16;
              2001:db8::/32 doc;
            }
            geo $arg_a $range { ranges; default none; 10.0.0.5-10.3.0.1 in; }
            geo $arg_a $bare { 10.0.0.1 one; }
            server { listen 127.0.0.1:0; return 200 "$client $net $range $bare."; }
            """)) {

      assertThat(get(proxy, "/?a=10.0.0.1")).isEqualTo("local ten none one.");
      assertThat(get(proxy, "/?a=10.1.0.1")).isEqualTo("local ten in .");
      assertThat(get(proxy, "/?a=2001:db8::1")).isEqualTo("local doc none .");
      assertThat(get(proxy, "/?a=::ffff:10.0.0.1")).isEqualTo("local ten none one.");
      assertThat(get(proxy, "/?a=nothing")).isEqualTo("local unknown none .");
      assertThat(get(proxy, "/?a=11.0.0.1")).isEqualTo("local none none .");
    }
  }

  @Test
  void geoTakesTheWordOfProxies() throws IOException {
    try (var proxy =
        TestProxy.start(
            """
            geo $once { proxy 127.0.0.0/8; proxy 10.0.0.0/8; default other; 10.0.0.1 ten; }
            geo $all {
              ranges;
              proxy_recursive;
              proxy 127.0.0.1;
              proxy 10.0.0.0/8;
              default other;
              192.0.2.0-192.0.2.9 doc;
            }
            server { listen 127.0.0.1:0; return 200 "$once $all"; }
            """)) {
      String fields = "X-Forwarded-For: 8.8.8.8, 192.0.2.7:80\r\nX-Forwarded-For: 10.0.0.1\r\n";
      String request = "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";

      assertThat(RawClient.ask(proxy.port(), request).body()).isEqualTo("ten doc");
      assertThat(get(proxy, "/")).isEqualTo("other other");
    }
  }

  @Test
  void aSplitGivesEachTextItsValue() throws IOException {
    try (var proxy =
        TestProxy.start(
            """
            split_clients $arg_k $half { 50% first; * rest; }
            server { listen 127.0.0.1:0; return 200 $half; }
            """)) {

      assertThat(get(proxy, "/?k=a")).isIn("first", "rest").isEqualTo(get(proxy, "/?k=a"));
      assertThat(
              Stream.iterate(0, i -> i + 1).limit(30).map(i -> asked(proxy, "/?k=" + i)).distinct())
          .containsExactlyInAnyOrder("first", "rest");
    }
  }

  private static String asked(TestProxy proxy, String target) {
    try {
      return get(proxy, target);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "'', ''",
    "http://www.example.org/, ''",
    "HTTPS://A.B.example.ORG:8080/x, ''",
    "http://example.org/, 1",
    "http://example.com/docs/page, ''",
    "http://example.com/other, 1",
    "http://shop.test/, ''",
    "http://shop.a.b/, ''",
    "http://self.test/, ''",
    "http://google.de/search, ''",
    "mailto:someone, ''",
    "http://elsewhere.test/, 1"
  })
  void aRefererIsValidByHostPathOrExpression(String referer, String invalid) throws IOException {
    try (var proxy =
        TestProxy.start(
            """
            server {
              listen 127.0.0.1:0;
              server_name self.test;
              valid_referers none blocked server_names *.example.org example.com/docs shop.*;
              valid_referers ~^google\\.;
              return 200 "[$invalid_referer]";
            }
            """)) {
      String field = referer.isEmpty() ? "" : "Referer: " + referer + "\r\n";

      String body =
          RawClient.ask(proxy.port(), "GET / HTTP/1.1\r\nHost: self.test\r\n" + field + "\r\n")
              .body();

      assertThat(body).isEqualTo("[" + invalid + "]");
    }
  }

  @Test
  void whatIsWrongIsRefusedInNginxWords() {
    Stream.of(
            "geo $a { 10.0.0/8 x; }|invalid network \"10.0.0/8\"",
            "geo $a { 10.0.0.0/8 x y; }|invalid number of the geo parameters",
            "geo $a { 10.0.0.0/8 x; ranges; }|must be the first directive inside \"geo\" block",
            "geo $a { ranges; 10.0.0.9-10.0.0.1 x; }|invalid range \"10.0.0.9-10.0.0.1\"",
            "geo $a { proxy nobody; }|invalid network \"nobody\"",
            "geo a { default x; }|invalid variable name \"a\"",
            "split_clients $uri $a { 5 x; }|invalid percent value \"5\"",
            "split_clients $uri $a { 60% x; 41% y; }|percent total is greater than 100%",
            "server { valid_referers none; }|without any valid referer",
            "server { valid_referers a.*.b; }|invalid hostname or wildcard \"a.*.b\"",
            "server { valid_referers a.b a.b; }|conflicting parameter \"a.b\"")
        .map(row -> row.split("\\|"))
        .forEach(row ->
            assertThatThrownBy(() -> TestProxy.start(row[0]))
                .as(row[0])
                .hasMessageContaining(row[1]));
  }
}

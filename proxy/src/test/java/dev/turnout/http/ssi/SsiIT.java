package dev.turnout.http.ssi;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Pages with commands, as clients get them.
class SsiIT {
  private static final String PAGES = "ssi on; location /plain/ { ssi off; }";

  private static TestProxy pages(String... namesAndContents) throws IOException {
    TestProxy proxy = TestProxy.start("server { listen 127.0.0.1:0; " + PAGES + " }");
    write(proxy, namesAndContents);
    return proxy;
  }

  private static void write(TestProxy proxy, String... namesAndContents) throws IOException {
    Path root = proxy.directory().resolve("html");
    for (int i = 0; i < namesAndContents.length; i += 2) {
      Path file = root.resolve(namesAndContents[i]);
      Files.createDirectories(file.getParent());
      Files.writeString(file, namesAndContents[i + 1]);
    }
  }

  private static String get(TestProxy proxy, String target) throws IOException {
    return RawClient.get(proxy.port(), "h", target).body();
  }

  @Test
  void includesStandWhereTheyWereAskedFor() throws Exception {
    try (TestProxy proxy =
        pages(
            "a.html",
            "1<!--#include virtual='/b.html' -->2<!--# include file=\"plain/c.txt\" -->3",
            "b.html",
            "[<!--#include virtual=\"plain/c.txt\"-->]",
            "plain/c.txt",
            "c")) {
      RawResponse page = RawClient.get(proxy.port(), "h", "/a.html");

      assertThat(page.body()).isEqualTo("1[c]2c3");
      assertThat(page.headers().all("Content-Length")).isEmpty();
      assertThat(page.headers().all("Last-Modified")).isEmpty();
      assertThat(page.headers().all("ETag")).isEmpty();
    }
  }

  @Test
  void theOrderIsThePagesHoweverLateAnAnswerComes() throws Exception {
    CountDownLatch secondAnswered = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> {
              if (request.target().equals("/first")) {
                secondAnswered.await();
              } else {
                secondAnswered.countDown();
              }
              connection.send(Answers.ok(request.target()));
            });
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; ssi on; location /up/ { proxy_pass http://"
                    + upstream.address()
                    + "/; } }")) {
      write(
          proxy,
          "a.html",
          "<!--#include virtual='/up/first' -->,<!--#include virtual='/up/second' -->.");

      assertThat(get(proxy, "/a.html")).isEqualTo("/first,/second.");
    }
  }

  @Test
  void aLargeIncludeThatHasToWaitIsNotKeptWhole() throws Exception {
    String large = "x".repeat(3_000_000);
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) ->
                connection.send(Answers.ok(request.target().equals("/small") ? "small" : large)));
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; ssi on; location /up/ { proxy_pass http://"
                    + upstream.address()
                    + "/; } }")) {
      write(
          proxy,
          "a.html",
          "<!--#include virtual='/up/large' -->|<!--#include virtual='/up/large' -->|"
              + "<!--#include virtual='/up/small' -->");

      assertThat(get(proxy, "/a.html")).isEqualTo(large + "|" + large + "|small");
    }
  }

  @Test
  void aPageMayHaveMoreIncludesThanAreUnderWayAtOnce() throws Exception {
    try (TestProxy proxy =
        pages(
            "a.html", "<!--#include virtual='/plain/c.txt' -->".repeat(1000), "plain/c.txt", "c")) {
      assertThat(get(proxy, "/a.html")).isEqualTo("c".repeat(1000));
    }
  }

  @Test
  void aPageThatIncludesItselfEnds() throws Exception {
    try (TestProxy proxy = pages("a.html", "a<!--#include virtual='/a.html' -->")) {
      String body = get(proxy, "/a.html");

      assertThat(body)
          .isEqualTo("a".repeat(51) + "[an error occurred while processing the directive]");
      assertThat(proxy.errorLog()).contains("subrequests cycle while processing \"/a.html\"");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "v=1, yes",
    "v=, no",
    "x=1, no",
  })
  void aConditionChooses(String args, String expected) throws Exception {
    try (TestProxy proxy =
        pages("a.html", "<!--#if expr='$arg_v' -->yes<!--#else -->no<!--#endif -->")) {
      assertThat(get(proxy, "/a.html?" + args)).isEqualTo(expected);
    }
  }

  @Test
  void anExpressionCapturesAndComparesAsWritten() throws Exception {
    try (TestProxy proxy =
        pages(
            "a.html",
            "<!--#if expr=\"$arg_v = /^(?<first>.)(.*)\\$/\" -->"
                + "<!--#echo var='first' -->,<!--#echo var='2' -->"
                + "<!--#endif -->;<!--#if expr='$arg_v != abc' -->no<!--#elif expr=\"$arg_v = abc\""
                + " -->abc<!--#endif -->")) {
      assertThat(get(proxy, "/a.html?v=abc")).isEqualTo("a,bc;abc");
    }
  }

  @Test
  void anIncludeMaySetAVariableAndAStubStandsIn() throws Exception {
    try (TestProxy proxy =
        pages(
            "a.html",
            "<!--#block name='b' --><<!--#echo var='arg_x' -->><!--#endblock -->"
                + "<!--#include virtual='/plain/c.txt' set='v' -->"
                + "<!--#echo var='v' encoding='url' -->"
                + "<!--#include virtual='/missing.html?x=1' stub='b' -->"
                + "<!--#include virtual='/plain/empty.txt?x=2' stub='b' -->"
                + "<!--#include virtual='/plain/c.txt' stub='b' -->",
            "plain/c.txt",
            "c c",
            "plain/empty.txt",
            "")) {
      assertThat(get(proxy, "/a.html")).isEqualTo("c%20c<1><<!--#echo var=\"arg_x\" -->>c c");
    }
  }

  @Test
  void aResponseThatIsTooLargeForAVariableEndsTheRequest() throws Exception {
    try (TestProxy proxy =
            pages(
                "a.html",
                "<!--#include virtual='/plain/c.txt' set='v' -->rest",
                "plain/c.txt",
                "c".repeat(4097));
        RawClient client = RawClient.connect(proxy.port())) {
      client.send("GET /a.html HTTP/1.1\r\nHost: h\r\n\r\n");

      assertThat(client.readUntilClose()).isEmpty();
      assertThat(proxy.errorLog()).contains("too big subrequest response: 4097");
    }
  }

  @Test
  void aCommandThatIsWrongLeavesTheMessage() throws Exception {
    try (TestProxy proxy =
        pages(
            "a.html",
            "<!--#config errmsg='E' --><!--#nonsense -->,<!--#echo -->,<!--#echo var=x -->,"
                + "<!--#include virtual='/../x' -->,<!--#set var='a' value='$' -->")) {
      assertThat(get(proxy, "/a.html")).isEqualTo("E,E,E,E,E");
      assertThat(proxy.errorLog())
          .contains("invalid SSI command: \"nonsense\"")
          .contains("mandatory \"var\" parameter is absent in \"echo\" SSI command")
          .contains("unexpected \"x\" symbol before value of \"var\" parameter")
          .contains("unsafe URI \"/../x\" was detected")
          .contains("invalid variable name in \"$\"");
    }
  }

  @Test
  void aPageCannotUseTheInterfacesForChanges() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; ssi on; location /api/ { api write=on; } }")) {
      write(proxy, "a.html", "<!--#include virtual='/api/9/nginx' -->");

      assertThat(RawClient.get(proxy.port(), "h", "/api/9/nginx").status()).isEqualTo(200);
      assertThat(get(proxy, "/a.html")).contains("403 Forbidden");
      assertThat(proxy.errorLog()).contains("a subrequest may not change the node");
    }
  }

  @Test
  void variablesThatAreAssignedAreSharedAndTheTargetIsNot() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; ssi on; ssi_types text/plain; default_type text/plain;"
                + " set $shared main;"
                + " location /page { return 200 '<!--#include virtual=\"/part?p\" wait=\"yes\" -->"
                + " <!--#echo var=\"shared\" --> <!--#echo var=\"uri\" -->'; }"
                + " location /part { set $shared part; return 200 '$uri $args $request_uri'; } }")) {
      assertThat(get(proxy, "/page?m")).isEqualTo("/part p /page?m part /page");
    }
  }

  @Test
  void anIncludeIsAskedForWithoutTheBodyUnlessThatWasRead() throws Exception {
    try (FakeUpstream upstream =
            FakeUpstream.each((request, connection) -> {
              String body =
                  request.target().equals("/page")
                      ? "<!--#include virtual=\"/part\" -->"
                      : request.method() + " " + request.body();
              connection.send(
                  Answers.of(200, List.of(new Field("Content-Type", "text/html")), body));
            });
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; ssi on; location / { proxy_pass http://"
                    + upstream.address()
                    + "; } }")) {
      RawResponse page =
          RawClient.ask(
              proxy.port(), "POST /page HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc");

      assertThat(page.body()).isEqualTo("GET abc");
    }
  }

  @Test
  void whenTheClientGoesItsSubrequestsGoToo() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch closed = new CountDownLatch(1);
    try (FakeUpstream upstream =
            FakeUpstream.scripted(connection -> {
              connection.read();
              asked.countDown();
              connection.awaitClose();
              closed.countDown();
            });
        TestProxy proxy =
            TestProxy.start(
                "server { listen 127.0.0.1:0; ssi on; location /up/ { proxy_pass http://"
                    + upstream.address()
                    + "/; } }")) {
      write(proxy, "a.html", "<!--#include virtual='/up/x' -->");
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("GET /a.html HTTP/1.1\r\nHost: h\r\n\r\n");
        asked.await();
        client.reset();
      }

      closed.await();
    }
  }

  @Test
  void aSubrequestIsLoggedOnlyWhereThatIsSaid() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "log_format f '$uri $status $body_bytes_sent';"
                + "server { listen 127.0.0.1:0; ssi on; access_log logs/a.log f;"
                + " location /plain/ { ssi off; } location /plain/logged/ { ssi off; log_subrequest"
                + " on; } }")) {
      write(
          proxy,
          "a.html",
          "<!--#include virtual='/plain/c.txt' --><!--#include virtual='/plain/logged/c.txt' -->",
          "plain/c.txt",
          "c",
          "plain/logged/c.txt",
          "cc");

      assertThat(get(proxy, "/a.html")).isEqualTo("ccc");

      Path log = proxy.directory().resolve("logs/a.log");
      Eventually.until(
          Duration.ofSeconds(5),
          () -> Files.readString(log).matches("/plain/logged/c.txt 200 2\n/a.html 200 \\d+\n"),
          () -> "the access log did not get its lines");
    }
  }
}

package dev.turnout.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.Eventually;
import dev.turnout.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/// What the logs tell of requests.
class LoggedRequestsIT {
  private static final String LOG =
      """
      log_format short '$status $body_bytes_sent "$request" [$args]';
      access_log logs/access.log short;
      """;

  private static void awaitLog(TestProxy proxy, String lines) throws Exception {
    Path log = proxy.directory().resolve("logs/access.log");
    Eventually.until(
        Duration.ofSeconds(20), () -> Files.readString(log).equals(lines), () -> text(log));
  }

  private static String text(Path log) {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Test
  void aClientThatLeavesInItsHeadMadeABadRequest() throws Exception {
    try (TestProxy proxy = TestProxy.start(LOG + "server { listen 127.0.0.1:0; return 200; }")) {
      RawClient.connect(proxy.port()).close(); // said nothing: is not logged
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("GET /cut HTTP/1.1\r\nHos").halfClose();
        client.readUntilClose();
      }

      awaitLog(proxy, "400 0 \"GET /cut HTTP/1.1\" [-]\n");
    }
  }

  @Test
  void aLineThatIsNoRequestIsLoggedAsItCame() throws Exception {
    try (TestProxy proxy = TestProxy.start(LOG + "server { listen 127.0.0.1:0; return 200; }")) {
      for (String bytes :
          new String[] {"\026\003\001\r\n\r\n", "GET / HTTP/2.5\r\n\r\n", "hello"}) {
        try (RawClient client = RawClient.connect(proxy.port())) {
          client.send(bytes).halfClose();
          client.readUntilClose();
        }
      }

      awaitLog(
          proxy,
          """
          400 157 "\\x16\\x03\\x01" [-]
          505 187 "GET / HTTP/2.5" [-]
          400 157 "hello" [-]
          """);
    }
  }

  @Test
  void aClientThatLeavesInItsBodyMadeABadRequest() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            LOG + "server { listen 127.0.0.1:0; location / { proxy_pass http://127.0.0.1:1; } }")) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("POST /cut HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc").halfClose();
        client.readUntilClose();
      }

      awaitLog(proxy, "400 0 \"POST /cut HTTP/1.1\" [-]\n");
    }
  }

  @Test
  void whatIsSentBeforeTheHeadCountsAsBody() throws Exception {
    try (TestProxy proxy = TestProxy.start(LOG + "server { listen 127.0.0.1:0; return 200 x; }")) {
      try (RawClient client = RawClient.connect(proxy.port())) {
        client.send("POST / HTTP/1.0\r\n\r\n").readUntilClose();
      }
      try (RawClient client = RawClient.connect(proxy.port())) {
        client
            .send(
                """
                POST / HTTP/1.1
                Host: h
                Connection: close
                Expect: 100-continue
                Content-Length: 0

                """
                    .replace("\n", "\r\n"))
            .readUntilClose();
      }

      awaitLog(proxy, "200 1 \"POST / HTTP/1.0\" [-]\n200 26 \"POST / HTTP/1.1\" [-]\n");
    }
  }

  @Test
  void anEmptyQueryIsNone() throws Exception {
    try (TestProxy proxy = TestProxy.start(LOG + "server { listen 127.0.0.1:0; return 200; }")) {
      RawClient.get(proxy.port(), "h", "/a?");
      awaitLog(proxy, "200 0 \"GET /a? HTTP/1.1\" [-]\n");
      RawClient.get(proxy.port(), "h", "/a?b");
      awaitLog(proxy, "200 0 \"GET /a? HTTP/1.1\" [-]\n200 0 \"GET /a?b HTTP/1.1\" [b]\n");
    }
  }

  @Test
  void theLastResortOfTryFilesHasAnEmptyQuery() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            LOG
                + "server { listen 127.0.0.1:0; location / { try_files $uri /last; }"
                + " location /last { return 200; } }")) {
      RawClient.get(proxy.port(), "h", "/a?b");

      awaitLog(proxy, "200 0 \"GET /a?b HTTP/1.1\" []\n");
    }
  }

  @Test
  void chunksThatAreNoneAreAnErrorOfTheClient() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "server { listen 127.0.0.1:0; location / { proxy_pass http://127.0.0.1:1; } }")) {
      RawClient.ask(
          proxy.port(), "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");

      assertThat(proxy.errorLog())
          .contains("[error] ")
          .contains("client sent invalid chunked body: invalid chunk size, client: ");
    }
  }

  @Test
  void anUpstreamIsNamedOnceItWasAskedFor() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "client_max_body_size 2; server { listen 127.0.0.1:0;"
                + " location / { proxy_pass http://127.0.0.1:1; } }")) {
      RawClient.ask(
          proxy.port(),
          "POST /before HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n");
      RawClient.get(proxy.port(), "h", "/after");

      assertThat(proxy.errorLog())
          .contains("request: \"POST /before HTTP/1.1\", host: \"h\"")
          .contains("\"GET /after HTTP/1.1\", upstream: \"http://127.0.0.1:1/after\", host: ");
    }
  }

  @Test
  void ofSomeClientsTheErrorLogTellsEverything() throws Exception {
    String server =
        "server { listen 127.0.0.1:0; error_log logs/own.log alert; location /l { return 200; } }";
    try (TestProxy told = TestProxy.startWithEvents("debug_connection 127.0.0.0/8;", server);
        TestProxy others = TestProxy.startWithEvents("debug_connection 192.0.2.1;", server)) {
      RawClient.get(told.port(), "h", "/l");
      RawClient.get(others.port(), "h", "/l");

      Path log = told.directory().resolve("logs/own.log");
      Eventually.until(
          Duration.ofSeconds(20),
          () -> Files.readString(log).contains("using configuration \"/l\""),
          () -> text(log));
      assertThat(others.directory().resolve("logs/own.log")).isEmptyFile();
    }
  }
}

package dev.turnout.admin.control;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.admin.control.ControlClient.Reply;
import dev.turnout.app.TestProxy;
import dev.turnout.json.Json;
import dev.turnout.testkit.Answers;
import dev.turnout.testkit.ClosedPort;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.RawClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventsIT {
  private static final String CONFIG =
      """
      state_directory off;
      upstream app { server 127.0.0.1:1001; server 127.0.0.1:1002; }
      server { listen 127.0.0.1:0; location /control { control_api write=on; } }
      """;

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private TestProxy proxy;
  private ControlClient client;

  @BeforeEach
  void start() throws IOException {
    proxy = TestProxy.start(CONFIG, 2);
    client = ControlClient.of(proxy);
  }

  @AfterEach
  void stop() {
    client.close();
    http.close();
    proxy.close();
  }

  private BufferedReader stream(String... fields) throws IOException, InterruptedException {
    return stream(proxy.port(), fields);
  }

  private BufferedReader stream(int port, String... fields)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/control/events"));
    if (fields.length > 0) {
      request.headers(fields);
    }
    var response = http.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/event-stream");
    var reader = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8));
    assertThat(reader.readLine()).isEqualTo("retry: 1000");
    assertThat(reader.readLine()).isEmpty();
    return reader;
  }

  /// The next event: its id, kind and data; empty at the end of the stream.
  private static Map<String, String> next(BufferedReader stream) throws IOException {
    Map<String, String> event = new LinkedHashMap<>();
    for (String line = stream.readLine(); line != null; line = stream.readLine()) {
      if (line.isEmpty() && !event.isEmpty()) {
        return event;
      }
      int colon = line.indexOf(": ");
      if (colon > 0) {
        event.put(line.substring(0, colon), line.substring(colon + 2));
      }
    }
    return event;
  }

  private void weight(int weight) {
    client.patch("/upstreams/app/servers/0?why=w" + weight, "{'weight':" + weight + "}");
  }

  @Test
  void changesAreStreamedAndAClientTakesUpWhereItWas() throws Exception {
    String second;
    try (BufferedReader stream = stream()) {
      weight(2);
      Map<String, String> first = next(stream);
      String data = first.getOrDefault("data", "");
      weight(3);
      second = next(stream).getOrDefault("id", "");

      assertThat(first.get("event")).isEqualTo("change");
      assertThat(ControlClient.at(Json.parseBytes(data), "/why")).isEqualTo("w2");
      assertThat(ControlClient.at(Json.parseBytes(data), "/revision")).isEqualTo("1");
    }
    weight(4);
    client.post("/upstreams/app/servers/1/drain", "{}");

    try (BufferedReader stream = stream("Last-Event-ID", second)) {
      assertThat(next(stream).get("data")).contains("w4");
      assertThat(next(stream)).containsEntry("event", "health"); // it is draining now
      assertThat(next(stream)).containsEntry("event", "change");
      assertThat(next(stream)).containsEntry("event", "drain");
    }
  }

  @Test
  void aClientOfAnEarlierProcessLearnsThatItMayHaveMissedSome() throws Exception {
    weight(2);

    try (BufferedReader stream = stream("Last-Event-ID", "earlier-17")) {
      Map<String, String> gap = next(stream);
      assertThat(gap).containsEntry("event", "gap");
      assertThat(gap.get("data")).contains("\"revision\":1");
      assertThat(next(stream).get("data")).contains("w2");
    }
    Reply poll = client.get("/events?since=earlier-17&wait=0s");
    assertThat(poll.at("/gap")).isEqualTo("true");
    assertThat(poll.at("/events")).isEqualTo("1");
  }

  @Test
  void aLongPollIsAnsweredByTheNextEvent() {
    Reply none = client.get("/events?wait=0s");
    assertThat(none.at("/events")).isEqualTo("0");
    String since = none.at("/next");

    CompletableFuture<Reply> waiting = client.later("GET", "/events?wait=30s&since=" + since, "");
    weight(2);

    Reply reply = waiting.join();
    assertThat(reply.at("/events/0/kind")).isEqualTo("change");
    assertThat(reply.at("/events/0/data/why")).isEqualTo("w2");
    assertThat(reply.at("/gap")).isEqualTo("false");
    weight(3);
    assertThat(client.get("/events?wait=30s&since=" + reply.at("/next")).at("/events/0/data/why"))
        .isEqualTo("w3");
  }

  @Test
  void aSlowClientIsDroppedAndTheOthersGoOn() throws Exception {
    try (RawClient slow = RawClient.connectWithBuffer(proxy.port(), 4096)) {
      slow.send("GET /control/events HTTP/1.1\r\nHost: a\r\n\r\n");
      slow.readBytes("HTTP/1.1 200".length());
      try (BufferedReader quick = stream()) {
        String much = "x".repeat(2000);
        for (int round = 0; round < 12; round++) { // more than sockets and the ring hold
          for (int i = 0; i < 1000; i++) {
            proxy.control().events().publish("test", Map.of("much", much));
          }
          for (int i = 0; i < 1000; i++) {
            assertThat(next(quick)).containsEntry("event", "test");
          }
        }
        proxy.control().events().publish("last", Map.of());
        assertThat(next(quick)).containsEntry("event", "last");
      }
      String all = slow.readUntilClose();

      assertThat(all).contains("event: test").doesNotContain("event: last");
    }
  }

  /// What the next event says, as far as tests care.
  private static String words(BufferedReader stream) throws IOException {
    Map<String, String> event = next(stream);
    var data = Json.parseBytes(event.getOrDefault("data", "{}"));
    return switch (event.getOrDefault("event", "")) {
      case "health" ->
          "%s %s>%s"
              .formatted(
                  ControlClient.at(data, "/address"),
                  ControlClient.at(data, "/from"),
                  ControlClient.at(data, "/to"));
      case "panic" ->
          "panic %s, %s of %s"
              .formatted(
                  ControlClient.at(data, "/on"),
                  ControlClient.at(data, "/usable"),
                  ControlClient.at(data, "/total"));
      default -> event.getOrDefault("event", "the end");
    };
  }

  @Test
  void failuresPanicAndItsEndAreStreamedInTheirOrder() throws Exception {
    try (var one = new ClosedPort();
        var two = new ClosedPort();
        var alive = FakeUpstream.answering("alive");
        var failing =
            TestProxy.start(
                """
                upstream app { server %s; server %s; panic_threshold 50%%; }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api write=on; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(one.address(), two.address()));
        var operator = ControlClient.of(failing);
        BufferedReader stream = stream(failing.port())) {
      assertThat(RawClient.get(failing.port(), "a.test", "/").status()).isEqualTo(502);
      assertThat(words(stream)).isEqualTo(one.address() + " up>unavail");
      assertThat(words(stream)).isEqualTo(two.address() + " up>unavail");
      assertThat(words(stream)).isEqualTo("panic true, 0 of 2");

      operator.patch("/upstreams/app/servers/0", "{'server':'" + alive.address() + "'}");
      assertThat(words(stream)).isEqualTo("change");
      assertThat(RawClient.get(failing.port(), "a.test", "/").body()).isEqualTo("alive");
      assertThat(words(stream)).isEqualTo("panic false, 1 of 2");
    }
  }

  @Test
  void aServerThatFlapsIsTold() throws Exception {
    AtomicBoolean well = new AtomicBoolean(true);
    try (var server =
            FakeUpstream.each((_, connection) ->
                connection.send(well.get() ? Answers.ok("") : Answers.of(500, List.of(), "")));
        var checked =
            TestProxy.start(
                """
                upstream app { server %s; check interval=10 rise=1 fall=1 type=http; }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api; }
                }
                """
                    .formatted(server.address()));
        BufferedReader stream = stream(checked.port(), "Last-Event-ID", "oldest")) {
      assertThat(words(stream)).isEqualTo(server.address() + " up>checking");
      assertThat(words(stream)).isEqualTo(server.address() + " checking>up");
      for (int i = 0; i < 3; i++) {
        well.set(false);
        assertThat(words(stream)).isEqualTo(server.address() + " up>unhealthy");
        well.set(true);
        assertThat(words(stream)).isEqualTo(server.address() + " unhealthy>up");
      }
    }
  }

  @Test
  void aServerThatComesBackWithSlowStartIsToldWithItsRamp() throws Exception {
    AtomicBoolean well = new AtomicBoolean(true);
    try (var server =
            FakeUpstream.each((_, connection) ->
                connection.send(
                    well.get() ? Answers.ok("ramping") : Answers.of(500, List.of(), "")));
        var other = FakeUpstream.answering("other");
        var checked =
            TestProxy.start(
                """
                upstream app {
                  server %s slow_start=1h;
                  server %s;
                  check interval=10 rise=1 fall=1 type=http;
                }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(server.address(), other.address()));
        var reader = ControlClient.of(checked);
        BufferedReader stream = stream(checked.port(), "Last-Event-ID", "oldest")) {
      for (int i = 0; i < 4; i++) {
        assertThat(words(stream)).contains("checking");
      }
      well.set(false);
      assertThat(words(stream)).isEqualTo(server.address() + " up>unhealthy");
      well.set(true);

      Map<String, String> back = next(stream);

      var data = Json.parseBytes(back.getOrDefault("data", "{}"));
      assertThat(ControlClient.at(data, "/to")).isEqualTo("up");
      assertThat(ControlClient.at(data, "/slow_start_ms")).isEqualTo("3600000");
      for (int i = 0; i < 10; i++) { // its share has just begun to grow
        assertThat(RawClient.get(checked.port(), "a.test", "/").body()).isEqualTo("other");
      }
      String left = reader.get("/upstreams/app/servers/0").at("/live/slow_start_left_ms");
      assertThat(Long.parseLong(left)).isBetween(3_500_000L, 3_600_000L);
      assertThat(reader.get("/upstreams/app/servers/1").at("/live/slow_start_left_ms"))
          .isEqualTo("0");
    }
  }

  @Test
  void aReloadSendsThoseWhoWatchAway() throws Exception {
    try (BufferedReader stream = stream()) {
      proxy.reload(CONFIG);

      assertThat(next(stream)).isEmpty();
    }
  }

  @Test
  void aServerThatFailsIsAnEvent() throws Exception {
    try (var dead = new ClosedPort();
        var alive = FakeUpstream.answering("alive");
        var failing =
            TestProxy.start(
                """
                upstream app { server %s; server %s; }
                server {
                  listen 127.0.0.1:0;
                  location /control { control_api; }
                  location / { proxy_pass http://app; }
                }
                """
                    .formatted(dead.address(), alive.address()));
        var reader = ControlClient.of(failing)) {
      String since = reader.get("/events?wait=0s").at("/next");

      RawClient.get(failing.port(), "a.test", "/");

      Reply poll = reader.get("/events?wait=30s&since=" + since);
      assertThat(poll.at("/events/0/kind")).isEqualTo("health");
      assertThat(poll.at("/events/0/data/address")).isEqualTo(dead.address());
      assertThat(poll.at("/events/0/data/to")).isEqualTo("unavail");
    }
  }
}

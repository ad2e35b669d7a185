package dev.turnout.systemtest;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.turnout.testkit.Answers;
import dev.turnout.testkit.FakeUpstream;
import dev.turnout.testkit.Field;
import dev.turnout.testkit.Framing;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import dev.turnout.testkit.RecordedRequest;
import dev.turnout.testkit.ServedConnection;
import java.io.EOFException;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// Every odd response of the corpus through the running program, whole and byte by byte: the client
/// gets what is wanted, and the next request an answer of its own.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ResponseCorpusIT {
  /// What the client is to see.
  @FunctionalInterface
  private interface Outcome {
    void check(RawClient client) throws IOException;
  }

  private static final Outcome BAD_GATEWAY = status(502);
  private static final Outcome CUT_OFF =
      client -> assertThatThrownBy(client::readResponse).isInstanceOf(EOFException.class);

  private static final Map<String, Outcome> OUTCOMES =
      Map.ofEntries(
          entry("U03", BAD_GATEWAY),
          entry("U04", BAD_GATEWAY),
          entry("U05", BAD_GATEWAY),
          entry("U07", CUT_OFF),
          entry("U09", unfolded()),
          entry("U11", BAD_GATEWAY),
          entry("U14", BAD_GATEWAY),
          entry("U15", BAD_GATEWAY),
          entry("U16", BAD_GATEWAY),
          entry("U17", ok("ok")),
          entry("U19", ok("hello")),
          entry("U20", status(204)),
          entry("U21", notModified()),
          entry("U22", ok("ok")),
          entry("U23", ok("first")),
          entry("U25", BAD_GATEWAY),
          entry("U26", BAD_GATEWAY),
          entry("U31", BAD_GATEWAY),
          entry("U35", BAD_GATEWAY),
          entry("U37", status(200, 502)),
          entry("U38", withoutTrailers()),
          entry("U39", status(200, 502)),
          entry("U40", ok("ok")));

  // The upstream closes behind these; the others stay open, as if more was to come.
  private static final Set<String> ENDED_BY_CLOSE = Set.of("U19", "U35");

  private final Map<String, Corpus> cases = new HashMap<>();
  private FakeUpstream upstream;
  private Turnout turnout;

  @BeforeAll
  @SuppressWarnings("NullAway.Init")
  void start() throws Exception {
    for (Corpus each : Corpus.read("upstream-responses.json")) {
      cases.put(each.id(), each);
    }
    upstream = FakeUpstream.each(this::answer);
    turnout =
        Turnout.start(
            """
              upstream app { server %s max_fails=0; keepalive 8; }
              %s
              server {
                listen 127.0.0.1:@PORT@;
                location = /none { return 204; }
                location / {
                  proxy_http_version 1.1;
                  proxy_set_header Connection "";
                  proxy_pass http://app;
                }
              }
            """
                .formatted(upstream.address(), modules()));
  }

  /// What else stands in `http {}`.
  String modules() {
    return "";
  }

  /// True if that makes bodies plain for clients that do not take them compressed.
  boolean gunzips() {
    return false;
  }

  @AfterAll
  void stop() throws Exception {
    turnout.close();
    upstream.close();
  }

  private void answer(RecordedRequest request, ServedConnection connection) throws IOException {
    String[] path = request.target().split("/", -1);
    if (path[1].equals("after")) {
      connection.send(Answers.ok("after"));
      return;
    }
    Corpus each = Objects.requireNonNull(cases.get(path[1]));
    if (each.id().equals("U23")) { // comes when nothing was asked
      connection.send(Answers.ok("first"));
    }
    if (path[2].equals("whole")) {
      connection.send(each.raw());
    } else {
      connection.sendByteByByte(each.raw());
    }
    if (ENDED_BY_CLOSE.contains(each.id())) {
      connection.close();
    }
  }

  @Test
  void everyCaseHasItsOutcome() {
    assertThat(OUTCOMES.keySet()).isEqualTo(cases.keySet());
  }

  @TestFactory
  Stream<DynamicTest> eachResponseIsTreatedAsWanted() {
    return cases.values().stream()
        .flatMap(each ->
            Stream.of("whole", "byte-by-byte")
                .map(manner -> dynamicTest(each + ", " + manner, () -> check(each, manner))));
  }

  private void check(Corpus each, String manner) throws IOException {
    try (RawClient client = RawClient.connect(turnout.port())) {
      client.send(request("/" + each.id() + "/" + manner));
      // what says that it is compressed and is not cannot be made plain
      Outcome wanted =
          gunzips() && each.id().equals("U40")
              ? CUT_OFF
              : Objects.requireNonNull(OUTCOMES.get(each.id()), each.toString());
      wanted.check(client);
    }
    // Whatever was left on the upstream's connection, nobody gets it for an answer.
    for (int i = 0; i < 4; i++) {
      assertThat(RawClient.ask(turnout.port(), request("/after")).body()).isEqualTo("after");
    }
  }

  @Test
  void whoTakesCompressedBodiesGetsThemAsTheyAre() throws Exception {
    String whole = request("/U40/whole");
    String taking = whole.substring(0, whole.length() - 2) + "Accept-Encoding: gzip\r\n\r\n";

    RawResponse response = RawClient.ask(turnout.port(), taking);

    assertThat(response.headers().get("Content-Encoding")).hasValue("gzip");
    assertThat(response.body()).isEqualTo("ok");
  }

  private static String request(String target) {
    return "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
  }

  /// The answer, behind early hints where they are passed on.
  private static RawResponse readAnswer(RawClient client) throws IOException {
    RawResponse response = client.readResponse();
    while (response.status() == 103) {
      response = client.readResponse();
    }
    return response;
  }

  private static Outcome status(Integer... allowed) {
    return client -> {
      RawResponse response = readAnswer(client);
      assertThat(List.of(allowed)).as(response.raw()).contains(response.status());
    };
  }

  private static Outcome ok(String body) {
    return client -> {
      RawResponse response = readAnswer(client);
      assertThat(response.status()).as(response.raw()).isEqualTo(200);
      assertThat(response.body()).isEqualTo(body);
    };
  }

  private static Outcome unfolded() {
    return client -> {
      RawResponse response = readAnswer(client); // which would not read a folded line
      assertThat(response.headers().get("X")).hasValue("a b");
      assertThat(response.body()).isEqualTo("ok");
    };
  }

  private static Outcome notModified() {
    return client -> {
      RawResponse response = readAnswer(client);
      assertThat(response.status()).isEqualTo(304);
      assertThat(response.headers().get("Content-Length")).hasValue("5");
      assertThat(client.send(request("/after")).readResponse().body()).isEqualTo("after");
    };
  }

  private static Outcome withoutTrailers() {
    return client -> {
      RawResponse response = readAnswer(client);
      assertThat(response.status()).isEqualTo(200);
      assertThat(response.framing()).isEqualTo(Framing.CHUNKED);
      assertThat(response.trailers().list())
          .extracting(Field::name)
          .isSubsetOf("X-Tail"); // ours, if any
      assertThat(response.raw()).doesNotContain("a=b");
    };
  }
}

package dev.turnout.admin.plus;

import static org.assertj.core.api.Assertions.assertThat;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class PlusKeyvalsIT {
  private static final String ONE = "/9/http/keyvals/one";

  private final TestProxy proxy =
      TestProxy.start(
          "keyval_zone zone=one:32k state=one.json; keyval_zone zone=two:32k;\n"
              + "keyval $arg_k $value zone=one;\n"
              + Api.SERVER
              + "location /value { return 200 \"[$value]\"; } }");
  private final Api api = new Api(proxy);

  @AfterEach
  void stop() {
    proxy.close();
  }

  private String value(String key) throws IOException {
    return RawClient.get(proxy.port(), "a.test", "/value?k=" + key).body();
  }

  private static void is(int status, RawResponse response) {
    assertThat(response.status()).as(response.body()).isEqualTo(status);
    assertThat(response.body()).isEmpty();
  }

  @Test
  void aPairIsAddedChangedAndTakenAway() throws IOException {
    is(201, api.post(ONE, "{\"a\":\"blue\"}"));
    assertThat(value("a")).isEqualTo("[blue]");
    is(204, api.patch(ONE, "{\"a\":\"green\"}"));
    assertThat(value("a")).isEqualTo("[green]");
    assertThat(api.get(ONE).body()).isEqualTo("{\"a\":\"green\"}");
    assertThat(api.get("/9/http/keyvals").body())
        .isEqualTo("{\"one\":{\"a\":\"green\"},\"two\":{}}");
    is(204, api.patch(ONE, "{\"a\":null}"));
    assertThat(value("a")).isEqualTo("[]");
    assertThat(api.get(ONE).body()).isEqualTo("{}");
  }

  @Test
  void severalPairsGoIntoAnEmptyZoneOnly() throws IOException {
    is(201, api.post(ONE, "{\"a\":1,\"b\":true,\"c\":{\"value\":1.50}}"));
    assertThat(api.read(ONE)).isEqualTo(Map.of("a", "1", "b", "true", "c", "1.50"));

    RawResponse again = api.post(ONE, "{\"d\":1,\"e\":1}");

    assertThat(again.status()).isEqualTo(400);
    assertThat(Api.at(Api.json(again.body()), "error", "text"))
        .isEqualTo("only one key can be added");
    is(201, api.post(ONE, "{\"d\":1}"));
    assertThat((Map<?, ?>) api.read(ONE)).hasSize(4);
    is(204, api.delete(ONE));
    assertThat(api.read(ONE)).isEqualTo(Map.of());
  }

  @Test
  void oneKeyIsAskedForAlone() throws IOException {
    api.post(ONE, "{\"a b\":\"1\",\"c\":\"2\"}");

    assertThat(api.get(ONE + "?key=a%20b").body()).isEqualTo("{\"a b\":\"1\"}");
    assertThat(api.get(ONE + "?key=b").status()).isEqualTo(404);
  }

  @Test
  void textIsUtf8WhereverItComesFrom() throws IOException {
    String utf8 = "\u00c3\u00bc"; // the two bytes of an u with two dots, one char each

    is(201, api.post(ONE, "{\"\\u00fc\":\"\\u20ac \\ud83d\\ude00\"}"));
    assertThat(value(utf8)).isEqualTo("[\u00e2\u0082\u00ac \u00f0\u009f\u0098\u0080]");
    assertThat(api.get(ONE).body())
        .isEqualTo("{\"" + utf8 + "\":\"\u00e2\u0082\u00ac \u00f0\u009f\u0098\u0080\"}");
    is(204, api.patch(ONE, "{\"" + utf8 + "\":\"x\"}"));
    assertThat(value(utf8)).isEqualTo("[x]");
  }

  private static final String[][] REFUSED = {
    {"POST", "{\"k\":\"v\"}", "409", "KeyvalKeyExists", "key \"k\" already exists"},
    {"POST", "{", "415", "JsonError", "json error"},
    {"POST", "", "415", "JsonError", "json error"},
    {"POST", "[]", "400", "KeyvalFormatError", "Invalid JSON"},
    {"POST", "\"k\"", "400", "KeyvalFormatError", "Invalid JSON"},
    {"POST", "{}", "400", "KeyvalFormatError", "key required"},
    {"POST", "{\"a\":null}", "400", "KeyvalFormatError", "invalid key format"},
    {"POST", "{\"a\":[]}", "400", "KeyvalFormatError", "invalid key format"},
    {"POST", "{\"a\":{}}", "400", "KeyvalFormatError", "invalid key format"},
    {"POST", "{\"a\":{\"value\":{}}}", "400", "KeyvalFormatError", "invalid key format"},
    {"POST", "{\"a\":1,\"b\":2}", "400", "KeyvalFormatError", "only one key can be added"},
    {
      "POST",
      "{\"a\":{\"value\":\"b\",\"expire\":1000}}",
      "400",
      "KeyvalFormatError",
      "keyval timeout is not enabled"
    },
    {"PATCH", "{\"a\":1}", "404", "KeyvalKeyNotFound", "keyval key not found"},
    {"PATCH", "{\"a\":null}", "404", "KeyvalKeyNotFound", "keyval key not found"},
    {"PATCH", "{\"k\":1,\"l\":2}", "400", "KeyvalFormatError", "only one key can be updated"},
    {"PATCH", "{}", "400", "KeyvalFormatError", "key required"},
    {
      "PATCH", "{\"k\":{\"expire\":1}}", "400", "KeyvalFormatError", "keyval timeout is not enabled"
    },
  };

  @TestFactory
  Stream<DynamicTest> whatCannotBeDoneIsRefusedAndChangesNothing() throws IOException {
    api.post(ONE, "{\"k\":\"v\"}");
    return Stream.of(REFUSED)
        .map(row ->
            DynamicTest.dynamicTest(
                row[0] + " " + row[1],
                () -> {
                  RawResponse response = api.ask(row[0], ONE, row[1]);

                  assertThat(Api.at(Api.json(response.body()), "error"))
                      .isEqualTo(
                          Map.of("status", Long.parseLong(row[2]), "text", row[4], "code", row[3]));
                  assertThat(response.status()).isEqualTo(Integer.parseInt(row[2]));
                  assertThat(api.get(ONE).body()).isEqualTo("{\"k\":\"v\"}");
                }));
  }

  @Test
  void aFullZoneTakesNothingMore() throws IOException {
    String large = "x".repeat(15_000);
    is(201, api.post("/9/http/keyvals/two", "{\"a\":\"" + large + "\"}"));
    is(201, api.post("/9/http/keyvals/two", "{\"b\":\"" + large + "\"}"));

    RawResponse full = api.post("/9/http/keyvals/two", "{\"c\":\"" + large + "\"}");

    assertThat(full.status()).isEqualTo(507);
    assertThat(Api.at(Api.json(full.body()), "error", "code")).isEqualTo("KeyvalOutOfMemory");
    assertThat((Map<?, ?>) api.read("/9/http/keyvals/two")).hasSize(2);
  }

  @Test
  void aPairOfAZoneWithATimeoutExpiresWhenItIsTold() throws Exception {
    try (TestProxy proxy =
        TestProxy.start(
            "keyval_zone zone=one:32k timeout=1h; keyval $arg_k $value zone=one;\n"
                + "server { listen 127.0.0.1:0; location / { return 200 \"$value\"; }"
                + " location /api { api write=on; } }")) {
      int port = proxy.port();
      post(port, "{\"k\":{\"value\":\"v\",\"expire\":7200000}}");
      assertThat(RawClient.get(port, "h", "/?k=k").body()).isEqualTo("v");
      var zone = proxy.zone("one");
      assertThat(zone).isNotNull();
      assertThat(zone.snapshot().deadline("k"))
          .isGreaterThan(System.currentTimeMillis() + 3_600_000);

      post(port, "{\"gone\":{\"value\":\"v\",\"expire\":0}}");

      assertThat(RawClient.get(port, "h", "/api/9/http/keyvals/one").body())
          .contains("\"k\"")
          .doesNotContain("gone");
    }
  }

  private static void post(int port, String body) throws Exception {
    RawResponse made =
        RawClient.ask(
            port,
            "POST /api/9/http/keyvals/one HTTP/1.1\r\nHost: h\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body);
    assertThat(made.status()).isEqualTo(201);
  }
}

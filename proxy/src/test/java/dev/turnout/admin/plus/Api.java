package dev.turnout.admin.plus;

import dev.turnout.app.TestProxy;
import dev.turnout.testkit.RawClient;
import dev.turnout.testkit.RawResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// A client of the API of a test's node, in the location `/api`.
record Api(TestProxy proxy) {
  private static final JsonFactory JSON = new JsonFactory();

  static final String SERVER =
      "server { listen 127.0.0.1:0; server_name a.test; location /api { api write=on; } ";

  RawResponse get(String path) throws IOException {
    return ask("GET", path, null);
  }

  RawResponse post(String path, String body) throws IOException {
    return ask("POST", path, body);
  }

  RawResponse patch(String path, String body) throws IOException {
    return ask("PATCH", path, body);
  }

  RawResponse delete(String path) throws IOException {
    return ask("DELETE", path, null);
  }

  RawResponse ask(String method, String path, @Nullable String body, String... fields)
      throws IOException {
    StringBuilder request = new StringBuilder();
    request.append(method).append(" /api").append(path).append(" HTTP/1.1\r\nHost: a.test\r\n");
    for (String field : fields) {
      request.append(field).append("\r\n");
    }
    if (body != null) {
      request.append("Content-Length: ").append(body.length()).append("\r\n");
    }
    request.append("\r\n").append(body == null ? "" : body);
    return RawClient.ask(proxy.port(), request.toString());
  }

  /// The document of a GET that must succeed.
  @Nullable Object read(String path) throws IOException {
    RawResponse response = get(path);
    if (response.status() != 200) {
      throw new AssertionError(path + " answers " + response.status() + " " + response.body());
    }
    return json(response.body());
  }

  /// The value at these names and places in a document.
  static @Nullable Object at(@Nullable Object document, Object... steps) {
    Object there = document;
    for (Object step : steps) {
      there =
          switch (there) {
            case Map<?, ?> map -> map.get(step);
            case List<?> list -> list.get((Integer) step);
            case null, default -> throw new AssertionError("no " + step + " in " + there);
          };
    }
    return there;
  }

  /// A document as maps, lists, strings, longs, booleans.
  static @Nullable Object json(String text) {
    try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), text)) {
      Object value = value(in, in.nextToken());
      if (in.nextToken() != null) {
        throw new AssertionError("something follows in " + text);
      }
      return value;
    }
  }

  private static @Nullable Object value(JsonParser in, @Nullable JsonToken token) {
    return switch (token) {
      case START_OBJECT -> {
        Map<String, @Nullable Object> members = new LinkedHashMap<>();
        while (in.nextToken() != JsonToken.END_OBJECT) {
          String name = in.currentName();
          members.put(name, value(in, in.nextToken()));
        }
        yield members;
      }
      case START_ARRAY -> {
        List<@Nullable Object> elements = new ArrayList<>();
        for (JsonToken next = in.nextToken(); next != JsonToken.END_ARRAY; next = in.nextToken()) {
          elements.add(value(in, next));
        }
        yield elements;
      }
      case VALUE_STRING -> in.getString();
      case VALUE_NUMBER_INT -> in.getLongValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NULL -> null;
      case null, default -> throw new AssertionError("unexpected " + token);
    };
  }
}

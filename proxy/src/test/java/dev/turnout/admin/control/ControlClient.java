package dev.turnout.admin.control;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.app.TestProxy;
import dev.turnout.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListSet;

/// A client of the API below `/control` that holds each answer against its description.
final class ControlClient implements AutoCloseable {
  /// An answer.
  record Reply(int status, String etag, String location, String allow, String body) {
    Json json() {
      return ControlClient.json(new String(body.getBytes(UTF_8), ISO_8859_1));
    }

    /// What a JSON pointer finds, as a text; `-` if there is nothing.
    String at(String pointer) {
      return ControlClient.at(json(), pointer);
    }

    long revision() {
      return Long.parseLong(etag.substring(1, etag.length() - 1));
    }
  }

  /// A document that must be one.
  static Json json(String bytes) {
    try {
      return Json.parseBytes(bytes);
    } catch (Json.Malformed e) {
      throw new AssertionError(bytes + " is " + e.getMessage(), e);
    }
  }

  static String at(Json value, String pointer) {
    Json found = value;
    for (String step : pointer.substring(1).split("/", -1)) {
      switch (found) {
        case Json.Members(var byName) when byName.containsKey(step) -> found = byName.get(step);
        case Json.Elements(var values)
            when step.matches("[0-9]+") && Integer.parseInt(step) < values.size() ->
            found = values.get(Integer.parseInt(step));
        default -> {
          return "-";
        }
      }
    }
    return switch (found) {
      case Json.Text(String bytes) -> bytes;
      case Json.Numeral(String text) -> text;
      case Json.Truth(boolean truth) -> Boolean.toString(truth);
      case Json.Null() -> "null";
      case Json.Members(var byName) -> byName.keySet().toString();
      case Json.Elements(var values) -> Integer.toString(values.size());
    };
  }

  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String base;
  private final OpenApi description;
  private final Set<String> seen = new ConcurrentSkipListSet<>();

  private ControlClient(int port, String location, OpenApi description) {
    this.base = "http://127.0.0.1:" + port + location;
    this.description = description;
  }

  static ControlClient of(TestProxy proxy) throws IOException {
    return of(proxy, "/control");
  }

  static ControlClient of(TestProxy proxy, String location) throws IOException {
    return new ControlClient(proxy.port(), location, OpenApi.load());
  }

  /// What the answers so far were instances of.
  Set<String> seen() {
    return seen;
  }

  OpenApi description() {
    return description;
  }

  Reply get(String target, String... fields) {
    return send("GET", target, null, fields);
  }

  Reply delete(String target, String... fields) {
    return send("DELETE", target, null, fields);
  }

  Reply post(String target, String json, String... fields) {
    return send("POST", target, json, fields);
  }

  Reply put(String target, String json, String... fields) {
    return send("PUT", target, json, fields);
  }

  Reply patch(String target, String json, String... fields) {
    return send("PATCH", target, json, fields);
  }

  /// @param json the body, with `'` for `"`; empty: none
  Reply send(
      String method,
      String target,
      @org.jspecify.annotations.Nullable String json,
      String... fields) {
    try {
      return read(method, target, http.send(request(method, target, json, fields), text()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  CompletableFuture<Reply> later(String method, String target, String json, String... fields) {
    return http.sendAsync(request(method, target, json, fields), text())
        .thenApply(response -> read(method, target, response));
  }

  private static HttpResponse.BodyHandler<String> text() {
    return HttpResponse.BodyHandlers.ofString(UTF_8);
  }

  private HttpRequest request(
      String method,
      String target,
      @org.jspecify.annotations.Nullable String json,
      String... fields) {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + target));
    boolean typed = false;
    for (int i = 0; i < fields.length; i += 2) {
      typed |= fields[i].equals("Content-Type");
      request.header(fields[i], fields[i + 1]);
    }
    if (json == null || json.isEmpty()) {
      request.method(method, HttpRequest.BodyPublishers.noBody());
    } else {
      if (!typed) {
        request.header("Content-Type", "application/json");
      }
      request.method(method, HttpRequest.BodyPublishers.ofString(json.replace('\'', '"')));
    }
    return request.build();
  }

  private Reply read(String method, String target, HttpResponse<String> response) {
    int question = target.indexOf('?');
    String path = question < 0 ? target : target.substring(0, question);
    String known =
        description.check(
            method,
            path.isEmpty() ? "/" : path,
            response.statusCode(),
            header(response, "Content-Type"),
            response.body());
    seen.add(known);
    return new Reply(
        response.statusCode(),
        header(response, "ETag"),
        header(response, "Location"),
        header(response, "Allow"),
        response.body());
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElse("");
  }

  @Override
  public void close() {
    http.close();
  }
}

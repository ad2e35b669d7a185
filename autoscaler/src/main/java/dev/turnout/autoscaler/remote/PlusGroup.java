package dev.turnout.autoscaler.remote;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// One group of servers behind a proxy that speaks the API of NGINX Plus, versions 4 to 9: a node
/// of ours or an NGINX Plus. Blocks.
final class PlusGroup implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);
  private static final JsonFactory JSON = new JsonFactory();

  /// A server as the API shows it.
  ///
  /// @param state `up`, `draining`, `down`, `unavail`, `checking` or `unhealthy`
  /// @param failures answers of 5xx, and attempts that failed
  record Server(
      long id,
      String address,
      String state,
      boolean backup,
      long active,
      long requests,
      long answers,
      long failures) {}

  /// The group at a moment.
  ///
  /// @param queued requests that wait for a server
  record Seen(List<Server> servers, long queued) {
    Seen {
      servers = List.copyOf(servers);
    }
  }

  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(TIMEOUT).build();
  private final String base;

  /// @param api where the API is, with its version: `http://127.0.0.1:8080/api/9`
  PlusGroup(String api, String upstream) {
    this.base = address(api, upstream);
  }

  /// Where the group is.
  static String address(String api, String upstream) {
    String root = api.endsWith("/") ? api.substring(0, api.length() - 1) : api;
    return root + "/http/upstreams/" + upstream;
  }

  /// Looks at the group.
  ///
  /// @throws IOException if that was not possible, or what came is not the group
  Seen look() throws IOException, InterruptedException {
    HttpResponse<byte[]> response;
    try {
      response =
          client.send(
              HttpRequest.newBuilder(URI.create(base)).timeout(TIMEOUT).build(),
              HttpResponse.BodyHandlers.ofByteArray());
    } catch (ConnectException e) { // without a message
      throw new IOException("no connection to " + base, e);
    }
    if (response.statusCode() != 200) {
      throw new IOException(base + " answered " + response.statusCode());
    }
    try (JsonParser in = JSON.createParser(ObjectReadContext.empty(), response.body())) {
      return group(in);
    } catch (tools.jackson.core.JacksonException e) {
      throw new IOException(
          base + " did not answer with an upstream: " + e.getOriginalMessage(), e);
    }
  }

  private static Seen group(JsonParser in) throws IOException {
    List<Server> servers = new ArrayList<>();
    long queued = 0;
    boolean found = false;
    in.nextToken();
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = in.currentName();
      in.nextToken();
      switch (String.valueOf(name)) {
        case "peers" -> {
          found = true;
          while (in.nextToken() == JsonToken.START_OBJECT) {
            servers.add(server(in));
          }
        }
        case "queue" -> queued = size(in);
        default -> in.skipChildren();
      }
    }
    if (!found) {
      throw new IOException("there are no peers in what the API answers");
    }
    return new Seen(servers, queued);
  }

  private static long size(JsonParser in) {
    long size = 0;
    if (in.currentToken() != JsonToken.START_OBJECT) {
      return size;
    }
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean wanted = "size".equals(in.currentName());
      in.nextToken();
      if (wanted) {
        size = in.getLongValue();
      } else {
        in.skipChildren();
      }
    }
    return size;
  }

  private static Server server(JsonParser in) {
    long id = -1;
    String address = "";
    String state = "";
    boolean backup = false;
    long active = 0;
    long requests = 0;
    long answers = 0;
    long failures = 0;
    while (in.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = String.valueOf(in.currentName());
      in.nextToken();
      switch (name) {
        case "id" -> id = in.getLongValue();
        case "server" -> address = String.valueOf(in.getString());
        case "state" -> state = String.valueOf(in.getString());
        case "backup" -> backup = in.getBooleanValue();
        case "active" -> active = in.getLongValue();
        case "requests" -> requests = in.getLongValue();
        case "fails" -> failures += in.getLongValue();
        case "responses" -> {
          while (in.nextToken() == JsonToken.PROPERTY_NAME) {
            String kind = String.valueOf(in.currentName());
            JsonToken value = in.nextToken();
            if (value != JsonToken.VALUE_NUMBER_INT) {
              in.skipChildren();
            } else if (kind.equals("5xx")) {
              failures += in.getLongValue();
            } else if (kind.equals("total")) {
              answers = in.getLongValue();
            }
          }
        }
        default -> in.skipChildren();
      }
    }
    return new Server(id, address, state, backup, active, requests, answers, failures);
  }

  /// Changes a server.
  ///
  /// @param json such as `{"drain":true}`
  /// @throws IOException if it was not changed
  void change(long id, String json) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create(base + "/servers/" + id))
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .method("PATCH", HttpRequest.BodyPublishers.ofString(json, StandardCharsets.UTF_8))
                .build(),
            HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException(
          base + "/servers/" + id + " answered " + response.statusCode() + ": " + response.body());
    }
  }

  @Override
  public void close() {
    client.close();
  }
}

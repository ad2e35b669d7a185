package dev.turnout.autoscaler.remote;

import dev.turnout.json.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/// One group of servers behind a proxy that speaks the API of NGINX Plus, versions 4 to 9: a node
/// of ours or an NGINX Plus. Blocks.
final class PlusGroup implements AutoCloseable {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

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
    try {
      return group(Json.parse(response.body()));
    } catch (Json.Malformed | IllegalArgumentException e) {
      throw new IOException(base + " did not answer with an upstream: " + e.getMessage(), e);
    }
  }

  private static Seen group(Json answer) {
    List<Server> servers =
        answer.need("peers").asElements().stream().map(PlusGroup::server).toList();
    return new Seen(servers, answer.get("queue").get("size").number(0));
  }

  private static Server server(Json peer) {
    Json responses = peer.get("responses");
    return new Server(
        peer.numberOr("id", -1),
        peer.textOr("server", ""),
        peer.textOr("state", ""),
        peer.get("backup").truth(false),
        peer.numberOr("active", 0),
        peer.numberOr("requests", 0),
        responses.get("total").number(0),
        peer.numberOr("fails", 0) + responses.get("5xx").number(0));
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

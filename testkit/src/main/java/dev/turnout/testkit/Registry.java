package dev.turnout.testkit;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;

/// What the programs that keep servers and settings for others have in common: an HTTP API on a
/// port of 127.0.0.1.
abstract class Registry implements AutoCloseable {
  private static final Duration LONGEST_START = Duration.ofSeconds(30);
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  private final int port;
  private final Program program;

  Registry(int port, Program program) {
    this.port = port;
    this.program = program;
  }

  Program program() {
    return program;
  }

  /// Where its API is.
  public int port() {
    return port;
  }

  /// `127.0.0.1:port`.
  public String address() {
    return "127.0.0.1:" + port;
  }

  /// Asks the API, which has to answer with 200.
  public String call(String method, String path, String body) {
    HttpResponse<String> response = tell(method, path, body);
    if (response.statusCode() != 200 && response.statusCode() != 201) {
      throw new AssertionError(method + " " + path + ": " + response);
    }
    return response.body();
  }

  HttpResponse<String> tell(String method, String path, String body) {
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create("http://" + address() + path))
              .timeout(Duration.ofSeconds(10))
              .method(method, BodyPublishers.ofString(body));
      if (path.startsWith("/v2/")) {
        request.header("Content-Type", "application/x-www-form-urlencoded");
      }
      return CLIENT.send(request.build(), BodyHandlers.ofString());
    } catch (IOException e) {
      throw new AssertionError(method + " " + path, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  /// Waits until it can be used.
  final void awaitReady() {
    try {
      Eventually.until(
          LONGEST_START,
          () -> {
            try {
              return isReady();
            } catch (AssertionError _) {
              return false;
            }
          },
          program::output);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  abstract boolean isReady();

  static List<String> words(String... words) {
    return List.of(words);
  }

  /// Kills it, and starts it again without anything that it had.
  public void replace() {
    program.kill();
    program.forget();
    restart();
  }

  /// Kills it without a word.
  public void kill() {
    program.kill();
  }

  /// Starts it again on what it had, and waits until it can be used.
  public void restart() {
    program.start();
    awaitReady();
  }

  /// It goes on listening, and says nothing, until [#thaw].
  public void freeze() {
    program.freeze();
  }

  public void thaw() {
    program.thaw();
  }

  @Override
  public void close() {
    program.close();
  }
}

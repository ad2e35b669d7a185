package dev.turnout.scale;

import dev.turnout.json.JsonText;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Something outside that starts or stops a server: a command, or an URL that is sent a POST. In
/// its words `$upstream`, `$server`, `$id` and `$action` stand for what it is about; a command
/// finds them in `TURNOUT_UPSTREAM` and so on as well. Blocks: for virtual threads.
///
/// @param words the command and its arguments, or one `http://` URL
/// @param timeoutMillis of one try; a command that takes longer is killed with all that it started
/// @param retries further tries after one that failed
record Hook(List<String> words, long timeoutMillis, int retries) {
  private static final long PAUSE_MILLIS = 500;
  private static final int LONGEST_ERROR = 200;

  Hook {
    words = List.copyOf(words);
  }

  /// What a hook is called for.
  record About(String upstream, long id, String server, String action) {
    String in(String word) {
      return word.replace("$upstream", upstream)
          .replace("$server", server)
          .replace("$id", Long.toString(id))
          .replace("$action", action);
    }
  }

  boolean isWebhook() {
    return words.getFirst().startsWith("http://") || words.getFirst().startsWith("https://");
  }

  /// Runs it until it succeeds; returns why it did not, null if it did.
  @Nullable String run(About about) throws InterruptedException {
    String trouble = null;
    for (int i = 0; i <= retries; i++) {
      if (i > 0) {
        TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS << Math.min(i - 1, 6));
      }
      trouble = isWebhook() ? post(about) : command(about);
      if (trouble == null) {
        return null;
      }
    }
    return trouble;
  }

  private @Nullable String command(About about) throws InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(words.stream().map(about::in).toList());
    builder.environment().put("TURNOUT_UPSTREAM", about.upstream);
    builder.environment().put("TURNOUT_SERVER", about.server);
    builder.environment().put("TURNOUT_ID", Long.toString(about.id));
    builder.environment().put("TURNOUT_ACTION", about.action);
    builder.redirectErrorStream(true);
    builder.redirectOutput(ProcessBuilder.Redirect.DISCARD);
    builder.redirectInput(ProcessBuilder.Redirect.from(new java.io.File("/dev/null")));
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
    try {
      if (!process.waitFor(timeoutMillis, TimeUnit.MILLISECONDS)) {
        return words.getFirst() + " took longer than " + timeoutMillis + " ms";
      }
      return process.exitValue() == 0
          ? null
          : words.getFirst() + " ended with status " + process.exitValue();
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  /// The request of a webhook.
  ///
  /// @throws IllegalArgumentException if the words are no URL that can be asked, with the reason
  HttpRequest request(About about) {
    String url = about.in(words.getFirst());
    String body =
        JsonText.of(out -> {
          out.writeStartObject();
          JsonText.write(out, "upstream", about.upstream);
          out.writeNumberProperty("id", about.id);
          JsonText.write(out, "server", about.server);
          out.writeStringProperty("action", about.action);
          out.writeEndObject();
        });
    try {
      return HttpRequest.newBuilder(new URI(url))
          .timeout(Duration.ofMillis(timeoutMillis))
          .header("Content-Type", "application/json")
          .POST(HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8))
          .build();
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(url + " is not a URL: " + e.getReason(), e);
    }
  }

  private @Nullable String post(About about) throws InterruptedException {
    HttpRequest request;
    try {
      request = request(about);
    } catch (IllegalArgumentException e) { // by what stands for a variable
      return String.valueOf(e.getMessage());
    }
    URI uri = request.uri();
    try (HttpClient client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofMillis(timeoutMillis))
            .build()) {
      int status = client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
      return status / 100 == 2 ? null : uri + " answered " + status;
    } catch (IOException e) {
      String text = uri + ": " + e;
      return text.substring(0, Math.min(text.length(), LONGEST_ERROR));
    }
  }
}

package dev.turnout.net.calls;

import dev.turnout.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;

/// HTTP requests of the control plane to registries and stores. Whoever calls waits, so it is on a
/// virtual thread, and may be interrupted. One for the whole process for each way to trust a
/// server.
public final class HttpCalls {
  private static final Duration CONNECTING = Duration.ofSeconds(5);

  /// The largest answer that is read, in bytes.
  private static final long MOST_BYTES = 64 << 20;

  private static final int MOST_SHOWN = 200;

  private static final HttpCalls USUAL = new HttpCalls(builder().build());
  private static final Map<String, HttpCalls> BY_TRUST = new ConcurrentHashMap<>();

  /// A whole answer.
  public static final class Reply {
    private final int status;
    private final HttpHeaders fields;
    private final byte[] body;

    Reply(int status, HttpHeaders fields, byte[] body) {
      this.status = status;
      this.fields = fields;
      this.body = body;
    }

    public int status() {
      return status;
    }

    /// Its body as a JSON document.
    ///
    /// @throws IOException if it is none
    public Json json() throws IOException {
      return Json.parse(body);
    }

    /// True if there is no body.
    public boolean isEmpty() {
      return body.length == 0;
    }

    /// The beginning of its body, to be shown.
    public String excerpt() {
      String text = new String(body, 0, Math.min(body.length, MOST_SHOWN), StandardCharsets.UTF_8);
      return text.strip().replaceAll("\\s+", " ");
    }

    /// A field's number; `otherwise` if it has none.
    public long number(String field, long otherwise) {
      try {
        return fields.firstValueAsLong(field).orElse(otherwise);
      } catch (NumberFormatException _) {
        return otherwise;
      }
    }
  }

  /// An answer that goes on line by line; the lines are to be closed.
  public record Stream(int status, Lines lines) {}

  private final HttpClient client;

  private HttpCalls(HttpClient client) {
    this.client = client;
  }

  /// Plain HTTP, and HTTPS to servers that the system's certificates vouch for.
  public static HttpCalls usual() {
    return USUAL;
  }

  /// HTTPS to servers that the certificates of a PEM file vouch for, and no others. The file is
  /// read each time, so that one that is replaced counts.
  ///
  /// @throws IOException in words for an operator if it cannot be used
  public static HttpCalls trusting(Path authorities) throws IOException {
    String pem = new String(Files.readAllBytes(authorities), StandardCharsets.ISO_8859_1);
    HttpCalls there = BY_TRUST.get(pem);
    if (there != null) {
      return there;
    }
    HttpCalls made = new HttpCalls(builder().sslContext(Trust.of(authorities, pem)).build());
    BY_TRUST.put(pem, made);
    return made;
  }

  private static HttpClient.Builder builder() {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .proxy(HttpClient.Builder.NO_PROXY)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(CONNECTING)
        .executor(Executors.newVirtualThreadPerTaskExecutor());
  }

  /// `GET`, with its whole answer, whatever the status.
  ///
  /// @param timeoutMillis for all of it, to the last byte
  public Reply get(URI uri, Map<String, String> fields, long timeoutMillis)
      throws CallException, InterruptedException {
    return send("GET", uri, fields, new byte[0], timeoutMillis);
  }

  /// A request, with its whole answer, whatever the status.
  ///
  /// @param timeoutMillis for all of it, to the last byte
  public Reply send(
      String method, URI uri, Map<String, String> fields, byte[] body, long timeoutMillis)
      throws CallException, InterruptedException {
    HttpResponse<byte[]> response =
        call(
            request(method, uri, fields, body),
            BodyHandlers.limiting(BodyHandlers.ofByteArray(), MOST_BYTES),
            timeoutMillis);
    return new Reply(response.statusCode(), response.headers(), response.body());
  }

  /// A request whose answer goes on; the stream is to be closed.
  ///
  /// @param timeoutMillis until it begins
  public Stream open(
      String method, URI uri, Map<String, String> fields, byte[] body, long timeoutMillis)
      throws CallException, InterruptedException {
    HttpResponse<InputStream> response =
        call(request(method, uri, fields, body), BodyHandlers.ofInputStream(), timeoutMillis);
    return new Stream(
        response.statusCode(), new Lines(where(uri), response.body(), (int) MOST_BYTES));
  }

  private static HttpRequest request(
      String method, URI uri, Map<String, String> fields, byte[] body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .method(
                method,
                body.length == 0 ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    fields.forEach(request::setHeader);
    return request.build();
  }

  private <T> HttpResponse<T> call(HttpRequest request, BodyHandler<T> handler, long timeoutMillis)
      throws CallException, InterruptedException {
    String where = where(request.uri());
    CompletableFuture<HttpResponse<T>> answer = client.sendAsync(request, handler);
    try {
      return answer.get(timeoutMillis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      answer.cancel(true);
      throw e;
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new CallException(where + " did not answer within " + timeoutMillis + " ms", e);
    } catch (CancellationException e) {
      throw new CallException(where + ": the call was given up", e);
    } catch (ExecutionException e) {
      throw failure(where, e.getCause() == null ? e : e.getCause());
    }
  }

  private static CallException failure(String where, Throwable cause) {
    for (Throwable one = cause; one != null; one = one.getCause()) {
      switch (one) {
        case UnresolvedAddressException _ -> {
          return new CallException(where + ": host not found", cause);
        }
        case HttpConnectTimeoutException _ -> {
          return new CallException(
              where + " cannot be connected to within " + CONNECTING.toSeconds() + " s", cause);
        }
        case SSLException tls -> {
          return new CallException(
              where
                  + ": TLS failed ("
                  + tls.getMessage()
                  + "): check the certificate authority that is trusted, and the name",
              cause);
        }
        default -> {
          // the next may say more
        }
      }
    }
    if (cause instanceof ConnectException) {
      return new CallException(where + " refused the connection, or cannot be reached", cause);
    }
    String message = cause instanceof IOException ? cause.getMessage() : cause.toString();
    return new CallException(where + ": " + (message == null ? cause.toString() : message), cause);
  }

  /// Where a request goes, without what may be secret in it.
  public static String where(URI uri) {
    String host = uri.getHost() == null ? uri.getRawAuthority() : uri.getHost();
    return host + (uri.getPort() < 0 ? "" : ":" + uri.getPort());
  }
}

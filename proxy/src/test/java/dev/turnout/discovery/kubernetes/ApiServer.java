package dev.turnout.discovery.kubernetes;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// What a Kubernetes API server does for those who list and watch EndpointSlices. Guarded by its
/// own monitor.
final class ApiServer implements AutoCloseable {
  private final HttpServer server;
  private final Map<String, String> slices = new LinkedHashMap<>();
  private final List<String> events = new ArrayList<>(); // event i leads to version i + 1
  private final List<String> asked = new ArrayList<>();
  private @Nullable String token;
  private int oldest; // versions before it are forgotten
  private int cuts; // how often all watches were ended
  private boolean endsWatchesWithError;
  private boolean closed;

  ApiServer(@Nullable SSLContext tls) throws IOException {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    if (tls == null) {
      server = HttpServer.create(any, 0);
    } else {
      HttpsServer https = HttpsServer.create(any, 0);
      https.setHttpsConfigurator(new HttpsConfigurator(tls));
      server = https;
    }
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::handle);
    server.start();
  }

  int port() {
    return server.getAddress().getPort();
  }

  synchronized void wants(String wanted) {
    token = wanted;
  }

  synchronized List<String> asked() {
    return List.copyOf(asked);
  }

  /// A slice is now like this.
  synchronized void put(String name, String content) {
    String type = slices.containsKey(name) ? "MODIFIED" : "ADDED";
    slices.put(name, content);
    event(type, object(name, content, events.size() + 1));
  }

  synchronized void delete(String name) {
    String was = slices.remove(name);
    event("DELETED", object(name, String.valueOf(was), events.size() + 1));
  }

  /// Nothing happened to the slices, but the version is a newer one.
  synchronized void bookmark() {
    int version = events.size() + 1;
    event(
        "BOOKMARK",
        "{\"kind\":\"EndpointSlice\",\"metadata\":{\"resourceVersion\":\"" + version + "\"}}");
  }

  /// All watches end.
  synchronized void cut() {
    cuts++;
    notifyAll();
  }

  /// What led to the present version is forgotten. Watches are ended, with an error if wanted.
  synchronized void compact(boolean withError) {
    oldest = events.size() + 1;
    events.add("{}");
    endsWatchesWithError = withError;
    cut();
  }

  private void event(String type, String object) {
    events.add("{\"type\":\"" + type + "\",\"object\":" + object + "}");
    notifyAll();
  }

  private static String object(String name, String content, int version) {
    return "{\"metadata\":{\"name\":\"%s\",\"resourceVersion\":\"%d\"},%s}"
        .formatted(name, version, content);
  }

  private void handle(HttpExchange exchange) throws IOException {
    String query = String.valueOf(exchange.getRequestURI().getQuery());
    String said = exchange.getRequestHeaders().getFirst("Authorization");
    boolean known;
    synchronized (this) {
      asked.add(exchange.getRequestURI().toString());
      known = token == null || ("Bearer " + token).equals(said);
    }
    if (!known) {
      answer(exchange, 401, "{\"kind\":\"Status\",\"code\":401,\"message\":\"Unauthorized\"}");
    } else if (query.contains("watch=1")) {
      String version = query.replaceFirst(".*resourceVersion=", "");
      watch(exchange, Integer.parseInt(version));
    } else {
      answer(exchange, 200, list());
    }
  }

  private synchronized String list() {
    String items =
        slices.entrySet().stream()
            .map(one -> object(one.getKey(), one.getValue(), events.size()))
            .collect(Collectors.joining(","));
    return "{\"kind\":\"EndpointSliceList\",\"metadata\":{\"resourceVersion\":\"%d\"},\"items\":[%s]}"
        .formatted(events.size(), items);
  }

  private void watch(HttpExchange exchange, int from) throws IOException {
    int began;
    synchronized (this) {
      began = cuts;
      if (from < oldest) {
        answer(exchange, 410, "{\"kind\":\"Status\",\"code\":410,\"message\":\"Expired\"}");
        return;
      }
    }
    exchange.sendResponseHeaders(200, 0);
    int next = from;
    while (true) {
      String line;
      synchronized (this) {
        while (next >= events.size() && cuts == began && !closed) {
          try {
            wait();
          } catch (InterruptedException _) {
            return;
          }
        }
        if (cuts != began || closed) {
          if (endsWatchesWithError) {
            exchange
                .getResponseBody()
                .write(
                    "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410}}\n"
                        .getBytes(UTF_8));
          }
          break;
        }
        line = events.get(next++);
      }
      exchange.getResponseBody().write((line + "\n").getBytes(UTF_8));
      exchange.getResponseBody().flush();
    }
    exchange.close();
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    server.stop(0);
  }
}

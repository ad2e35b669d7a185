package dev.turnout.cluster.consul;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.cluster.web.StoreAddress;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import dev.turnout.json.Json;
import dev.turnout.net.calls.CallException;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.net.calls.HttpCalls.Reply;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Calls of Consul's HTTP API. Used by several threads.
final class ConsulClient {
  private final StoreAddress address;
  private final @Nullable Path tokenFile;
  private final long timeoutMillis;
  private final AtomicInteger preferred = new AtomicInteger(); // which agent is asked first

  ConsulClient(StoreAddress address, @Nullable Path tokenFile, Duration timeout) {
    this.address = address;
    this.tokenFile = tokenFile;
    this.timeoutMillis = timeout.toMillis();
  }

  long timeoutMillis() {
    return timeoutMillis;
  }

  /// The agent that answered last.
  URI agent() {
    List<URI> agents = address.members();
    return agents.get(Math.floorMod(preferred.get(), agents.size()));
  }

  /// This agent is to be asked later than the others.
  void avoid(URI agent) {
    int at = preferred.get();
    if (agent().equals(agent)) {
      preferred.compareAndSet(at, at + 1);
    }
  }

  /// Asks whoever can be reached. A request that may have been heard is not sent twice.
  Reply ask(String method, String path, byte[] body) throws StoreTrouble, InterruptedException {
    long end = System.nanoTime() + timeoutMillis * 1_000_000;
    int tries = address.members().size();
    while (true) {
      URI agent = agent();
      long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
      try {
        return ask(agent, method, path, body, left);
      } catch (StoreTrouble e) {
        avoid(agent);
        if (e.kind() != Kind.UNSENT || --tries == 0 || end - System.nanoTime() <= 0) {
          throw e;
        }
      }
    }
  }

  Reply ask(String method, String path) throws StoreTrouble, InterruptedException {
    return ask(method, path, new byte[0]);
  }

  /// Asks one agent; whatever the status is.
  Reply ask(URI agent, String method, String path, byte[] body, long millis)
      throws StoreTrouble, InterruptedException {
    try {
      return address.calls().send(method, agent.resolve(path), fields(), body, millis);
    } catch (CallException e) {
      throw new StoreTrouble(e.isUnsent() ? Kind.UNSENT : Kind.UNKNOWN, e.text(), e);
    } catch (IOException e) {
      throw new StoreTrouble(Kind.UNSENT, String.valueOf(e.getMessage()), e);
    }
  }

  /// The token is read for each request: it may be replaced.
  private Map<String, String> fields() throws IOException {
    Path file = tokenFile;
    String token = file == null ? address.password() : Files.readString(file).strip();
    return token.isEmpty() ? Map.of() : Map.of("X-Consul-Token", token);
  }

  /// The document that an answer is.
  Json json(Reply reply) throws StoreTrouble {
    try {
      return reply.json();
    } catch (IOException e) {
      throw new StoreTrouble(
          Kind.UNKNOWN, "consul answered with what is no JSON: is it Consul's HTTP API?", e);
    }
  }

  /// What a status means that is none of those that were expected. Only what is known to be decided
  /// before anything is made counts as refused.
  StoreTrouble refusal(Reply reply) {
    String said = reply.excerpt();
    boolean surely =
        (reply.status() >= 400 && reply.status() < 500) || said.contains("No cluster leader");
    String help =
        switch (reply.status()) {
          case 403 ->
              ": the token needs key_prefix write for the prefix and for the prefix after an \"@\","
                  + " and session write";
          case 404 -> ": is it Consul's HTTP API?";
          case 413 ->
              ": limits { kv_max_value_size, txn_max_req_len } of Consul say how much it takes";
          default -> "";
        };
    return new StoreTrouble(
        surely ? Kind.REFUSED : Kind.UNKNOWN,
        "consul "
            + HttpCalls.where(agent())
            + " answered with status "
            + reply.status()
            + (said.isEmpty() ? "" : " (" + said + ")")
            + help);
  }

  /// The path of a key: Consul takes any bytes, escaped.
  static String path(String key) {
    StringBuilder path = new StringBuilder("/v1/kv/");
    for (byte b : key.getBytes(ISO_8859_1)) {
      boolean plain =
          (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_';
      if (plain) {
        path.append((char) b);
      } else {
        path.append('%').append(Character.forDigit((b >> 4) & 15, 16));
        path.append(Character.forDigit(b & 15, 16));
      }
    }
    return path.toString();
  }
}

package dev.turnout.cluster.etcd;

import dev.turnout.cluster.web.StoreAddress;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import dev.turnout.net.calls.CallException;
import dev.turnout.net.calls.HttpCalls;
import dev.turnout.net.calls.HttpCalls.Reply;
import dev.turnout.net.calls.Lines;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// Calls of etcd's JSON gateway (`/v3/…`). Used by several threads.
final class EtcdClient {
  private static final int UNAUTHENTICATED = 401;

  private final StoreAddress address;
  private final long timeoutMillis;
  private final AtomicInteger preferred = new AtomicInteger(); // which member is asked first
  private volatile String token = "";

  EtcdClient(StoreAddress address, Duration timeout) {
    this.address = address;
    this.timeoutMillis = timeout.toMillis();
  }

  long timeoutMillis() {
    return timeoutMillis;
  }

  /// The member that answered last.
  URI member() {
    List<URI> members = address.members();
    return members.get(Math.floorMod(preferred.get(), members.size()));
  }

  /// This member is to be asked later than the others.
  void avoid(URI member) {
    int at = preferred.get();
    if (member().equals(member)) {
      preferred.compareAndSet(at, at + 1);
    }
  }

  /// Asks whoever can be reached. A request that may have been heard is not sent twice.
  Json ask(String path, String body) throws StoreTrouble, InterruptedException {
    long end = System.nanoTime() + timeoutMillis * 1_000_000;
    int tries = address.members().size();
    while (true) {
      URI member = member();
      long left = Math.max(1, (end - System.nanoTime()) / 1_000_000);
      try {
        return ask(member, path, body, left);
      } catch (StoreTrouble e) {
        if (e.kind() != Kind.REFUSED) {
          avoid(member);
        }
        if (e.kind() != Kind.UNSENT || --tries == 0 || end - System.nanoTime() <= 0) {
          throw e;
        }
      }
    }
  }

  /// Asks one member.
  Json ask(URI member, String path, String body, long millis)
      throws StoreTrouble, InterruptedException {
    Reply reply = send(member, path, body, millis);
    if (reply.status() == UNAUTHENTICATED && !address.user().isEmpty()) {
      logIn(member, millis); // tokens are forgotten, by a restart or in time
      reply = send(member, path, body, millis);
    }
    Json answer = json(member, reply);
    if (reply.status() != 200) {
      throw refusal(member, reply.status(), answer);
    }
    return answer;
  }

  private Reply send(URI member, String path, String body, long millis)
      throws StoreTrouble, InterruptedException {
    if (token.isEmpty() && !address.user().isEmpty()) {
      logIn(member, millis);
    }
    try {
      return calls()
          .send(
              "POST",
              member.resolve(path),
              fields(),
              body.getBytes(StandardCharsets.UTF_8),
              millis);
    } catch (CallException e) {
      throw trouble(e);
    }
  }

  /// Begins an answer that goes on.
  Lines open(URI member, String path, String body) throws StoreTrouble, InterruptedException {
    try {
      if (token.isEmpty() && !address.user().isEmpty()) {
        logIn(member, timeoutMillis);
      }
      HttpCalls.Stream stream =
          calls()
              .open(
                  "POST",
                  member.resolve(path),
                  fields(),
                  body.getBytes(StandardCharsets.UTF_8),
                  timeoutMillis);
      if (stream.status() != 200) {
        stream.lines().close();
        if (stream.status() == UNAUTHENTICATED) {
          token = "";
        }
        throw new StoreTrouble(
            Kind.REFUSED, where(member) + " answered with status " + stream.status());
      }
      return stream.lines();
    } catch (CallException e) {
      throw trouble(e);
    }
  }

  private HttpCalls calls() throws StoreTrouble {
    try {
      return address.calls();
    } catch (IOException e) {
      throw new StoreTrouble(Kind.UNSENT, String.valueOf(e.getMessage()), e);
    }
  }

  private Map<String, String> fields() {
    Map<String, String> fields = new HashMap<>();
    fields.put("Content-Type", "application/json");
    fields.put("Grpc-Metadata-Hasleader", "true"); // no answer from a minority
    if (!token.isEmpty()) {
      fields.put("Authorization", token);
    }
    return fields;
  }

  private void logIn(URI member, long millis) throws StoreTrouble, InterruptedException {
    token = "";
    String body =
        JsonText.of(out -> {
          out.writeStartObject();
          out.writeStringProperty("name", address.user());
          out.writeStringProperty("password", address.password());
          out.writeEndObject();
        });
    Reply reply;
    try {
      reply =
          calls()
              .send(
                  "POST",
                  member.resolve("/v3/auth/authenticate"),
                  Map.of("Content-Type", "application/json"),
                  body.getBytes(StandardCharsets.UTF_8),
                  millis);
    } catch (CallException e) {
      throw new StoreTrouble(Kind.UNSENT, e.text(), e);
    }
    Json answer = json(member, reply);
    String given = answer.get("token").text();
    if (reply.status() != 200 || given.isEmpty()) {
      throw new StoreTrouble(
          Kind.REFUSED,
          where(member)
              + " does not let the user of the address log in: "
              + answer.get("error").text());
    }
    token = given;
  }

  private static Json json(URI member, Reply reply) throws StoreTrouble {
    try {
      return reply.json();
    } catch (IOException e) {
      throw new StoreTrouble(
          reply.status() == 404 ? Kind.REFUSED : Kind.UNKNOWN,
          where(member)
              + " answered with status "
              + reply.status()
              + " and what is no JSON: is it etcd 3.4 or newer?",
          e);
    }
  }

  private static StoreTrouble trouble(CallException e) {
    return new StoreTrouble(e.isUnsent() ? Kind.UNSENT : Kind.UNKNOWN, e.text(), e);
  }

  /// Only what is known to be decided before anything is made counts as refused.
  private static StoreTrouble refusal(URI member, int status, Json answer) {
    String message = answer.get("error").text();
    boolean surely =
        status == 400
            || status == 401
            || status == 403
            || status == 404
            || status == 429
            || message.equals("etcdserver: no leader")
            || message.contains("request is too large")
            || message.contains("too many requests");
    String help = "";
    if (message.contains("space exceeded")) {
      help = ": it has to be compacted, defragmented, and its alarm disarmed";
    } else if (message.contains("permission denied")) {
      help =
          ": the user needs the role readwrite for the prefix, and for the prefix after an \"@\"";
    } else if (message.contains("user name is empty")) {
      help = ": it wants etcd://user:password@...";
    }
    return new StoreTrouble(
        surely ? Kind.REFUSED : Kind.UNKNOWN,
        where(member) + ": " + (message.isEmpty() ? "status " + status : message) + help);
  }

  static String where(URI member) {
    return "etcd " + HttpCalls.where(member);
  }
}

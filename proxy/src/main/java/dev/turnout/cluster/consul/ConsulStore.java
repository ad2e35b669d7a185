package dev.turnout.cluster.consul;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.cluster.web.Bytes;
import dev.turnout.cluster.web.StoreAddress;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import dev.turnout.cluster.web.WebFollowing;
import dev.turnout.cluster.web.WebStore;
import dev.turnout.json.Json;
import dev.turnout.json.JsonText;
import dev.turnout.net.calls.HttpCalls.Reply;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;

/// Consul's keys as the store that nodes share.
///
/// The version of a value is its `ModifyIndex`, revisions are the indexes of Raft. What the engine
/// needs for itself is under `@PREFIX…`, which nobody follows: a marker that each transaction
/// writes, so that one that only deletes has an index, too, and a follower sees that it was not
/// told of one; and the nodes that live, each locked by a session.
final class ConsulStore extends WebStore {
  private static final int MOST_KEYS = 60; // Consul takes 64 operations
  private static final int LARGE = 256 * 1024; // what fits in a transaction, in Base64

  private final ConsulClient client;
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();

  /// The session of a node, and what was said with it last.
  private record Session(String id, long seconds, String text) {}

  ConsulStore(StoreAddress address, String prefix, ConsulClient client) {
    super("Consul", address, prefix);
    this.client = client;
  }

  @Override
  protected WebFollowing following(Collection<String> prefixes, Follower follower) {
    return new ConsulFollowing(this, client, prefixes, follower);
  }

  @Override
  protected Commit make(Transaction transaction) throws StoreTrouble, InterruptedException {
    return isLarge(transaction) ? commitLarge(transaction) : commitSmall(transaction);
  }

  private Commit commitSmall(Transaction transaction) throws StoreTrouble, InterruptedException {
    Reply reply = client.ask("PUT", "/v1/txn", body(transaction).getBytes(UTF_8));
    return switch (reply.status()) {
      case 200 -> done(transaction, client.json(reply));
      case 409 -> conflict(transaction);
      default -> throw client.refusal(reply);
    };
  }

  private Commit done(Transaction transaction, Json answer) {
    long revision = 0;
    Map<String, String> versions = new HashMap<>();
    for (Json result : answer.get("Results").elements()) {
      Json kv = result.get("KV");
      String key = kv.get("Key").text();
      long index = kv.get("ModifyIndex").number(0);
      if (key.equals(marker())) {
        revision = index;
      } else if (transaction.writes().get(key) != null) {
        versions.put(key, Long.toString(index));
      }
    }
    return revision == 0
        ? new Commit.Unknown("consul answered with something that is no transaction")
        : new Commit.Done(revision, versions, 0);
  }

  /// The keys as they are, later than when it was found that they are not as expected.
  private Commit conflict(Transaction transaction) throws StoreTrouble, InterruptedException {
    try {
      State found = all(List.copyOf(transaction.expected().keySet()));
      Map<String, Reading> keys = new LinkedHashMap<>();
      for (String key : transaction.expected().keySet()) {
        keys.put(key, found.keys().getOrDefault(key, Reading.ABSENT));
      }
      return new Commit.Conflict(new State(found.revision(), keys));
    } catch (StoreTrouble e) {
      return new Commit.Refused("a key was not as expected, and then " + e.text());
    }
  }

  /// The index of the newest of all keys: that is what Consul gives for one that is not there.
  private long latest() throws StoreTrouble, InterruptedException {
    Reply reply = client.ask("GET", ConsulClient.path(own("none")));
    if (reply.status() != 404) {
      throw client.refusal(reply);
    }
    return reply.number("X-Consul-Index", 0);
  }

  private static Reading.Present reading(Json kv) {
    return new Reading.Present(
        Bytes.decoded(kv.get("Value").text()), Long.toString(kv.get("ModifyIndex").number(0)));
  }

  private static boolean isLarge(Transaction transaction) {
    long bytes = 0;
    for (String value : transaction.writes().values()) {
      bytes += value == null ? 0 : value.length();
    }
    return bytes > LARGE
        && transaction.writes().size() == 1
        && transaction.writes().keySet().containsAll(transaction.expected().keySet());
  }

  /// One value that is too large for a transaction. Consul says that it is made, and not its index:
  /// that is read, and told only if nobody has written since.
  private Commit commitLarge(Transaction transaction) throws StoreTrouble, InterruptedException {
    Map.Entry<String, @Nullable String> write = transaction.writes().entrySet().iterator().next();
    String key = write.getKey();
    String value = String.valueOf(write.getValue());
    String version = transaction.expected().get(key);
    Reply reply =
        client.ask(
            "PUT",
            ConsulClient.path(key) + (version == null ? "" : "?cas=" + index(version)),
            value.getBytes(ISO_8859_1));
    if (reply.status() != 200) {
      throw client.refusal(reply);
    }
    if (!client.json(reply).truth(false)) {
      return conflict(transaction);
    }
    try {
      Reading there = all(List.of(key)).keys().getOrDefault(key, Reading.ABSENT);
      return there instanceof Reading.Present(String now, String at) && now.equals(value)
          ? new Commit.Done(Long.parseLong(at), Map.of(key, at), 0)
          : new Commit.Unknown("it was made, and somebody has written it since");
    } catch (StoreTrouble e) {
      return new Commit.Unknown("it was made, and then " + e.text());
    }
  }

  /// The index that stands for a version; 0 for a key that is not there, and for none that there is
  /// one that no key has.
  private static String index(String version) {
    if (version.equals(Transaction.ABSENT)) {
      return "0";
    }
    return version.chars().allMatch(c -> c >= '0' && c <= '9')
        ? version
        : Long.toString(Long.MAX_VALUE);
  }

  private String body(Transaction transaction) {
    return JsonText.of(out -> {
      out.writeStartArray();
      transaction
          .expected()
          .forEach((key, version) -> {
            if (!transaction.writes().containsKey(key)) {
              boolean absent = version.equals(Transaction.ABSENT);
              operation(
                  out, absent ? "check-not-exists" : "check-index", key, index(version), null);
            }
          });
      for (Map.Entry<String, @Nullable String> one : transaction.writes().entrySet()) {
        write(out, one.getKey(), one.getValue(), transaction.expected().get(one.getKey()));
      }
      // Another value each time: Consul gives what is written as it was no new index.
      String value = Long.toHexString(ThreadLocalRandom.current().nextLong());
      operation(out, "set", marker(), null, value);
      out.writeEndArray();
    });
  }

  private static void write(
      JsonGenerator out, String key, @Nullable String value, @Nullable String version) {
    if (value != null) {
      operation(
          out,
          version == null ? "set" : "cas",
          key,
          version == null ? null : index(version),
          value);
    } else if (version == null) {
      operation(out, "delete", key, null, null);
    } else if (version.equals(Transaction.ABSENT)) {
      operation(out, "check-not-exists", key, null, null);
    } else {
      operation(out, "delete-cas", key, index(version), null);
    }
  }

  private static void operation(
      JsonGenerator out, String verb, String key, @Nullable String index, @Nullable String value) {
    out.writeStartObject();
    out.writeName("KV");
    out.writeStartObject();
    out.writeStringProperty("Verb", verb);
    out.writeStringProperty("Key", key);
    if (index != null) {
      out.writeNumberProperty("Index", Long.parseLong(index));
    }
    if (value != null) {
      out.writeStringProperty("Value", Bytes.encoded(value));
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  /// Keys of an answer with many.
  static Map<String, Reading> readings(List<Json> kvs) {
    Map<String, Reading> keys = new LinkedHashMap<>();
    kvs.forEach(kv -> keys.put(kv.get("Key").text(), reading(kv)));
    return keys;
  }

  /// All that is under several prefixes, as it was at one moment.
  State all(List<String> prefixes) throws StoreTrouble, InterruptedException {
    long revision = latest();
    String body =
        JsonText.of(out -> {
          out.writeStartArray();
          prefixes.forEach(one -> operation(out, "get-tree", one, null, null));
          out.writeEndArray();
        });
    Reply reply = client.ask("PUT", "/v1/txn", body.getBytes(UTF_8));
    if (reply.status() != 200) {
      throw client.refusal(reply);
    }
    List<Json> kvs =
        client.json(reply).get("Results").elements().stream()
            .map(result -> result.get("KV"))
            .toList();
    return new State(revision, readings(kvs));
  }

  @Override
  protected void announce(String node, String text, long forSeconds)
      throws StoreTrouble, InterruptedException {
    // Consul takes from 10 s to a day, and may forget as much later
    long seconds = Math.clamp(forSeconds, 10, 86_400);
    Session session = sessions.get(node);
    if (session == null || session.seconds != seconds || !isKept(session)) {
      session = new Session(begin(node, seconds), seconds, "");
    }
    if (!session.text.equals(text)) {
      say(node, text, session);
      session = new Session(session.id, seconds, text);
    }
    sessions.put(node, session);
  }

  @Override
  protected void forgetNode(String node) {
    sessions.remove(node);
  }

  private String begin(String node, long seconds) throws StoreTrouble, InterruptedException {
    String body =
        JsonText.of(out -> {
          out.writeStartObject();
          out.writeStringProperty("Name", "turnout " + node);
          out.writeStringProperty("TTL", seconds + "s");
          out.writeStringProperty("Behavior", "delete");
          out.writeStringProperty("LockDelay", "0s");
          out.writeName("Checks"); // it ends with the node, not with the agent
          out.writeStartArray();
          out.writeEndArray();
          out.writeEndObject();
        });
    Reply reply = client.ask("PUT", "/v1/session/create", body.getBytes(UTF_8));
    if (reply.status() != 200) {
      throw client.refusal(reply);
    }
    return client.json(reply).get("ID").text();
  }

  /// Goes on with a session; false if it is over.
  private boolean isKept(Session session) throws StoreTrouble, InterruptedException {
    Reply reply = client.ask("PUT", "/v1/session/renew/" + session.id);
    if (reply.status() != 200 && reply.status() != 404) {
      throw client.refusal(reply);
    }
    return reply.status() == 200;
  }

  private void say(String node, String text, Session session)
      throws StoreTrouble, InterruptedException {
    String path = ConsulClient.path(node(node));
    for (int i = 0; i < 2; i++) {
      Reply reply = client.ask("PUT", path + "?acquire=" + session.id, text.getBytes(ISO_8859_1));
      if (reply.status() != 200) {
        throw client.refusal(reply);
      }
      if (client.json(reply).truth(false)) {
        return;
      }
      client.ask("DELETE", path); // locked by the process that the node was before
    }
    throw new StoreTrouble(Kind.REFUSED, "somebody else is node \"" + node + "\"");
  }

  @Override
  protected void remove(String node) throws StoreTrouble, InterruptedException {
    Session session = sessions.remove(node);
    Reply reply = client.ask("DELETE", ConsulClient.path(node(node)));
    if (reply.status() != 200) {
      throw client.refusal(reply);
    }
    if (session != null) {
      client.ask("PUT", "/v1/session/destroy/" + session.id);
    }
  }

  @Override
  protected Map<String, String> living() throws StoreTrouble, InterruptedException {
    Map<String, String> nodes = new HashMap<>();
    String all = node("");
    Reply reply = client.ask("GET", ConsulClient.path(all) + "?recurse");
    if (reply.status() == 404) {
      return nodes;
    }
    if (reply.status() != 200) {
      throw client.refusal(reply);
    }
    for (Json kv : client.json(reply).elements()) {
      if (!kv.get("Session").text().isEmpty()) {
        String name = kv.get("Key").text().substring(all.length());
        nodes.put(name, Bytes.decoded(kv.get("Value").text()));
      }
    }
    return nodes;
  }

  @Override
  public int mostKeys() {
    return MOST_KEYS;
  }
}

package dev.turnout.cluster.etcd;

import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.cluster.web.Bytes;
import dev.turnout.cluster.web.StoreAddress;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import dev.turnout.cluster.web.WebFollowing;
import dev.turnout.cluster.web.WebStore;
import dev.turnout.json.Json;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// An etcd as the store that nodes share.
///
/// The version of a value is its `mod_revision`, revisions are etcd's own. What the engine needs
/// for itself is under `@PREFIX…`, which nobody follows: a marker that each transaction writes, by
/// which a follower sees that it was not told of one, and the nodes that live, with a lease each.
final class EtcdStore extends WebStore {
  private static final int MOST_KEYS = 100; // etcd's --max-txn-ops is 128
  private static final int PAGE = 1000;

  private final EtcdClient client;
  private final Map<String, Lease> leases = new ConcurrentHashMap<>();

  /// The lease of a node, and what was said with it last.
  private record Lease(String id, long seconds, String text) {}

  EtcdStore(StoreAddress address, String prefix, Duration timeout) {
    super("etcd", address, prefix);
    this.client = new EtcdClient(address, timeout);
  }

  @Override
  protected WebFollowing following(Collection<String> prefixes, Follower follower) {
    return new EtcdFollowing(this, client, prefixes, follower);
  }

  @Override
  protected Commit make(Transaction transaction) throws StoreTrouble, InterruptedException {
    Json answer = client.ask("/v3/kv/txn", Requests.transaction(transaction, marker()));
    long revision = revision(answer);
    if (revision <= 0) {
      return new Commit.Unknown("etcd answered with something that is no transaction");
    }
    return answer.get("succeeded").truth(false)
        ? done(transaction, revision)
        : new Commit.Conflict(new State(revision, expected(transaction, answer)));
  }

  private static Commit done(Transaction transaction, long revision) {
    Map<String, String> versions = new HashMap<>();
    transaction
        .writes()
        .forEach((key, value) -> {
          if (value != null) {
            versions.put(key, Long.toString(revision));
          }
        });
    return new Commit.Done(revision, versions, 0);
  }

  private static Map<String, Reading> expected(Transaction transaction, Json answer) {
    Map<String, Reading> keys = new LinkedHashMap<>();
    transaction.expected().keySet().forEach(key -> keys.put(key, Reading.ABSENT));
    for (Json response : answer.get("responses").elements()) {
      response.get("response_range").get("kvs").elements().forEach(kv -> put(keys, kv));
    }
    return keys;
  }

  /// The revision that an answer was given at.
  static long revision(Json answer) {
    return answer.get("header").get("revision").number(0);
  }

  static void put(Map<String, Reading> keys, Json kv) {
    String version = Long.toString(kv.get("mod_revision").number(0));
    keys.put(
        Bytes.decoded(kv.get("key").text()),
        new Reading.Present(Bytes.decoded(kv.get("value").text()), version));
  }

  /// All that is under some prefixes, as it was at one revision.
  State all(List<String> prefixes) throws StoreTrouble, InterruptedException {
    Map<String, Reading> keys = new LinkedHashMap<>();
    long revision = 0;
    for (String one : prefixes) {
      String from = one;
      while (true) {
        Json page =
            client.ask("/v3/kv/range", Requests.range(from, Requests.after(one), PAGE, revision));
        if (revision == 0) {
          revision = revision(page);
        }
        List<Json> kvs = page.get("kvs").elements();
        kvs.forEach(kv -> put(keys, kv));
        if (!page.get("more").truth(false) || kvs.isEmpty()) {
          break;
        }
        from = Bytes.decoded(kvs.getLast().get("key").text()) + "\0";
      }
    }
    if (revision <= 0) {
      throw new StoreTrouble(Kind.REFUSED, "etcd answered with something that is no range");
    }
    return new State(revision, keys);
  }

  @Override
  protected void announce(String node, String text, long forSeconds)
      throws StoreTrouble, InterruptedException {
    long seconds = Math.max(1, forSeconds);
    Lease lease = leases.get(node);
    if (lease == null || lease.seconds != seconds || !isKept(lease)) {
      Json granted = client.ask("/v3/lease/grant", Requests.grant(seconds));
      lease = new Lease(granted.get("ID").text(), seconds, "");
    }
    if (!lease.text.equals(text)) {
      client.ask("/v3/kv/put", Requests.put(node(node), text, lease.id));
      lease = new Lease(lease.id, seconds, text);
    }
    leases.put(node, lease);
  }

  @Override
  protected void forgetNode(String node) {
    leases.remove(node);
  }

  /// Goes on with a lease; false if it is over. This is no write.
  private boolean isKept(Lease lease) throws StoreTrouble, InterruptedException {
    Json kept = client.ask("/v3/lease/keepalive", Requests.lease(lease.id));
    return kept.get("result").get("TTL").number(0) > 0;
  }

  @Override
  protected void remove(String node) throws StoreTrouble, InterruptedException {
    leases.remove(node);
    client.ask("/v3/kv/deleterange", Requests.get(node(node)));
  }

  @Override
  protected Map<String, String> living() throws StoreTrouble, InterruptedException {
    Map<String, String> nodes = new HashMap<>();
    String all = node("");
    for (Map.Entry<String, Reading> one : all(List.of(all)).keys().entrySet()) {
      if (one.getValue() instanceof Reading.Present(String text, _)) {
        nodes.put(one.getKey().substring(all.length()), text);
      }
    }
    return nodes;
  }

  @Override
  public int mostKeys() {
    return MOST_KEYS;
  }
}

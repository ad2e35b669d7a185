package dev.turnout.cluster.redis;

import dev.turnout.cluster.share.Broadcast;
import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.StoreSpec;
import dev.turnout.cluster.share.Transaction;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.protocol.ProtocolVersion;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A Redis as the store that nodes share.
///
/// The version of a value is the value itself: there is nothing beside a key that `redis-cli SET`
/// would have to know of. What the engine needs for itself is under `@PREFIX…`, which nobody
/// follows: the revision, which each commit counts up, and the nodes that live.
///
/// Followers have a connection of their own each; one more is for commits, and is opened when it is
/// needed. A commit that is not answered in time closes it: what comes late finds nobody, and the
/// next one begins with a clean connection. Guarded by its own monitor.
final class RedisStore implements SharedStore {
  private static final int MOST_KEYS = 20_000;
  private static final int IO_THREADS = 2; // the least that the client takes
  private static final long QUIET_MILLIS = 100;
  private static final int MOST_MOVES = 2; // of one transaction, from member to member

  private final RedisAddress address;
  private final @Nullable ClusterMembers members; // of a cluster
  private final String prefix;
  private final Duration timeout;
  private final ClientResources resources;
  private final RedisClient client;
  private final List<RedisFollowing> followings = new CopyOnWriteArrayList<>();
  private @Nullable RedisLink link; // guarded by this
  private volatile boolean closed;

  RedisStore(RedisAddress address, StoreSpec spec) {
    this.address = address;
    this.prefix = spec.prefix();
    this.members =
        address.members().isEmpty()
            ? null
            : new ClusterMembers(address.members(), ClusterMembers.slot(spec.prefix()));
    this.timeout = spec.timeout();
    this.resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(IO_THREADS)
            .computationThreadPoolSize(IO_THREADS)
            .build();
    this.client = RedisClient.create(resources);
    client.setOptions(options());
  }

  private ClientOptions options() {
    ClientOptions.Builder options =
        ClientOptions.builder()
            .autoReconnect(false) // who follows has to read everything anew
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .protocolVersion(ProtocolVersion.RESP3)
            .socketOptions(SocketOptions.builder().connectTimeout(timeout).keepAlive(true).build())
            // Whoever waits has a time limit of its own; and what the client has for that, and for
            // the maintenance of clouds, wants a logging façade that is not here.
            .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
            .maintNotificationsConfig(MaintNotificationsConfig.disabled());
    if (address.trusted() != null) {
      options.sslOptions(
          SslOptions.builder().jdkSslProvider().trustManager(address.trusted().toFile()).build());
    }
    return options.build();
  }

  String revisionKey() {
    return "@" + prefix + "revision";
  }

  private String nodesKey() {
    return "@" + prefix + "nodes";
  }

  private String nodeKey(String node) {
    return "@" + prefix + "node:" + node;
  }

  /// A new connection, to the member of a cluster that has the keys. Waits for it.
  RedisLink connect() throws RedisTrouble {
    return members == null
        ? RedisLink.open(client, address.uri(), address.secret(), timeout)
        : members.connect(this::open);
  }

  private RedisLink open(RedisURI uri) throws RedisTrouble {
    return RedisLink.open(client, uri, address.secret(), timeout);
  }

  /// Whether it is a Redis Cluster.
  boolean isCluster() {
    return members != null;
  }

  /// Whether what is read on a connection is all that there is.
  ///
  /// @throws RedisTrouble if it is not, for the keys are on the way to another member of a cluster
  void checkWhole(RedisLink there) throws RedisTrouble {
    if (members != null) {
      members.check(there);
    }
  }

  @Override
  public Following follow(Collection<String> prefixes, Follower follower) {
    RedisFollowing following = new RedisFollowing(this, prefixes, follower, timeout);
    followings.add(following);
    following.start();
    return following;
  }

  /// A new connection on which others are heard. Waits for it.
  StatefulRedisPubSubConnection<String, String> connectToHear() throws RedisTrouble {
    RedisURI uri = members == null ? address.uri() : members.find(this::open);
    try {
      return client.connectPubSub(RedisLink.BYTES, uri);
    } catch (RuntimeException e) {
      throw RedisTrouble.notConnected(e, address.secret());
    }
  }

  String secret() {
    return address.secret();
  }

  /// Whether others are heard on a connection.
  ///
  /// @throws RedisTrouble if not
  void look(StatefulRedisPubSubConnection<String, String> hearing) throws RedisTrouble {
    if (members == null) {
      RedisLink.await(hearing.async().ping(), timeout, address.secret());
      return;
    }
    String info = RedisLink.await(hearing.async().clusterInfo(), timeout, address.secret());
    if (!info.contains("cluster_state:ok")) {
      throw RedisTrouble.notMade("CLUSTERDOWN a member of the cluster does not hear the others");
    }
  }

  @Override
  public Broadcast broadcast(Broadcast.Listener listener) {
    RedisBroadcast broadcast = new RedisBroadcast(this, "@" + prefix + "sync", listener, timeout);
    broadcast.start();
    return broadcast;
  }

  /// A following is over.
  void forget(RedisFollowing following) {
    followings.remove(following);
  }

  @Override
  public synchronized Commit commit(Transaction transaction) {
    for (int moves = 0; ; moves++) {
      try {
        return tryCommit(transaction);
      } catch (RedisTrouble e) {
        if (e.breaksLink()) {
          unlink();
        }
        if (e.isReadOnly() || e.isMoved()) {
          followings.forEach(RedisFollowing::reconnect); // it is no master any more
        }
        if (!e.isMoved() || moves == MOST_MOVES) {
          return e.maybeMade() ? new Commit.Unknown(e.text()) : new Commit.Refused(e.text());
        }
      }
    }
  }

  private Commit tryCommit(Transaction transaction) throws RedisTrouble {
    List<String> expected = new ArrayList<>(transaction.expected().keySet());
    List<String> arguments = new ArrayList<>();
    arguments.add(Integer.toString(expected.size()));
    for (String key : expected) {
      arguments.add(key);
      arguments.add(transaction.expected().getOrDefault(key, Transaction.ABSENT));
    }
    for (Map.Entry<String, @Nullable String> write : transaction.writes().entrySet()) {
      String value = write.getValue();
      arguments.add(value == null ? "delete" : "set");
      arguments.add(write.getKey());
      arguments.add(value == null ? "" : value);
    }
    RedisLink now = link();
    List<Object> answer = now.run(Script.COMMIT, List.of(revisionKey()), arguments);
    long revision = (Long) answer.get(0);
    if (answer.size() > 1) {
      return new Commit.Conflict(new State(revision, readings(expected, answer.get(1))));
    }
    return made(now, transaction, revision);
  }

  private Commit made(RedisLink now, Transaction transaction, long revision) {
    Map<String, String> versions = new HashMap<>();
    transaction
        .writes()
        .forEach((key, value) -> {
          if (value != null) {
            versions.put(key, "=" + value);
          }
        });
    int copies = 0;
    if (address.copies() > 0) {
      try {
        copies = now.awaitCopies(address.copies());
      } catch (RedisTrouble e) {
        unlink();
        return new Commit.Unknown("it is made, but not known to be on a replica: " + e.text());
      }
      if (copies < address.copies()) {
        return new Commit.Unknown(
            "it is made, but %d of %d replicas have confirmed it"
                .formatted(copies, address.copies()));
      }
    }
    return new Commit.Done(revision, versions, copies);
  }

  /// What a script has read of keys.
  static Map<String, Reading> readings(List<String> keys, Object values) {
    Map<String, Reading> readings = new LinkedHashMap<>();
    List<?> texts = (List<?>) values;
    for (int i = 0; i < keys.size(); i++) {
      readings.put(keys.get(i), reading((String) texts.get(i)));
    }
    return readings;
  }

  private static Reading reading(String text) {
    if (text.isEmpty()) {
      return Reading.ABSENT;
    }
    return text.charAt(0) == '='
        ? new Reading.Present(text.substring(1), text)
        : new Reading.Unreadable(text.substring(1));
  }

  private synchronized RedisLink link() throws RedisTrouble {
    if (closed) {
      throw RedisTrouble.notMade("the store is closed");
    }
    RedisLink there = link;
    if (there != null && there.isOpen()) {
      return there;
    }
    unlink();
    RedisLink fresh = connect();
    link = fresh;
    return fresh;
  }

  private synchronized void unlink() {
    RedisLink there = link;
    link = null;
    if (there != null) {
      there.close();
    }
  }

  @Override
  public synchronized void announce(String node, String text, Duration forTime) throws IOException {
    run(
        Script.ANNOUNCE,
        List.of(nodesKey(), nodeKey(node)),
        List.of(node, text, Long.toString(forTime.toMillis())));
  }

  @Override
  public synchronized void withdraw(String node) throws IOException {
    run(Script.WITHDRAW, List.of(nodesKey(), nodeKey(node)), List.of(node));
  }

  @Override
  public synchronized Map<String, String> nodes() throws IOException {
    List<Object> all = run(Script.NODES, List.of(nodesKey(), nodeKey("")), List.of());
    Map<String, String> nodes = new HashMap<>();
    for (int i = 0; i + 1 < all.size(); i += 2) {
      nodes.put((String) all.get(i), (String) all.get(i + 1));
    }
    return nodes;
  }

  private List<Object> run(Script script, List<String> keys, List<String> arguments)
      throws IOException {
    try {
      return link().run(script, keys, arguments);
    } catch (RedisTrouble e) {
      if (e.breaksLink()) {
        unlink();
      }
      throw new IOException(e.text(), e);
    }
  }

  @Override
  public int mostKeys() {
    return MOST_KEYS;
  }

  @Override
  public String label() {
    return address.label();
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    followings.forEach(RedisFollowing::close);
    unlink();
    // What was being connected ends by itself; the client's threads have to be there for that.
    client.shutdownAsync(QUIET_MILLIS, timeout.toMillis(), TimeUnit.MILLISECONDS);
    resources.shutdown(QUIET_MILLIS, timeout.toMillis(), TimeUnit.MILLISECONDS);
  }
}

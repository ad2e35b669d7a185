package dev.turnout.cluster.share;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;

/// An engine in the memory of the test, whose server can be taken away and can lose what it had.
public final class MemorySharedStore implements SharedStore {
  /// What all clients share. Guarded by its own monitor.
  public static final class Server {
    private final TreeMap<String, Reading.Present> keys = new TreeMap<>();
    private final Map<String, Announced> nodes = new HashMap<>();
    private final List<Client> clients = new CopyOnWriteArrayList<>();
    private long revision;
    private boolean away;
    private boolean silent;

    private record Announced(String text, long until) {}

    /// Nobody reaches it from now on.
    public synchronized void goAway() {
      away = true;
      clients.forEach(client -> client.tell(new Told.Lost("the store is away")));
    }

    /// It can be reached again, and has what it had.
    public synchronized void comeBack() {
      away = false;
      clients.forEach(this::sync);
    }

    /// From now on it makes what it is asked for, and does not answer.
    public synchronized void answerNot() {
      silent = true;
    }

    /// It answers again.
    public synchronized void answer() {
      silent = false;
    }

    /// It forgets everything, its revisions too.
    public synchronized void forgetAll() {
      keys.clear();
      revision = 0;
    }

    /// Someone writes by hand.
    public synchronized void set(String key, String value) {
      put(key, value, revision + 1);
      tell(List.of(key), revision);
    }

    /// Someone deletes by hand.
    public synchronized void delete(String key) {
      keys.remove(key);
      tell(List.of(key), revision);
    }

    /// What is there.
    public synchronized Map<String, String> values() {
      Map<String, String> values = new TreeMap<>();
      keys.forEach((key, present) -> values.put(key, present.value()));
      return values;
    }

    public synchronized long revision() {
      return revision;
    }

    private void put(String key, String value, long at) {
      keys.put(key, new Reading.Present(value, at + "=" + value));
    }

    private synchronized Commit commit(Transaction transaction) {
      if (away) {
        return new Commit.Refused("the store is away");
      }
      Map<String, Reading> present = new HashMap<>();
      boolean asExpected = true;
      for (Map.Entry<String, String> one : transaction.expected().entrySet()) {
        Reading there = reading(one.getKey());
        present.put(one.getKey(), there);
        asExpected &= there.version().equals(one.getValue());
      }
      if (!asExpected) {
        return silent
            ? new Commit.Unknown("no answer")
            : new Commit.Conflict(new State(revision, present));
      }
      revision++;
      Map<String, String> versions = new HashMap<>();
      transaction
          .writes()
          .forEach((key, value) -> {
            if (value == null) {
              keys.remove(key);
            } else {
              put(key, value, revision);
              versions.put(key, reading(key).version());
            }
          });
      tell(transaction.writes().keySet(), revision);
      return silent ? new Commit.Unknown("no answer") : new Commit.Done(revision, versions, 0);
    }

    private Reading reading(String key) {
      Reading.Present there = keys.get(key);
      return there == null ? Reading.ABSENT : there;
    }

    private void tell(Collection<String> changed, long at) {
      for (Client client : clients) {
        Map<String, Reading> some = new HashMap<>();
        changed.stream().filter(client::follows).forEach(key -> some.put(key, reading(key)));
        if (!some.isEmpty()) {
          client.tell(new Told.Changed(new State(at, some)));
        }
        client.tell(new Told.Settled(at));
      }
    }

    private synchronized void join(Client client) {
      clients.add(client);
      if (away) {
        client.tell(new Told.Lost("the store is away"));
      } else {
        sync(client);
      }
    }

    private synchronized void sync(Client client) {
      if (!away) {
        Map<String, Reading> all = new HashMap<>(keys);
        all.keySet().removeIf(key -> !client.follows(key));
        client.tell(new Told.Synced(new State(revision, all)));
      }
    }

    private synchronized void announce(String node, String text, Duration forTime) {
      nodes.put(node, new Announced(text, System.nanoTime() + forTime.toNanos()));
    }

    private synchronized Map<String, String> nodes() {
      nodes.values().removeIf(one -> one.until - System.nanoTime() <= 0);
      Map<String, String> live = new TreeMap<>();
      nodes.forEach((node, one) -> live.put(node, one.text));
      return live;
    }
  }

  private sealed interface Told {
    record Synced(State all) implements Told {}

    record Changed(State keys) implements Told {}

    record Settled(long revision) implements Told {}

    record Lost(String reason) implements Told {}
  }

  /// One who follows, and is told on a thread of its own.
  private static final class Client implements Following {
    private final Server server;
    private final List<String> prefixes;
    private final Follower follower;
    private final LinkedBlockingQueue<Told> told = new LinkedBlockingQueue<>();
    private final Thread thread;

    Client(Server server, Collection<String> prefixes, Follower follower) {
      this.server = server;
      this.prefixes = List.copyOf(prefixes);
      this.follower = follower;
      this.thread = Thread.ofVirtual().start(this::run);
    }

    boolean follows(String key) {
      return prefixes.stream().anyMatch(key::startsWith);
    }

    void tell(Told what) {
      told.add(what);
    }

    private void run() {
      try {
        while (true) {
          switch (told.take()) {
            case Told.Synced(State all) -> follower.synced(all);
            case Told.Changed(State keys) -> follower.changed(keys);
            case Told.Settled(long revision) -> follower.settled(revision);
            case Told.Lost(String reason) -> follower.lost(reason);
          }
        }
      } catch (InterruptedException _) {
        // closed
      }
    }

    @Override
    public void again() {
      server.sync(this);
    }

    @Override
    public void close() {
      server.clients.remove(this);
      thread.interrupt();
      try {
        thread.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private final Server server;
  private final List<Following> followings = new ArrayList<>();
  private volatile boolean closed;

  /// A client of a server.
  public MemorySharedStore(Server server) {
    this.server = server;
  }

  @Override
  public Following follow(Collection<String> prefixes, Follower follower) {
    Client client = new Client(server, prefixes, follower);
    followings.add(client);
    server.join(client);
    return client;
  }

  @Override
  public Commit commit(Transaction transaction) {
    return closed ? new Commit.Refused("the store is closed") : server.commit(transaction);
  }

  @Override
  public void announce(String node, String text, Duration forTime) {
    server.announce(node, text, forTime);
  }

  @Override
  public void withdraw(String node) {
    server.announce(node, "", Duration.ZERO);
  }

  @Override
  public Map<String, String> nodes() {
    return server.nodes();
  }

  @Override
  public int mostKeys() {
    return 1000;
  }

  @Override
  public String label() {
    return "memory";
  }

  @Override
  public void close() {
    closed = true;
    followings.forEach(Following::close);
  }
}

package dev.turnout.cluster.redis;

import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore.Follower;
import dev.turnout.cluster.share.SharedStore.Following;
import dev.turnout.cluster.share.SharedStore.State;
import io.lettuce.core.api.push.PushMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tells a follower what is in Redis: a virtual thread with a connection of its own, on which Redis
/// tells which keys change (`CLIENT TRACKING … BCAST`), and on which these are then read.
///
/// It subscribes first, then reads everything, then what changed meanwhile: so nothing is missed.
/// After a connection is lost it does all of that again. While nothing changes it asks for the
/// revision twice in the time in which Redis has to answer, so that one that hangs is noticed.
///
/// *When a revision is settled:* Redis tells of the changes of an event loop's turn before it sends
/// the answers of that turn. So when a read has answered with a revision, and a read that was sent
/// after that has been answered too, all changes up to the first one's revision have been told of.
///
/// Guarded by its own monitor, which pushes take for a moment on the client's threads.
final class RedisFollowing implements Following {
  private static final int KEYS_AT_ONCE = 500;
  private static final int LEAST_VERSION = 7;

  private final RedisStore store;
  private final List<String> prefixes;
  private final Follower follower;
  private final Duration timeout;
  private final Pauses pauses = new Pauses();
  private final Thread thread;

  private final Set<String> waiting = new LinkedHashSet<>(); // keys to read
  private boolean anew; // everything is to be read
  private boolean broken; // by somebody who knows
  private boolean closed;

  private @Nullable RedisLink link; // the thread's
  private boolean told; // that it is lost

  RedisFollowing(
      RedisStore store, Collection<String> prefixes, Follower follower, Duration timeout) {
    this.store = store;
    this.prefixes = List.copyOf(prefixes);
    this.follower = follower;
    this.timeout = timeout;
    this.thread = Thread.ofVirtual().name("redis-follower").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!isClosed()) {
      try {
        connect();
        pauses.reset();
        follow();
      } catch (RedisTrouble e) {
        if (!isClosed()) {
          lost(e.text());
          pause();
        }
      } catch (RuntimeException | LinkageError e) {
        lost(
            "unexpected " + e); // a bug, of ours or the client's, is to be seen and not to end this
        pause();
      } finally {
        disconnect();
      }
    }
  }

  private void lost(String reason) {
    if (!told) {
      told = true;
      follower.lost(reason);
    }
  }

  private synchronized void pause() {
    long end = System.nanoTime() + pauses.next() * 1_000_000;
    try {
      while (!closed && end - System.nanoTime() > 1_000_000) {
        wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException _) {
      closed = true; // nobody else interrupts it
    }
  }

  private void connect() throws RedisTrouble {
    RedisLink fresh = store.connect();
    link = fresh;
    String version = fresh.info("server", "redis_version");
    String major = version.split("\\.", 2)[0];
    if (!major.matches("\\d{1,4}") || Integer.parseInt(major) < LEAST_VERSION) {
      throw RedisTrouble.notMade("it is Redis " + version + ", and 7.0 is the least");
    }
    if (!store.isCluster() && fresh.info("cluster", "cluster_enabled").equals("1")) {
      throw RedisTrouble.notMade("it is a Redis Cluster: redis+cluster://host,host is for that");
    }
    String policy = fresh.info("memory", "maxmemory_policy");
    if (!policy.isEmpty() && policy.startsWith("allkeys-")) {
      follower.noticed(
          "maxmemory-policy is " + policy + ": Redis may throw keys away; noeviction is right");
    }
    synchronized (this) {
      waiting.clear();
      anew = true;
      broken = false;
    }
    fresh.track(prefixes, this::pushed);
  }

  private void disconnect() {
    RedisLink there = link;
    link = null;
    if (there != null) {
      there.close();
    }
  }

  /// On a thread of the client's.
  private void pushed(PushMessage message) {
    if (!message.getType().equals("invalidate")) {
      return;
    }
    List<Object> content = message.getContent(RedisLink::decoded);
    synchronized (this) {
      if (content.size() > 1 && content.get(1) instanceof Collection<?> keys) {
        keys.forEach(key -> waiting.add((String) key));
      } else {
        anew = true; // all keys are gone at once: FLUSHALL
      }
      notifyAll();
    }
  }

  /// What is to be done next.
  ///
  /// @param all true: to read everything
  private record Work(boolean all, List<String> keys) {}

  private synchronized Work take(boolean soon) throws RedisTrouble {
    long end = System.nanoTime() + timeout.toNanos() / 2;
    try {
      while (!soon && !anew && waiting.isEmpty() && !closed && !broken) {
        long millis = (end - System.nanoTime()) / 1_000_000;
        RedisLink there = link;
        if (millis <= 0 || there == null || !there.isOpen()) {
          break;
        }
        wait(Math.min(millis, 100)); // a connection that is closed tells nobody
      }
    } catch (InterruptedException _) {
      closed = true;
    }
    if (closed || broken) {
      throw RedisTrouble.notMade("it is not asked any more");
    }
    Work work = new Work(anew, List.copyOf(waiting));
    anew = false;
    waiting.clear();
    return work;
  }

  private synchronized boolean isAllRead() {
    return waiting.isEmpty() && !anew;
  }

  private void follow() throws RedisTrouble {
    long read = 0;
    long settled = -1;
    while (true) {
      Work work = take(read > settled);
      if (work.all) {
        State all = all();
        told = false;
        follower.synced(all);
        read = all.revision();
        settled = read;
        continue;
      }
      long before = read;
      State some = read(work.keys);
      if (!work.keys.isEmpty()) {
        follower.changed(some);
      }
      read = some.revision();
      if (before > settled && isAllRead()) {
        settled = before;
        follower.settled(settled);
      }
    }
  }

  private RedisLink open() throws RedisTrouble {
    RedisLink there = link;
    if (there == null) {
      throw RedisTrouble.notMade("it is not connected");
    }
    return there;
  }

  private State all() throws RedisTrouble {
    long revision = read(List.of()).revision();
    Set<String> keys = new LinkedHashSet<>();
    for (String prefix : prefixes) {
      open().scan(prefix, keys);
    }
    Map<String, Reading> readings = new LinkedHashMap<>();
    List<String> ordered = new ArrayList<>(keys);
    for (int i = 0; i < ordered.size(); i += KEYS_AT_ONCE) {
      List<String> some = ordered.subList(i, Math.min(ordered.size(), i + KEYS_AT_ONCE));
      read(some)
          .keys()
          .forEach((key, reading) -> {
            if (!(reading instanceof Reading.Absent)) {
              readings.put(key, reading);
            }
          });
    }
    store.checkWhole(open());
    return new State(revision, readings);
  }

  private State read(List<String> keys) throws RedisTrouble {
    List<Object> answer = open().run(Script.READ, List.of(store.revisionKey()), keys);
    return new State((Long) answer.get(0), RedisStore.readings(keys, answer.get(1)));
  }

  /// Begins with another connection.
  synchronized void reconnect() {
    broken = true;
    notifyAll();
  }

  @Override
  public synchronized void again() {
    anew = true;
    notifyAll();
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    store.forget(this);
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}

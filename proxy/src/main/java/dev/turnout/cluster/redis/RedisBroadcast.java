package dev.turnout.cluster.redis;

import dev.turnout.cluster.share.Broadcast;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What nodes tell each other through Redis: messages on a channel, which Redis does not keep, and
/// marks as plain keys with an end, set by the script that says the message.
///
/// One connection hears and is looked after by a virtual thread, which asks it for a sign of life
/// twice in the time that Redis has to answer. Another one speaks, and is opened when it is needed.
final class RedisBroadcast implements Broadcast {
  private static final int KEYS_AT_ONCE = 500;

  private final RedisStore store;
  private final String channel;
  private final Listener listener;
  private final Duration timeout;
  private final Thread thread;
  private @Nullable RedisLink link; // of the one thread that speaks
  private boolean closed; // guarded by this

  RedisBroadcast(RedisStore store, String channel, Listener listener, Duration timeout) {
    this.store = store;
    this.channel = channel;
    this.listener = listener;
    this.timeout = timeout;
    this.thread = Thread.ofVirtual().name("redis-listener").unstarted(this::run);
  }

  void start() {
    thread.start();
  }

  // ---- hearing

  private void run() {
    Pauses pauses = new Pauses();
    boolean told = false;
    while (!isClosed()) {
      boolean joined = false;
      try (StatefulRedisPubSubConnection<String, String> hearing = store.connectToHear()) {
        hearing.addListener(
            new RedisPubSubAdapter<>() {
              @Override
              public void message(String on, String message) {
                listener.heard(message);
              }
            });
        RedisLink.await(hearing.async().subscribe(channel), timeout, store.secret());
        pauses.reset();
        joined = true;
        told = false;
        listener.joined();
        while (rest(timeout.toMillis() / 2)) {
          store.look(hearing);
        }
      } catch (RedisTrouble e) {
        if (!told && !isClosed()) {
          told = true;
          listener.lost(e.text());
        }
      } catch (RuntimeException e) {
        if (!told) {
          told = true;
          listener.lost("unexpected " + e); // a bug is to be seen and not to end this
        }
      }
      if (!joined) {
        rest(pauses.next());
      }
    }
  }

  /// Waits; false if it is closed.
  private synchronized boolean rest(long millis) {
    long end = System.nanoTime() + millis * 1_000_000;
    try {
      while (!closed && end - System.nanoTime() > 0) {
        wait(Math.max(1, (end - System.nanoTime()) / 1_000_000));
      }
    } catch (InterruptedException _) {
      closed = true; // nobody else interrupts it
    }
    return !closed;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  // ---- speaking

  @Override
  public void say(String message, Map<String, String> marks, long keptMillis) throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of(message, Long.toString(Math.max(1, keptMillis))));
    marks.forEach((name, value) -> {
      arguments.add(key(name));
      arguments.add(value);
    });
    speak(there -> there.run(Script.SAY, List.of(channel), arguments));
  }

  @Override
  public Map<String, Mark> marks(String prefix) throws IOException {
    Set<String> keys = new LinkedHashSet<>();
    speak(there -> {
      there.scan(key(prefix), keys);
      return List.of();
    });
    Map<String, Mark> marks = new HashMap<>();
    List<String> ordered = new ArrayList<>(keys);
    for (int i = 0; i < ordered.size(); i += KEYS_AT_ONCE) {
      List<String> some = ordered.subList(i, Math.min(ordered.size(), i + KEYS_AT_ONCE));
      List<Object> found = speak(there -> there.run(Script.MARKS, List.of(channel), some));
      for (int n = 0; n < some.size(); n++) {
        long left = (Long) found.get(2 * n + 1);
        if (left > 0) {
          String name = some.get(n).substring(channel.length() + 1);
          marks.put(name, new Mark((String) found.get(2 * n), left));
        }
      }
    }
    return marks;
  }

  private String key(String name) {
    return channel + ":" + name;
  }

  /// What is asked of Redis.
  private interface Question {
    List<Object> ask(RedisLink link) throws RedisTrouble;
  }

  private List<Object> speak(Question question) throws IOException {
    try {
      RedisLink there = link;
      if (there == null || !there.isOpen()) {
        disconnect();
        there = store.connect();
        link = there;
      }
      return question.ask(there);
    } catch (RedisTrouble e) {
      if (e.breaksLink() || e.isReadOnly()) {
        disconnect();
      }
      throw new IOException(e.text(), e);
    }
  }

  private void disconnect() {
    RedisLink there = link;
    link = null;
    if (there != null) {
      there.close();
    }
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    disconnect();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}

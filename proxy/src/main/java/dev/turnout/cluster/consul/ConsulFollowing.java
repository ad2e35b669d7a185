package dev.turnout.cluster.consul;

import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore.Follower;
import dev.turnout.cluster.share.SharedStore.State;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.WebFollowing;
import dev.turnout.json.Json;
import dev.turnout.net.calls.HttpCalls.Reply;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Tells a follower what is in Consul. For each prefix a virtual thread waits in a blocking query;
/// what its answer, all that is under the prefix, differs in from what was told is told. With
/// several prefixes the answers only wake: then all of them are read in one transaction, so that
/// the keys of a commit come together.
///
/// As Consul's documentation has it, an index that goes backwards or is 0 means to begin anew.
/// While nothing comes, the marker is asked for twice in the time that Consul has to answer: an
/// agent that hangs, or has no leader, does not. A marker that is newer than what was told for that
/// long means to read everything.
final class ConsulFollowing extends WebFollowing {
  private static final long HOLD_SECONDS = 60;

  private final ConsulStore store;
  private final ConsulClient client;
  private final List<Thread> waiters = new ArrayList<>();

  private final Map<String, Reading> known = new HashMap<>();
  private long told; // up to which revision
  private long marked; // the newest marker that was seen
  private long behindSince; // since when the marker is newer than what was told; 0: it is not

  /// What a waiter has heard.
  private sealed interface Heard {
    /// What is under the one prefix that is followed; null: to be read.
    record News(@Nullable State all) implements Heard {}

    /// The index began anew.
    record Reset() implements Heard {}

    record Lost(StoreTrouble why) implements Heard {}
  }

  ConsulFollowing(
      ConsulStore store, ConsulClient client, Collection<String> prefixes, Follower follower) {
    super("consul-follower", store, prefixes, follower);
    this.store = store;
    this.client = client;
  }

  @Override
  protected void follow() throws StoreTrouble, InterruptedException {
    BlockingQueue<Heard> heard = new ArrayBlockingQueue<>(prefixes().size() + 1);
    State all = store.all(prefixes());
    URI agent = client.agent(); // who has just answered
    known.clear();
    known.putAll(all.keys());
    told = all.revision();
    marked = 0;
    behindSince = 0;
    heard();
    follower().synced(all);
    for (String prefix : prefixes()) {
      waiters.add(
          Thread.ofVirtual().name("consul-waiter").start(() -> await(agent, prefix, heard)));
    }
    try {
      listen(agent, heard);
    } catch (StoreTrouble e) {
      client.avoid(agent);
      throw e;
    } finally {
      end();
    }
  }

  /// Waits for news under a prefix, again and again. On a thread of its own.
  private void await(URI agent, String prefix, BlockingQueue<Heard> heard) {
    String path = ConsulClient.path(prefix) + "?recurse&wait=" + HOLD_SECONDS + "s&index=";
    long most = TimeUnit.SECONDS.toMillis(HOLD_SECONDS * 17 / 16) + client.timeoutMillis();
    long index = 0;
    try {
      while (!Thread.currentThread().isInterrupted()) {
        try {
          Reply reply =
              index == 0
                  ? client.ask(agent, "GET", path + 0, new byte[0], client.timeoutMillis())
                  : client.ask(agent, "GET", path + index, new byte[0], most);
          if (reply.status() != 200 && reply.status() != 404) {
            throw client.refusal(reply);
          }
          long now = reply.number("X-Consul-Index", 0);
          if (now == index) {
            continue;
          }
          if (now <= 0 || now < index) {
            heard.put(new Heard.Reset());
            return;
          }
          index = now;
          heard.put(new Heard.News(prefixes().size() == 1 ? state(reply, now) : null));
        } catch (StoreTrouble e) {
          heard.put(new Heard.Lost(e));
          return;
        }
      }
    } catch (InterruptedException _) {
      // it is ended
    }
  }

  private State state(Reply reply, long index) throws StoreTrouble {
    return new State(
        index,
        reply.status() == 404 ? Map.of() : ConsulStore.readings(client.json(reply).elements()));
  }

  private void listen(URI agent, BlockingQueue<Heard> heard)
      throws StoreTrouble, InterruptedException {
    long pause = client.timeoutMillis() * 1_000_000 / 2;
    long due = System.nanoTime() + pause;
    while (!isClosed() && !wantsAnew()) {
      Heard next = heard.poll();
      if (next == null) {
        Heard[] late = new Heard[1];
        boolean early = slice(due, millis -> late[0] = heard.poll(millis, TimeUnit.MILLISECONDS));
        next = late[0];
        if (next == null) {
          if (!early) {
            if (!ping(agent)) {
              return;
            }
            due = System.nanoTime() + pause;
          }
          continue;
        }
      }
      switch (next) {
        case Heard.News(State all) -> {
          State now = all != null ? all : store.all(prefixes());
          if (now.revision() > told) { // else it is older than what was read meanwhile
            tell(now);
          }
        }
        case Heard.Reset() -> {
          return;
        }
        case Heard.Lost(StoreTrouble why) -> throw why;
      }
    }
  }

  /// Tells what is different.
  private void tell(State all) {
    Map<String, Reading> changed = new LinkedHashMap<>();
    all.keys()
        .forEach((key, reading) -> {
          if (!reading.equals(known.get(key))) {
            changed.put(key, reading);
          }
        });
    for (String key : known.keySet()) {
      if (!all.keys().containsKey(key)) {
        changed.put(key, Reading.ABSENT);
      }
    }
    known.clear();
    known.putAll(all.keys());
    told = Math.max(told, all.revision());
    if (!changed.isEmpty()) {
      follower().changed(new State(all.revision(), changed));
    }
    follower().settled(told);
  }

  /// Asks the agent how it is; false: all is to be told again.
  private boolean ping(URI agent) throws StoreTrouble, InterruptedException {
    Reply reply =
        client.ask(
            agent, "GET", ConsulClient.path(store.marker()), new byte[0], client.timeoutMillis());
    if (reply.status() != 200 && reply.status() != 404) {
      throw client.refusal(reply);
    }
    long now = 0;
    if (reply.status() == 200) {
      for (Json kv : client.json(reply).elements()) {
        now = kv.get("ModifyIndex").number(0);
      }
    }
    if (now < marked) {
      return false; // it began anew
    }
    marked = now;
    if (now <= told) {
      behindSince = 0;
      return true;
    }
    long at = System.nanoTime();
    if (behindSince == 0) {
      behindSince = at;
    }
    if (at - behindSince >= client.timeoutMillis() * 1_000_000) {
      behindSince = 0;
      tell(store.all(prefixes()));
    }
    return true;
  }

  @Override
  protected void end() {
    waiters.forEach(Thread::interrupt);
    waiters.clear();
  }
}

package dev.turnout.cluster.etcd;

import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.SharedStore.Follower;
import dev.turnout.cluster.share.SharedStore.State;
import dev.turnout.cluster.web.Bytes;
import dev.turnout.cluster.web.StoreTrouble;
import dev.turnout.cluster.web.StoreTrouble.Kind;
import dev.turnout.cluster.web.WebFollowing;
import dev.turnout.json.Json;
import dev.turnout.net.calls.CallException;
import dev.turnout.net.calls.Lines;
import java.io.IOException;
import java.net.URI;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Tells a follower what is in etcd: all of it at one revision, then a watch from the next one on.
///
/// One watch covers all prefixes, so the keys of a transaction come together. While it is silent,
/// the member is asked for the marker twice in the time that it has to answer: a linearizable read,
/// which a member that hangs, or is on the wrong side of a partition, does not answer. A marker
/// that is newer than what was told for that long means that the watch lost something, and one that
/// went backwards that the store began anew; so does a watch that was compacted under the follower.
/// Then everything is told again.
final class EtcdFollowing extends WebFollowing {
  private final EtcdStore store;
  private final EtcdClient client;
  private final String from;
  private final String to;

  private @Nullable Lines lines;
  private long told; // up to which revision
  private long heardRevision; // the newest that was heard of
  private long behindSince; // since when the marker is newer than what was told; 0: it is not

  EtcdFollowing(
      EtcdStore store, EtcdClient client, Collection<String> prefixes, Follower follower) {
    super("etcd-follower", store, prefixes, follower);
    this.store = store;
    this.client = client;
    this.from = prefixes.stream().min(String::compareTo).orElseThrow();
    this.to = prefixes.stream().map(Requests::after).max(String::compareTo).orElseThrow();
  }

  @Override
  protected void follow() throws StoreTrouble, InterruptedException {
    State all = store.all(prefixes());
    URI member = client.member(); // who has just answered
    try {
      try (Lines watch =
          client.open(member, "/v3/watch", Requests.watch(from, to, all.revision() + 1))) {
        lines = watch;
        told = all.revision();
        heardRevision = told;
        behindSince = 0;
        heard();
        follower().synced(all);
        watch(member, watch);
      }
    } catch (StoreTrouble e) {
      client.avoid(member);
      throw e;
    }
  }

  private void watch(URI member, Lines watch) throws StoreTrouble, InterruptedException {
    long pause = client.timeoutMillis() * 1_000_000 / 2;
    long due = System.nanoTime() + pause;
    while (!isClosed() && !wantsAnew()) {
      if (!watch.awaits(0)) {
        if (slice(due, millis -> watch.awaits(millis))) {
          continue;
        }
        if (!ping(member)) {
          return;
        }
        due = System.nanoTime() + pause;
        continue;
      }
      String line;
      try {
        line = watch.next(0);
      } catch (CallException e) {
        throw new StoreTrouble(Kind.UNKNOWN, e.text(), e);
      }
      if (line == null) {
        throw new StoreTrouble(Kind.UNKNOWN, EtcdClient.where(member) + " ended the watch");
      }
      if (!take(member, line)) {
        return;
      }
      due = System.nanoTime() + pause;
    }
  }

  /// Tells what a line says; false: all is to be told again.
  private boolean take(URI member, String line) throws StoreTrouble {
    Json message;
    try {
      message = Json.parse(line);
    } catch (IOException e) {
      throw new StoreTrouble(
          Kind.UNKNOWN, EtcdClient.where(member) + " told of a change in no JSON", e);
    }
    if (message.get("error").isThere()) {
      throw new StoreTrouble(
          Kind.UNKNOWN,
          EtcdClient.where(member)
              + " ended the watch: "
              + message.get("error").get("message").text());
    }
    Json result = message.get("result");
    if (result.get("canceled").truth(false)) {
      if (result.get("compact_revision").number(0) > 0) {
        return false; // what happened since is forgotten
      }
      throw new StoreTrouble(
          Kind.UNKNOWN,
          EtcdClient.where(member) + " ended the watch: " + result.get("cancel_reason").text());
    }
    Map<String, Reading> keys = new LinkedHashMap<>();
    long revision = 0;
    for (Json event : result.get("events").elements()) {
      Json kv = event.get("kv");
      revision = Math.max(revision, kv.get("mod_revision").number(0));
      String key = Bytes.decoded(kv.get("key").text());
      if (!follows(key)) {
        continue;
      }
      if (event.get("type").text().equals("DELETE")) {
        keys.put(key, Reading.ABSENT);
      } else {
        EtcdStore.put(keys, kv);
      }
    }
    if (revision > 0) {
      told = Math.max(told, revision);
      heardRevision = Math.max(heardRevision, revision);
      if (!keys.isEmpty()) {
        follower().changed(new State(revision, keys));
      }
      follower().settled(revision);
    }
    return true;
  }

  /// Asks the member how it is; false: all is to be told again.
  private boolean ping(URI member) throws StoreTrouble, InterruptedException {
    Json answer =
        client.ask(member, "/v3/kv/range", Requests.get(store.marker()), client.timeoutMillis());
    long now = EtcdStore.revision(answer);
    if (now < heardRevision) {
      return false; // it counts from the beginning
    }
    heardRevision = now;
    long marked = 0;
    for (Json kv : answer.get("kvs").elements()) {
      marked = kv.get("mod_revision").number(0);
    }
    if (marked <= told) {
      behindSince = 0;
      return true;
    }
    long at = System.nanoTime();
    if (behindSince == 0) {
      behindSince = at;
    }
    return at - behindSince < client.timeoutMillis() * 1_000_000;
  }

  @Override
  protected void end() {
    Lines there = lines;
    lines = null;
    if (there != null) {
      there.close();
    }
  }
}

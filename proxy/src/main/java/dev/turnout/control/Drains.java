package dev.turnout.control;

import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.MemoryStateStore;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.StateStore;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSet;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamChange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// The drains of the node that are under way, and the last ones that are over. Guarded by its own
/// monitor.
///
/// While there are any, one virtual thread looks every few milliseconds whether a server's last
/// request has ended: so a drain costs requests nothing. That no request is on its way to the
/// server unseen is what the writer's fence is for: the count is looked at only after every loop
/// has passed it. Requests of sessions that are bound to the server still come: where sessions are
/// counted (`sticky learn`), a drain waits for their end, too.
public final class Drains implements AutoCloseable {
  private static final long LOOK_MILLIS = 10;
  private static final long RETRY_MILLIS = 1000;
  private static final int REMEMBERED = 1000;

  /// What came of the wish to drain a server.
  public sealed interface Begin {
    /// It is under way.
    ///
    /// @param revision the change that keeps new requests away
    record Begun(Drain drain, long revision) implements Begin {}

    /// It is under way already.
    record Already(Drain drain) implements Begin {}

    /// The change was not made.
    record NotMade(ChangeResult why) implements Begin {}
  }

  /// What came of the wish to end one.
  public sealed interface Cancel {
    /// The server takes requests again.
    record Cancelled(Drain drain, long revision) implements Cancel {}

    /// It is over, or about to be.
    record TooLate(Drain drain) implements Cancel {}

    /// There is none of this id.
    record Unknown() implements Cancel {}

    /// The change was not made.
    record NotMade(ChangeResult why) implements Cancel {}
  }

  /// A drain and the server that it waits for.
  private static final class Running {
    volatile Drain now; // written under the monitor of the drains
    final PeerSpec server;
    final List<Peer> peers; // several of a name
    final CompletableFuture<Drain> over = new CompletableFuture<>();

    Running(Drain now, Server found) {
      this.now = now;
      this.server = found.spec;
      this.peers = found.peers;
    }

    int active() {
      return Drains.active(peers);
    }
  }

  private final ChangeWriter writer;
  private final Upstreams upstreams;
  private final Events events;
  private final AtomicLong ids = new AtomicLong(System.currentTimeMillis());
  private final Map<String, Running> running = new LinkedHashMap<>();
  private final Map<String, Drain> ended = new LinkedHashMap<>();
  private StateStore store = new MemoryStateStore();
  private KeyvalSnapshot kept = KeyvalSnapshot.EMPTY;
  private boolean looking;
  private volatile Ages ages = _ -> CompletableFuture.completedFuture(null);
  private volatile boolean closed;

  public Drains(ChangeWriter writer, Upstreams upstreams, Events events) {
    this.writer = writer;
    this.upstreams = upstreams;
    this.events = events;
  }

  /// Keeps what is under way in a store from now on. Called before the first drain.
  ///
  /// @return what an operator should know about how it was found, one line each
  public synchronized List<String> keepIn(StateStore where) throws IOException {
    StateStore.Loaded loaded = where.load();
    store = where;
    kept = loaded.snapshot();
    return loaded.warnings();
  }

  /// Takes up what was under way when the process ended; the upstreams are in force.
  public synchronized void resume() {
    for (Map.Entry<String, String> one : kept.entries().entrySet()) {
      if (running.containsKey(one.getKey()) || ended.containsKey(one.getKey())) {
        continue;
      }
      Drain drain = DrainText.parse(one.getKey(), one.getValue());
      if (drain == null) {
        continue;
      }
      Server found = find(drain.upstream(), drain.server());
      if (found == null || !found.spec.drain()) {
        String why = "the server was changed while the node was down";
        end(drain.over(Drain.Phase.ENDED, null, System.currentTimeMillis(), why));
        keep(one.getKey(), null);
      } else {
        running.put(drain.id(), new Running(drain.noted("taken up after a restart"), found));
      }
    }
    look();
  }

  /// Keeps new requests away from a server, and waits for those that are there. Blocks until that
  /// is in force; to be called on a virtual thread.
  ///
  /// @param deadlineMillis how long to wait at most; null: as long as it takes
  public Begin begin(
      String upstream,
      long server,
      @Nullable Long deadlineMillis,
      Drain.Then then,
      ChangeRequest conditions) {
    Drain present = underWay(upstream, server);
    if (present != null) {
      return new Begin.Already(present);
    }
    ChangeResult result = writer.submit(with(conditions, drain(upstream, server, true))).join();
    if (!(result instanceof ChangeResult.Applied applied) || conditions.dryRun()) {
      return new Begin.NotMade(result);
    }
    Server found = find(upstream, server);
    if (found == null) {
      return new Begin.NotMade(
          new ChangeResult.Rejected(
              upstream, new dev.turnout.upstream.ChangeResult.UnknownServer(server)));
    }
    long started = System.currentTimeMillis();
    Drain drain =
        new Drain(
            Long.toString(ids.incrementAndGet(), 36),
            upstream,
            server,
            found.spec.server(),
            then,
            conditions.force(),
            conditions.origin(),
            started,
            deadlineMillis == null ? null : started + deadlineMillis,
            Drain.Phase.DRAINING,
            active(found.peers),
            sessions(upstream, found.peers),
            null,
            false,
            null,
            "");
    synchronized (this) {
      Drain meanwhile = underWay(upstream, server);
      if (meanwhile != null) {
        return new Begin.Already(meanwhile);
      }
      String trouble = keep(drain.id(), DrainText.of(drain));
      if (trouble != null) {
        drain = drain.noted("will not be taken up after a restart: " + trouble);
      }
      running.put(drain.id(), new Running(drain, found));
      look();
    }
    tell(drain);
    return new Begin.Begun(drain, applied.revision());
  }

  private static ChangeRequest with(ChangeRequest conditions, Operation operation) {
    return new ChangeRequest(
        List.of(operation),
        conditions.origin(),
        conditions.ifRevision(),
        conditions.dryRun(),
        conditions.force(),
        conditions.key());
  }

  private static Operation drain(String upstream, long server, boolean on) {
    return new Operation.EditUpstream(
        upstream, new UpstreamChange.Update(server, PeerPatch.NOTHING.withDrain(on)));
  }

  private synchronized @Nullable Drain underWay(String upstream, long server) {
    for (Running one : running.values()) {
      if (one.now.upstream().equalsIgnoreCase(upstream) && one.now.server() == server) {
        return one.now;
      }
    }
    return null;
  }

  /// A server as it is wanted, and the peers that stand for it.
  private record Server(PeerSpec spec, List<Peer> peers) {}

  private @Nullable Server find(String upstream, long server) {
    Upstream there = upstreams.find(upstream);
    if (there == null) {
      return null;
    }
    PeerSet set = there.current();
    int at = set.spec().indexOf(server);
    return at < 0
        ? null
        : new Server(set.spec().servers().get(at), set.byServer().getOrDefault(server, List.of()));
  }

  private static int active(List<Peer> peers) {
    return peers.stream().mapToInt(Peer::active).sum();
  }

  /// Those that are over first, then those under way, oldest first.
  public synchronized List<Drain> all() {
    List<Drain> all = new ArrayList<>(ended.values());
    running.values().forEach(one -> all.add(counted(one)));
    return all;
  }

  public synchronized Optional<Drain> find(String id) {
    Running one = running.get(id);
    return one != null ? Optional.of(counted(one)) : Optional.ofNullable(ended.get(id));
  }

  private Drain counted(Running one) {
    return counted(one, one.now.phase());
  }

  private Drain counted(Running one, Drain.Phase phase) {
    return one.now.with(phase, one.active(), sessions(one.now.upstream(), one.peers));
  }

  /// Who tells how old requests are that run.
  @FunctionalInterface
  public interface Ages {
    /// How long the oldest of the requests has been running that are at one of these servers, in
    /// milliseconds; null: none is.
    CompletionStage<@Nullable Long> oldestMillis(List<Peer> servers);
  }

  /// How long requests run is asked there from now on.
  public void ages(Ages source) {
    ages = source;
  }

  /// How long the oldest of the requests has been running that a drain waits for, in milliseconds;
  /// empty if none is, or if the drain is over. Waits for the loops; to be called on a virtual
  /// thread.
  public OptionalLong oldestMillis(String id) {
    Running one;
    synchronized (this) {
      one = running.get(id);
    }
    if (one == null) {
      return OptionalLong.empty();
    }
    Long oldest =
        ages.oldestMillis(one.peers)
            .toCompletableFuture()
            .completeOnTimeout(null, RETRY_MILLIS, TimeUnit.MILLISECONDS)
            .join();
    return oldest == null ? OptionalLong.empty() : OptionalLong.of(oldest);
  }

  /// Completes, with how it ended, when a drain is over.
  public synchronized Optional<CompletableFuture<Drain>> whenOver(String id) {
    Running one = running.get(id);
    if (one != null) {
      return Optional.of(one.over.copy());
    }
    return Optional.ofNullable(ended.get(id)).map(CompletableFuture::completedFuture);
  }

  /// Lets a server take requests again. Blocks until that is in force.
  public Cancel cancel(String id, ChangeRequest conditions) {
    Running one;
    synchronized (this) {
      one = running.get(id);
      if (one == null) {
        Drain over = ended.get(id);
        return over == null ? new Cancel.Unknown() : new Cancel.TooLate(over);
      }
      if (one.now.phase() != Drain.Phase.DRAINING) {
        return new Cancel.TooLate(one.now);
      }
      one.now = counted(one, Drain.Phase.FINISHING);
    }
    ChangeResult result =
        writer.submit(with(conditions, drain(one.now.upstream(), one.now.server(), false))).join();
    if (result instanceof ChangeResult.Applied applied) {
      Drain over = over(one, Drain.Phase.CANCELLED, applied.revision(), one.now.note());
      return new Cancel.Cancelled(over, applied.revision());
    }
    synchronized (this) {
      one.now = counted(one, Drain.Phase.DRAINING);
    }
    return new Cancel.NotMade(result);
  }

  // ---- looking

  private synchronized void look() {
    if (!looking && !running.isEmpty() && !closed) {
      looking = true;
      Thread.ofVirtual().name("drains").start(this::lookOn);
    }
  }

  private void lookOn() {
    try {
      while (true) {
        List<Running> now;
        synchronized (this) {
          if (running.isEmpty() || closed) {
            looking = false;
            return;
          }
          now = new ArrayList<>(running.values());
        }
        now.forEach(this::lookAt);
        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void lookAt(Running one) {
    synchronized (this) {
      if (one.now.phase() != Drain.Phase.DRAINING) {
        return;
      }
      boolean busy = one.active() > 0 || hasSessions(one);
      Long deadline = one.now.deadlineMillis();
      boolean late = busy && deadline != null && System.currentTimeMillis() >= deadline;
      if (busy && !late && !isOvertaken(one)) {
        return;
      }
      one.now = counted(one, Drain.Phase.FINISHING);
      if (late) {
        one.now = one.now.pastDeadline();
      }
    }
    Thread.ofVirtual().name("drain-" + one.now.id()).start(() -> finish(one));
  }

  private boolean hasSessions(Running one) {
    Integer sessions = sessions(one.now.upstream(), one.peers);
    return sessions != null && sessions > 0;
  }

  /// How many sessions are bound to the servers; null where nobody counts them.
  private @Nullable Integer sessions(String upstream, List<Peer> peers) {
    Upstream there = upstreams.find(upstream);
    if (there == null) {
      return null;
    }
    long nowMillis = System.nanoTime() / 1_000_000; // the clock of sessions
    Integer sum = null;
    for (Peer peer : peers) {
      OptionalInt sessions = there.sessionsAt(peer, nowMillis);
      if (sessions.isPresent()) {
        sum = (sum == null ? 0 : sum) + sessions.getAsInt();
      }
    }
    return sum;
  }

  /// True if something else has changed what becomes of the server.
  private boolean isOvertaken(Running one) {
    Server present = find(one.now.upstream(), one.now.server());
    return present != null && isOther(one, present);
  }

  private static boolean isOther(Running one, Server present) {
    return !present.spec.address().equals(one.server.address()) || !present.spec.drain();
  }

  private record Seen(long revision, @Nullable Server present) {}

  private void finish(Running one) {
    Drain drain = one.now;
    while (!closed) {
      Seen seen =
          writer.consistently(
              revision -> new Seen(revision, find(drain.upstream(), drain.server())));
      Server present = seen.present;
      if (present == null) {
        over(one, Drain.Phase.DONE, null, "the server had been removed meanwhile");
        return;
      }
      if (isOther(one, present)) {
        over(one, Drain.Phase.ENDED, null, "the server was changed meanwhile");
        return;
      }
      UpstreamChange change = change(drain);
      if (change == null) {
        over(one, Drain.Phase.DONE, null, drain.note());
        return;
      }
      Origin origin = drain.origin();
      String why = drain.deadlineReached() ? "deadline of drain " : "end of drain ";
      ChangeRequest request =
          ChangeRequest.of(
                  new Origin(origin.dialect(), origin.who(), why + drain.id()),
                  drain.upstream(),
                  change)
              .ifRevision(seen.revision);
      if (drain.force()) {
        request = request.forced();
      }
      switch (writer.submit(request).join()) {
        case ChangeResult.Applied applied -> {
          over(one, Drain.Phase.DONE, applied.revision(), drain.note());
          return;
        }
        case ChangeResult.StaleRevision _ -> {
          // something was changed between the look and the change: look again
        }
        case ChangeResult.Refused refused -> {
          over(one, Drain.Phase.ENDED, null, refused.message());
          return;
        }
        case ChangeResult.StoreFailed failed -> retry(one, failed.message());
        case ChangeResult.Unavailable(String message) -> retry(one, message);
      }
    }
  }

  private void retry(Running one, String trouble) {
    synchronized (this) {
      one.now = one.now.noted("tries again: " + trouble);
    }
    try {
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static @Nullable UpstreamChange change(Drain drain) {
    return switch (drain.then()) {
      case REMOVE -> new UpstreamChange.Remove(drain.server());
      case DOWN ->
          new UpstreamChange.Update(
              drain.server(), PeerPatch.NOTHING.withDown(true).withDrain(false));
      case KEEP -> null;
    };
  }

  private Drain over(Running one, Drain.Phase how, @Nullable Long revision, String note) {
    Drain over;
    synchronized (this) {
      over = one.now.over(how, revision, System.currentTimeMillis(), note);
      running.remove(over.id());
      end(over);
      keep(over.id(), null);
    }
    tell(over);
    one.over.complete(over);
    return over;
  }

  private synchronized void end(Drain over) {
    ended.put(over.id(), over);
    if (ended.size() > REMEMBERED) {
      ended.remove(ended.keySet().iterator().next());
    }
  }

  /// Keeps a drain, or forgets it; tells why that did not work, null if it did.
  private synchronized @Nullable String keep(String id, @Nullable String text) {
    Map<String, String> next = new HashMap<>(kept.entries());
    if (text == null) {
      next.remove(id);
    } else {
      next.put(id, text);
    }
    KeyvalSnapshot snapshot = KeyvalSnapshot.of(kept.revision() + 1, next);
    return switch (store.commit(kept.revision(), snapshot, Set.of(id))) {
      case StateStore.Commit.Done() -> {
        kept = snapshot;
        yield null;
      }
      case StateStore.Commit.Conflict(long current) -> "the file is at " + current;
      case StateStore.Commit.Failed(_, String message) -> message;
    };
  }

  private void tell(Drain drain) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("id", drain.id());
    fields.put("upstream", drain.upstream());
    fields.put("server", drain.server());
    fields.put("address", drain.address());
    fields.put("phase", drain.phase().name().toLowerCase(java.util.Locale.ROOT));
    fields.put("active", drain.active());
    fields.put("deadline_reached", drain.deadlineReached());
    if (!drain.note().isEmpty()) {
      fields.put("note", drain.note());
    }
    events.publish("drain", fields);
  }

  /// Looks no more; what is under way is taken up by the next process.
  @Override
  public void close() {
    closed = true;
    synchronized (this) {
      store.close();
    }
  }
}

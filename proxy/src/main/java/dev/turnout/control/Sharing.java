package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.share.Layout;
import dev.turnout.cluster.share.Note;
import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.Replica;
import dev.turnout.cluster.share.SharedStore;
import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStore.State;
import dev.turnout.cluster.share.Transaction;
import dev.turnout.http.Product;
import dev.turnout.http.Upstreams;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// What ties the node to the store that it shares with others: changes of shared things go there
/// before they are in force here, and what others change comes from there, through the same writer.
///
/// The [Replica] decides; here is what acts on it: the writer's thread, on which everything that
/// belongs to the replica runs; the engine's, which brings news and waits until they are in force;
/// and a virtual thread that announces the node, and tries again what the store did not take.
/// Requests know nothing of all that.
public final class Sharing implements AutoCloseable {
  /// A store as configured.
  ///
  /// @param store its client
  /// @param layout what is shared, and where it is in the store
  /// @param node the name of the node; null: the one that it gave itself
  /// @param keepsLocally what to do with a change while the store is away: to keep it, or to refuse
  /// @param syncMillis how often nodes tell each other of zones with `sync`
  /// @param memory what the node remembers of it
  /// @param said by what it was configured: equal to another if nothing was changed
  public record Setup(
      SharedStore store,
      Layout layout,
      @Nullable String node,
      boolean keepsLocally,
      long syncMillis,
      StoreMemory memory,
      Object said) {}

  /// What became of a change.
  sealed interface Outcome {
    /// The store has it, or it is kept for it: it may take effect.
    record Made() implements Outcome {}

    /// Something was changed by others meanwhile: it is to be judged again.
    record Moved() implements Outcome {}

    /// It was not made, or it is not known whether it was.
    record Failed(String message) implements Outcome {}
  }

  private static final long LOOK_MILLIS = 5;
  private static final Duration ANNOUNCED_FOR = Duration.ofSeconds(10);
  private static final int MARK_TRIES = 3;
  private static final long CATCH_UP_MILLIS = 5000;
  private static final int NOTED_TRANSACTIONS = 20_000;

  private final ChangeWriter writer;
  private final Upstreams upstreams;
  private final Function<String, @Nullable KeyvalZone> zones;
  private final Events events;
  private final Fence fence;
  private final long startedMillis = System.currentTimeMillis();

  // ---- the writer's thread
  private @Nullable Replica replica;
  private @Nullable String chance; // made when it is asked for: its source is slow to set up
  private String node = "";
  private SharedStore.@Nullable Following following;
  private @Nullable Adopter adopter; // of the replica
  private boolean heard; // since the start
  private String trouble = "";
  private long sinceMillis = startedMillis;
  private StoreStatus.Link lastLink = StoreStatus.Link.NONE;

  // ---- shared: docs/concurrency.md
  private volatile @Nullable Setup setup;
  private volatile @Nullable Setup staged;
  private volatile StoreStatus status = StoreStatus.NONE;
  private volatile @Nullable ErrorLog log;
  private volatile String address = "";
  private volatile long incarnation;
  private volatile boolean engineLost; // told by the engine, not taken by the writer yet
  private final AtomicLong commits = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong keptChanges = new AtomicLong();
  private final AtomicLong foreign = new AtomicLong();
  private final AtomicLong conflicts = new AtomicLong();
  private final AtomicLong losses = new AtomicLong();
  private final AtomicLong applied = new AtomicLong();
  private final StoreRevisions revisions = new StoreRevisions();
  private final Announcer announcer =
      new Announcer(this::announce, () -> onWriter(this::openNow), () -> onWriter(this::readAgain));

  Sharing(
      ChangeWriter writer,
      Upstreams upstreams,
      Function<String, @Nullable KeyvalZone> zones,
      Events events,
      Fence fence) {
    this.writer = writer;
    this.upstreams = upstreams;
    this.zones = zones;
    this.events = events;
    this.fence = fence;
  }

  /// Where what goes wrong is told from now on.
  public void log(ErrorLog next) {
    log = next;
  }

  private void log(Level level, String message) {
    ErrorLog there = log;
    if (there != null) {
      there.log(level, message);
    }
  }

  /// Where this node can be reached by those who operate it.
  public void address(String next) {
    address = next;
  }

  /// How the node stands with the store.
  public StoreStatus status() {
    StoreStatus there = status;
    return there.link() == StoreStatus.Link.NONE ? there : there.with(applied.get(), counts());
  }

  /// True if there is a store.
  public boolean isOn() {
    return status.link() != StoreStatus.Link.NONE;
  }

  // ---- beginning

  /// What is shared from the moment on at which the configuration that is being read takes effect.
  public void stage(Setup next) {
    staged = next;
  }

  /// The store that is in use; null if there is none.
  public @Nullable Setup present() {
    return setup;
  }

  /// True if there is a store, or one is about to be in use.
  public boolean isWanted() {
    return staged != null || setup != null;
  }

  /// Begins to share what was staged, or goes on with another layout. On the writer's thread, after
  /// the configuration took effect. Returns at once, whether the store can be reached or not.
  public void activate() {
    Setup next = staged;
    staged = null;
    if (next == null) {
      return;
    }
    Setup before = setup;
    setup = next;
    Replica old = replica;
    if (old == null || before == null) {
      String own = next.memory.node();
      node = next.node != null ? next.node : own != null ? own : ownName(chance());
      restart(next, old);
    } else if (!before.layout.equals(next.layout)) {
      restart(next, old);
    } else {
      retryRejected();
      announcer.askAgain();
    }
    tell();
  }

  private String chance() {
    String made = chance;
    if (made == null) {
      made = new BigInteger(100, new SecureRandom()).setBit(100).toString(36);
      chance = made;
    }
    return made;
  }

  private static String ownName(String chance) {
    String host = System.getenv().getOrDefault("HOSTNAME", "");
    try {
      host = host.isEmpty() ? java.net.InetAddress.getLocalHost().getHostName() : host;
    } catch (java.net.UnknownHostException _) {
      host = "node";
    }
    return host.replaceAll("[^A-Za-z0-9._-]", "-") + "-" + chance.substring(0, 4);
  }

  private void restart(Setup next, @Nullable Replica old) {
    SharedStore.Following there = following;
    if (there != null) {
      there.close();
    }
    StoreMemory remembered = next.memory;
    Replica.Known known = old == null ? remembered.known() : old.known();
    Map<String, Replica.Pending> pending =
        new LinkedHashMap<>(old == null ? remembered.kept() : old.pending());
    pending.keySet().removeIf(key -> next.layout.thing(key) == null);
    Replica fresh =
        new Replica(
            next.layout.names(node),
            chance(),
            Math.min(500, next.store.mostKeys() - 3),
            things(next).served(),
            known,
            pending);
    replica = fresh;
    adopter =
        new Adopter(
            writer,
            events,
            this::log,
            things(next),
            fresh,
            next.layout.names(node),
            next.store.label(),
            foreign,
            conflicts);
    remember();
    upstreams.storedBy(name -> fresh.value(next.layout.group(name)) != null);
    following = next.store.follow(next.layout.prefixes(), new News());
    announcer.start();
  }

  private SharedThings things(Setup of) {
    return new SharedThings(of.layout, upstreams, zones);
  }

  // ---- changes of this node

  /// Whether a change would be one of something shared. On the writer's thread.
  boolean isShared(Operation operation) {
    Setup now = setup;
    return now != null && things(now).isShared(operation);
  }

  /// True if what a request does to shared things depends on keys that it does not name.
  boolean mustKnowAll(ChangeRequest request) {
    Setup now = setup;
    return now != null && things(now).mustKnowAll(request);
  }

  /// Why these changes cannot be shared; empty if they can, or need not be. On the writer's thread.
  Optional<String> check(List<Delta> deltas) {
    Setup now = setup;
    return now == null ? Optional.empty() : things(now).check(deltas, mostKeys(now));
  }

  private static int mostKeys(Setup now) {
    return Math.min(now.store.mostKeys(), NOTED_TRANSACTIONS) - 2; // and notes
  }

  /// What the store is to be told of changes; empty: nothing of it is shared.
  Map<String, Replica.Write> writes(List<JournalEntry> entries, boolean guarded) {
    Setup now = setup;
    return now == null ? Map.of() : things(now).writes(entries, guarded);
  }

  /// Waits until this node serves all that the store had when it was asked: a transaction that
  /// changes nothing comes after all of that.
  ///
  /// @return why that is not known; null if it is, or if this node goes on without the store
  @Nullable String catchUp() {
    AtomicReference<@Nullable String> doubt = new AtomicReference<>();
    AtomicLong upTo = new AtomicLong();
    try {
      writer.exclusively(() -> {
        Setup now = setup;
        Replica there = replica;
        if (now != null && there != null) {
          upTo.set(marked(now, there, doubt));
          tell();
        }
      });
    } catch (IllegalStateException e) {
      return String.valueOf(e.getMessage());
    }
    if (doubt.get() != null) {
      refused.incrementAndGet();
      return doubt.get();
    }
    try {
      if (announcer.await(() -> applied.get() >= upTo.get(), CATCH_UP_MILLIS)) {
        return null;
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return "not made: the node is stopping";
    }
    refused.incrementAndGet();
    return "not made: what others have changed was not heard in time from " + status.label();
  }

  /// The revision of a transaction that changes nothing; 0 if this node goes on without it.
  private long marked(Setup now, Replica there, AtomicReference<@Nullable String> doubt) {
    String message = why();
    for (int tries = 0; tries < MARK_TRIES; tries++) {
      open(now, there);
      if (there.link() != Replica.Link.UP || engineLost) {
        message = why();
        break;
      }
      Transaction transaction = there.propose(Map.of(), List.of());
      Commit commit = now.store.commit(transaction);
      apply(there.made(transaction, commit), Origin.of("store", ""), null);
      switch (commit) {
        case Commit.Done(long at, _, _) -> {
          return at;
        }
        case Commit.Refused(String why) -> message = trouble = why;
        case Commit.Unknown(String why) -> message = trouble = why;
        case Commit.Conflict _ -> message = "another session of this node has begun";
      }
    }
    if (!now.keepsLocally) {
      doubt.set("not made: " + message);
    }
    return 0;
  }

  /// Why it is not known that something shared is as this node serves it; null if it is known, or
  /// this node may say so. On the writer's thread.
  @Nullable String doubt() {
    Setup now = setup;
    Replica there = replica;
    boolean heardOf = there != null && there.link() != Replica.Link.DOWN && !engineLost;
    return now == null || now.keepsLocally || heardOf ? null : "not made: " + why();
  }

  /// Makes sure of what requests want that seems to be so already: another node may have changed it
  /// a moment ago, and this one not have heard of that. On the writer's thread; waits for the
  /// store.
  Outcome confirm(List<ChangeRequest> wished) {
    Setup now = setup;
    Replica there = replica;
    Map<String, Replica.Write> writes = new LinkedHashMap<>();
    if (now != null && there != null) {
      for (ChangeRequest request : wished) {
        for (Operation operation : request.operations()) {
          for (String key : things(now).keys(operation)) {
            writes.put(key, new Replica.Write(there.value(key), true));
          }
        }
      }
    }
    int most = now == null ? 1 : mostKeys(now);
    List<Map.Entry<String, Replica.Write>> all = new ArrayList<>(writes.entrySet());
    for (int i = 0; i < all.size(); i += most) {
      Map<String, Replica.Write> some = new LinkedHashMap<>();
      all.subList(i, Math.min(all.size(), i + most))
          .forEach(one -> some.put(one.getKey(), one.getValue()));
      Outcome outcome = commit(some, List.of());
      if (!(outcome instanceof Outcome.Made)) {
        return outcome;
      }
    }
    return new Outcome.Made();
  }

  /// Tells the store of changes. On the writer's thread; waits for the store.
  Outcome commit(Map<String, Replica.Write> change, List<JournalEntry> entries) {
    Setup now = setup;
    Replica there = replica;
    if (now == null || there == null) {
      throw new IllegalStateException("there is no store");
    }
    Map<String, String> rejected = rejected();
    for (String key : change.keySet()) {
      if (rejected.containsKey(key) && there.isUnreadable(key)) {
        refused.incrementAndGet();
        return new Outcome.Failed(
            "the store has something else under \"" + key + "\": " + rejected.get(key));
      }
    }
    open(now, there);
    Outcome outcome;
    if (there.link() != Replica.Link.UP || engineLost) {
      outcome = notMade(now, there, change, why());
    } else {
      Transaction transaction = there.propose(change, things(now).noted(entries));
      Commit commit = now.store.commit(transaction);
      Replica.Step step = there.made(transaction, commit);
      outcome =
          switch (commit) {
            case Commit.Done(long revision, _, _) -> {
              commits.incrementAndGet();
              revisions.made(entries, revision);
              yield new Outcome.Made();
            }
            case Commit.Conflict _ -> new Outcome.Moved();
            case Commit.Refused(String message) -> away(now, there, change, message);
            case Commit.Unknown(String message) -> unknown(now, there, change, message);
          };
      apply(step, Origin.of("store", ""), null);
    }
    if (outcome instanceof Outcome.Made) {
      revisions.keptIfNotMade(entries);
    }
    tell();
    return outcome;
  }

  private String why() {
    String reason = status.reason();
    return status.label()
        + (engineLost || status.link() != StoreStatus.Link.READ_ONLY
            ? " is away"
            : " takes nothing")
        + (reason.isEmpty() ? "" : ": " + reason);
  }

  private Outcome away(
      Setup now, Replica there, Map<String, Replica.Write> change, String message) {
    trouble = message;
    return notMade(now, there, change, now.store.label() + ": " + message);
  }

  private Outcome notMade(
      Setup now, Replica there, Map<String, Replica.Write> change, String message) {
    if (!now.keepsLocally) {
      refused.incrementAndGet();
      return new Outcome.Failed("not made: " + message);
    }
    return keep(there, change);
  }

  private Outcome unknown(
      Setup now, Replica there, Map<String, Replica.Write> change, String message) {
    trouble = message;
    if (!now.keepsLocally) {
      refused.incrementAndGet();
      return new Outcome.Failed(
          "it is not known whether it was made, or will be: " + now.store.label() + ": " + message);
    }
    return keep(there, change);
  }

  private Outcome keep(Replica there, Map<String, Replica.Write> change) {
    there.keep(change);
    String failure = remember();
    if (failure != null) {
      refused.incrementAndGet();
      return new Outcome.Failed("neither the store nor the disk takes it: " + failure);
    }
    keptChanges.incrementAndGet();
    return new Outcome.Made();
  }

  /// Brings the store what it is yet to be told, until it has it or does not take it.
  private void open(Setup now, Replica there) {
    Transaction next = engineLost ? null : there.opening();
    while (next != null) {
      Commit commit = now.store.commit(next);
      apply(there.made(next, commit), Origin.of("store", ""), null);
      switch (commit) {
        case Commit.Done _ -> trouble = "";
        case Commit.Refused(String message) -> {
          trouble = message;
          return;
        }
        case Commit.Unknown(String message) -> trouble = message;
        case Commit.Conflict _ -> {
          // looked at anew, or without what others have changed
        }
      }
      next = engineLost ? null : there.opening();
    }
  }

  // ---- changes of others

  /// What the engine tells, on its thread: it waits until the writer has taken it.
  private final class News implements SharedStore.Follower {
    @Override
    public void synced(State all) {
      engineLost = false;
      onWriter(() -> {
        Replica there = replica;
        if (there != null) {
          heard = true;
          trouble = "";
          Origin origin = new Origin("store", "", "caught up", label());
          apply(there.synced(all), origin, null);
          retryRejected();
          openNow();
        }
      });
      settled(all.revision());
    }

    @Override
    public void changed(State keys) {
      onWriter(() -> {
        Replica there = replica;
        if (there != null) {
          Origin unknown = new Origin("store", "", "", label());
          noticeTwin(there, keys);
          apply(there.changed(keys), unknown, keys);
          openNow();
        }
      });
    }

    @Override
    public void settled(long revision) {
      fence
          .passed()
          .whenComplete((_, _) -> {
            applied.set(revision);
            announcer.wake();
          });
    }

    @Override
    public void lost(String reason) {
      engineLost = true;
      losses.incrementAndGet();
      log(Level.ERROR, "the store " + label() + " is away: " + reason);
      onWriter(() -> {
        Replica there = replica;
        if (there != null) {
          there.lost();
          trouble = reason;
          tell();
        }
      });
      events.publish("store", Map.of("what", "lost", "reason", reason));
    }

    @Override
    public void noticed(String what) {
      log(Level.WARN, "the store " + label() + ": " + what);
      events.publish("store", Map.of("what", "noticed", "reason", what));
    }

    private String label() {
      return status.label();
    }
  }

  /// Another node that has this one's name writes its note: they would disturb each other for ever.
  private void noticeTwin(Replica there, State keys) {
    Setup now = setup;
    if (now == null || there.link() != Replica.Link.UP) {
      return; // it may be from before this process
    }
    String own = now.layout.names(node).notes() + node;
    Note note =
        keys.keys().get(own) instanceof Reading.Present(String text, _) ? Note.parse(text) : null;
    if (note != null && !note.session().equals(chance())) {
      trouble = "another node is called \"" + node + "\", too: node=name gives each its own";
      log(Level.ERROR, "the store " + now.store.label() + ": " + trouble);
      events.publish("store", Map.of("what", "noticed", "reason", trouble));
    }
  }

  private void onWriter(Runnable task) {
    try {
      writer.exclusively(task);
    } catch (IllegalStateException | CompletionException e) {
      if (!writer.isClosed()) {
        tellBug(e);
      }
    }
  }

  private void openNow() {
    Setup now = setup;
    Replica there = replica;
    if (now != null && there != null) {
      open(now, there);
      if (there.link() == Replica.Link.UP) {
        remember();
      }
    }
    tell();
  }

  /// Puts in force what a step says.
  ///
  /// @param usual where it comes from if nobody says
  /// @param told what the engine told, with the notes of those who changed it; null: a whole
  ///   snapshot, or an answer
  private void apply(Replica.Step step, Origin usual, @Nullable State told) {
    Adopter there = adopter;
    if (there != null) {
      there.apply(step, usual, told);
    }
    if (step.again()) {
      announcer.askAgain();
    }
  }

  /// Keys whose values are not served, and why.
  private Map<String, String> rejected() {
    Adopter there = adopter;
    return there == null ? Map.of() : there.rejected();
  }

  /// What could not be taken may be right by now.
  private void retryRejected() {
    Adopter there = adopter;
    if (there != null) {
      there.retryRejected();
    }
  }

  // ---- what is remembered and told

  private @Nullable String remember() {
    Setup there = setup;
    Replica now = replica;
    return there == null || now == null
        ? null
        : there.memory.keep(node, now.known(), now.pending());
  }

  private void tell() {
    Setup now = setup;
    Replica there = replica;
    if (now == null || there == null) {
      return;
    }
    StoreStatus.Link link =
        switch (there.link()) {
          case UP -> StoreStatus.Link.UP;
          case OPENING -> StoreStatus.Link.READ_ONLY;
          case DOWN -> heard ? StoreStatus.Link.LOST : StoreStatus.Link.CONNECTING;
        };
    if (link != lastLink) {
      if (link == StoreStatus.Link.UP) {
        log(Level.NOTICE, "the store " + now.store.label() + " and this node agree");
        events.publish("store", Map.of("what", "synced", "revision", there.revision()));
      } else if (link == StoreStatus.Link.READ_ONLY && !trouble.isEmpty()) {
        log(Level.ERROR, "the store " + now.store.label() + " takes nothing: " + trouble);
        events.publish("store", Map.of("what", "read_only", "reason", trouble));
      }
      lastLink = link;
      sinceMillis = System.currentTimeMillis();
    }
    Replica.Known known = there.known();
    incarnation = known == null ? 0 : known.lineage().incarnation();
    status =
        new StoreStatus(
            now.store.label(),
            node,
            link,
            sinceMillis,
            link == StoreStatus.Link.UP ? "" : trouble,
            there.revision(),
            applied.get(),
            there.pending().size(),
            rejected(),
            counts());
  }

  private StoreStatus.Counts counts() {
    return new StoreStatus.Counts(
        commits.get(),
        refused.get(),
        keptChanges.get(),
        foreign.get(),
        conflicts.get(),
        losses.get());
  }

  // ---- the cluster

  private void readAgain() {
    SharedStore.Following there = following;
    if (there != null) {
      there.again();
    }
  }

  private void announce() {
    Setup now = setup;
    StoreStatus present = status;
    if (now == null || present.link() == StoreStatus.Link.NONE || engineLost) {
      return;
    }
    try {
      now.store.announce(node, MemberText.of(self()), ANNOUNCED_FOR);
    } catch (IOException _) {
      // the next one says all of it again
    } catch (RuntimeException e) {
      tellBug(e);
    }
  }

  private void tellBug(Exception e) {
    ErrorLog there = log;
    if (there != null) {
      there.log(Level.ALERT, 0, "unexpected error while following the store", e);
    }
  }

  private StoreStatus.Member self() {
    StoreStatus present = status;
    return new StoreStatus.Member(
        present.node(),
        address,
        "turnout/" + Product.VERSION,
        present.link().name().toLowerCase(Locale.ROOT),
        incarnation,
        applied.get(),
        writer.history().revision(),
        startedMillis,
        true);
  }

  /// The nodes of the cluster that live, this one first. Waits for the store.
  ///
  /// @throws IOException if the store did not tell
  public List<StoreStatus.Member> members() throws IOException {
    Setup now = setup;
    List<StoreStatus.Member> members = new ArrayList<>();
    members.add(self());
    if (now != null) {
      new TreeMap<>(now.store.nodes())
          .forEach((name, text) -> {
            StoreStatus.Member member = MemberText.parse(name, text, false);
            if (member != null && !name.equals(status.node())) {
              members.add(member);
            }
          });
    }
    return members;
  }

  /// True if a change is not in the store: it was made while that was away.
  ///
  /// @param revision the node's own
  public boolean isKept(long revision) {
    return revisions.isKept(revision);
  }

  /// Waits until every node that lives serves a change.
  ///
  /// @param revision the node's own
  /// @return which do, at the latest after `millis`; empty if the change is not in the store
  /// @throws IOException if the store did not tell who lives
  public Optional<StoreStatus.Spread> awaitEverywhere(long revision, long millis)
      throws IOException, InterruptedException {
    Long at = revisions.of(revision);
    if (at == null) {
      return Optional.empty();
    }
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    while (true) {
      List<String> serving = new ArrayList<>();
      List<String> missing = new ArrayList<>();
      for (StoreStatus.Member member : members()) {
        boolean serves = member.applied() >= at && member.incarnation() >= incarnation;
        (serves ? serving : missing).add(member.node());
      }
      if (missing.isEmpty() || System.nanoTime() - end >= 0) {
        return Optional.of(new StoreStatus.Spread(serving, missing));
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  @Override
  public void close() {
    SharedStore.Following there = following;
    Setup now = setup;
    announcer.end();
    if (there != null) {
      there.close();
    }
    try {
      announcer.join();
      if (now != null) {
        now.store.withdraw(node);
      }
    } catch (IOException _) {
      // it is forgotten in time
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    if (now != null) {
      onWriter(() -> {
        remember();
        now.memory.close();
      });
      now.store.close();
    }
  }
}

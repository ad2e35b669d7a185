package dev.turnout.cluster.share;

import dev.turnout.cluster.share.SharedStore.Commit;
import dev.turnout.cluster.share.SharedStore.State;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A node's copy of what is in a store, and what the store is yet to be told: a state machine
/// without threads, clock or network. Owned by the writer's thread; simulated in the tests with all
/// that can go wrong.
///
/// *What it promises*, as long as the engine keeps its own promises:
///
/// - A value that the store has confirmed stays, until somebody changes it. If the store itself
///   goes back to something older, the nodes that heard of the changes it has lost make them again,
///   where nobody has changed the same since; if it has lost everything, they bring back all they
///   know. (What is deleted by hand in a store that has lost something leaves no trace, and a node
///   that was away may bring it back.)
/// - What is deleted does not come back: what a node remembers from before it was cut off never
///   overwrites what others have done meanwhile.
/// - What was written while the store was away ([#keep]) is written to the store afterwards, unless
///   somebody else has changed the same key: then that counts, and the other is told as a
///   [Conflict].
/// - When nothing changes any more, all nodes serve what the store has.
///
/// Before it writes anything after a break, a node *opens a session*: it changes its own note in
/// the store, and every later transaction expects the note as the one before has left it. So a
/// transaction of an earlier session that was stuck somewhere can never be made late.
public final class Replica {
  /// Whether the store can be written to.
  public enum Link {
    /// It is not heard.
    DOWN,
    /// It is heard, but the session is not open, or it has yet to be told something.
    OPENING,
    /// All is told.
    UP
  }

  /// The keys that the replica itself uses.
  ///
  /// @param lineage where the [Lineage] is
  /// @param notes what the keys of all nodes' notes begin with
  /// @param node the name of this node, which no other one has
  public record Names(String lineage, String notes, String node) {
    String note() {
      return notes + node;
    }

    boolean has(String key) {
      return key.equals(lineage) || key.startsWith(notes);
    }
  }

  /// A value of this node that another one took the place of.
  ///
  /// @param ours what this node had; null: it had deleted the key
  /// @param theirs what counts; null: the key is deleted
  public record Conflict(String key, @Nullable String ours, @Nullable String theirs) {}

  /// What a step leads to.
  ///
  /// @param serve what is to be served from now on, of the keys where that is different; null: the
  ///   key is no more
  /// @param conflicts what was given up
  /// @param unreadable keys that hold no value, and why: what was served before goes on being
  ///   served
  /// @param again true if [SharedStore.Following#again] is to be asked
  public record Step(
      Map<String, @Nullable String> serve,
      List<Conflict> conflicts,
      Map<String, String> unreadable,
      boolean again) {
    // Written out: of a compact constructor the class file does not keep that values may be null.
    public Step(
        Map<String, @Nullable String> serve,
        List<Conflict> conflicts,
        Map<String, String> unreadable,
        boolean again) {
      this.serve = Collections.unmodifiableMap(new LinkedHashMap<>(serve));
      this.conflicts = List.copyOf(conflicts);
      this.unreadable = Map.copyOf(unreadable);
      this.again = again;
    }

    static Step nothing() {
      return new Step(Map.of(), List.of(), Map.of(), false);
    }

    static Step askAgain() {
      return new Step(Map.of(), List.of(), Map.of(), true);
    }
  }

  /// What a node remembers of a store over a restart; null: it was never in one.
  public record Known(Lineage lineage, long revision) {}

  /// A value that is to be written to the store.
  ///
  /// @param value null: the key is to be deleted
  /// @param base what the store had when that was decided; null: nothing
  public record Pending(@Nullable String value, @Nullable String base) {}

  /// One key of a change.
  ///
  /// @param value null: the key is deleted
  /// @param guarded true if it is to be made only if the store has what this node knows
  public record Write(@Nullable String value, boolean guarded) {}

  private static final int ASKED = 50;
  private static final int ASKED_AFTER_LOSS = 1000;
  private static final int NOTED_CHANGES = 8;
  private static final int NOTED_KEYS = 20; // of a change
  private static final long UNKNOWN = 0;

  private final Names names;
  private final String chance;
  private final int chunk;

  private Link link = Link.DOWN;
  private boolean opened; // the session
  private @Nullable Lineage lineage;
  private @Nullable Lineage next; // to be begun
  private long revision;
  private boolean suspicious; // the store seems to have gone back
  private Past.@Nullable Fork fork; // where it did go back to, until it knows of that
  private long lookedAt; // the revision at the last look at what it has since
  private final Map<String, Reading> held = new HashMap<>();
  private final Map<String, Long> touched = new HashMap<>(); // since the last snapshot
  private final LinkedHashMap<String, Pending> pending = new LinkedHashMap<>();
  private final LinkedHashMap<String, Pending> restored = new LinkedHashMap<>(); // of the same kind
  // of what the store has lost, as long as it is not known to have it, or something newer
  private final Map<String, Past.Chain> chains = new HashMap<>();
  private final Set<String> own = new HashSet<>(); // keys from before it ever was in a store
  private final Past past = new Past();

  // what the note tells
  private long transactions;
  private final ArrayDeque<Note.Change> changes = new ArrayDeque<>();
  private Asked asked = Asked.NOTHING; // as the store has it
  private Note.Keys brought = Note.Keys.NONE;
  private @Nullable Note proposed; // with the transaction that is being made

  /// @param chance a text by chance: of letters and digits, not too short
  /// @param chunk how many keys are told in one transaction at most
  /// @param served what the node serves: what it held when it ended
  /// @param known what it remembers of the store; null: it was never in one
  /// @param kept what the store is yet to be told
  public Replica(
      Names names,
      String chance,
      int chunk,
      Map<String, String> served,
      @Nullable Known known,
      Map<String, Pending> kept) {
    this.names = names;
    this.chance = chance;
    this.chunk = chunk;
    if (known != null) {
      lineage = known.lineage;
      revision = known.revision;
    } else {
      own.addAll(served.keySet());
    }
    served.forEach((key, value) -> held.put(key, new Reading.Present(value, Transaction.NEVER)));
    // What is served of a kept key is the kept value; what the store has is what it was based on.
    kept.forEach((key, one) -> {
      pending.put(key, one);
      hold(key, one.base == null ? Reading.ABSENT : present(one.base));
    });
  }

  private static Reading present(String value) {
    return new Reading.Present(value, Transaction.NEVER);
  }

  private void hold(String key, Reading reading) {
    if (reading instanceof Reading.Absent) {
      held.remove(key);
    } else {
      held.put(key, reading);
    }
  }

  // ---- what is known

  public Link link() {
    return link;
  }

  /// The last revision that is known to have been.
  public long revision() {
    return revision;
  }

  /// What to remember over a restart.
  public @Nullable Known known() {
    Lineage now = lineage;
    return now == null ? null : new Known(now, revision);
  }

  /// What operators wanted and the store is yet to be told.
  public Map<String, Pending> pending() {
    return Collections.unmodifiableMap(pending);
  }

  /// What the node serves of a key; null: nothing.
  public @Nullable String value(String key) {
    Pending kept = pending.getOrDefault(key, restored.get(key));
    return kept != null ? kept.value : stored(key);
  }

  /// True if the store has something under a key that is no value.
  public boolean isUnreadable(String key) {
    return held.get(key) instanceof Reading.Unreadable;
  }

  /// What is in the store under all keys but the replica's own, as far as it is known.
  public Map<String, String> values() {
    Map<String, String> values = new HashMap<>();
    Set<String> keys = new HashSet<>(held.keySet());
    keys.addAll(pending.keySet());
    keys.addAll(restored.keySet());
    for (String key : keys) {
      String value = value(key);
      if (value != null && !names.has(key)) {
        values.put(key, value);
      }
    }
    return values;
  }

  /// The notes of all nodes, by node.
  public Map<String, Note> notes() {
    return notes(held);
  }

  private Map<String, Note> notes(Map<String, Reading> keys) {
    Map<String, Note> all = new HashMap<>();
    keys.forEach((key, reading) -> {
      if (key.startsWith(names.notes) && reading instanceof Reading.Present(String text, _)) {
        Note note = Note.parse(text);
        if (note != null) {
          all.put(key.substring(names.notes.length()), note);
        }
      }
    });
    return all;
  }

  private @Nullable String stored(String key) {
    return held.get(key) instanceof Reading.Present(String value, _) ? value : null;
  }

  private Reading reading(String key) {
    return held.getOrDefault(key, Reading.ABSENT);
  }

  // ---- what the store tells

  /// The store is not heard any more.
  public void lost() {
    link = Link.DOWN;
    opened = false;
    suspicious = false;
  }

  /// All that is in the store.
  public Step synced(State all) {
    link = Link.DOWN;
    opened = false;
    // What was to be brought back was judged by what was there then.
    restored.forEach(
        (key, one) -> hold(key, one.value == null ? Reading.ABSENT : present(one.value)));
    restored.clear();
    Reading stored = all.keys().getOrDefault(names.lineage, Reading.ABSENT);
    Lineage there = stored instanceof Reading.Present(String text, _) ? Lineage.parse(text) : null;
    if (there == null && !(stored instanceof Reading.Absent)) {
      link = Link.DOWN; // it is no store of ours: nothing of it is believed
      return new Step(
          Map.of(),
          List.of(),
          Map.of(names.lineage, "it does not tell which cluster it is"),
          false);
    }
    Lineage known = lineage;
    boolean joins = known == null || (there != null && !there.id().equals(known.id()));
    if (known != null && joins) {
      own.addAll(held.keySet()); // of another cluster
    }
    next = null;
    Map<String, Note> notes = notes(all.keys());
    Past.Fork seen = past.fork(notes);
    boolean noteIsBehind = seen.to() < Long.MAX_VALUE;
    if (known != null && (noteIsBehind || isBehind(known, there, all.revision())) && !suspicious) {
      suspicious = true; // it may have been taken before the last commit: ask again
      return Step.askAgain();
    }
    suspicious = false;
    Map<String, Past.Chain> lostThere = new HashMap<>();
    if (known == null) {
      next = there == null ? new Lineage(chance, 1, Past.Fork.NOTHING) : null;
    } else if (there == null) {
      next = known.next(Past.Fork.NOTHING);
    } else if (!joins && there.incarnation() == known.incarnation()) {
      Past.Fork now = fork;
      boolean again = now != null && all.revision() < lookedAt;
      if (now == null || again) {
        boolean wentBack = all.revision() < revision || noteIsBehind || again;
        long to = Math.min(seen.to(), Math.min(all.revision(), revision));
        now = wentBack ? new Past.Fork(Math.min(seen.from(), to), to) : null;
        if (now != null) {
          past.forked();
          lostThere = past.since(known.incarnation(), now);
        }
      }
      fork = now;
      lookedAt = all.revision();
      next = now == null ? null : known.next(now);
    } else if (!joins && there.incarnation() == known.incarnation() + 1) {
      if (fork == null) {
        past.forked();
        lostThere = past.since(known.incarnation(), there.fork().and(seen));
      }
    } else if (!joins) {
      past.forked();
      boolean isOlder = there.incarnation() < known.incarnation();
      Past.Fork at = isOlder ? new Past.Fork(all.revision(), all.revision()) : Past.Fork.UNKNOWN;
      lostThere = past.since(isOlder ? there.incarnation() : 0, at);
      next = isOlder ? known.next(Past.Fork.UNKNOWN) : null;
    }
    if (there != null && !there.equals(known)) {
      lineage = there;
      fork = null;
      past.forgetNotes();
    }
    goOnFrom(notes.get(names.node));
    lostThere.putAll(chains); // what was not brought back before the link broke
    chains.clear();
    lostThere.keySet().removeIf(key -> past.isAsked(key, notes));
    Step step = take(all, there == null ? Blank.of(known) : Blank.NOT, lostThere, notes);
    past.heard(notes, all.revision());
    if (next == null) { // else it is as it was until the store knows of the next incarnation
      revision = all.revision();
    }
    link = Link.OPENING;
    return step;
  }

  /// The next note has what the one has that is there, whichever process wrote it.
  private void goOnFrom(@Nullable Note note) {
    Lineage now = lineage;
    boolean isOfNow = note != null && now != null && note.incarnation() == now.incarnation();
    asked = note == null ? Asked.NOTHING : note.asked();
    brought = note == null || !isOfNow ? Note.Keys.NONE : note.brought();
  }

  /// True if a key may be as it is because a node has brought it back that knows less than this
  /// one. As long as nobody has begun the next incarnation nobody brings back anything.
  private boolean isBrought(String key, Map<String, Note> notes) {
    Lineage now = lineage;
    return now != null
        && next == null
        && !past.isAsked(key, notes)
        && notes.values().stream()
            .anyMatch(
                note -> note.incarnation() == now.incarnation() && note.brought().mayHave(key));
  }

  /// True if the store has less than it had.
  private boolean isBehind(Lineage known, @Nullable Lineage there, long at) {
    return there == null
        || !there.id().equals(known.id())
        || there.incarnation() < known.incarnation()
        || (there.incarnation() == known.incarnation() && at < revision);
  }

  /// What a store without a lineage is.
  private enum Blank {
    /// It has one.
    NOT,
    /// It was never used: it gets what the node has had before.
    NEW,
    /// It has lost everything: it gets what the node knows.
    LOST;

    static Blank of(@Nullable Lineage known) {
      return known == null ? NEW : LOST;
    }
  }

  /// Brings what is known together with what is there.
  ///
  /// @param blank what it is to get if the store does not know of any cluster
  /// @param lostThere what keys were that the store may have lost the last values of
  /// @param notes that are there
  private Step take(
      State all, Blank blank, Map<String, Past.Chain> lostThere, Map<String, Note> notes) {
    Map<String, @Nullable String> serve = new LinkedHashMap<>();
    List<Conflict> conflicts = new ArrayList<>();
    Map<String, String> unreadable = new HashMap<>();
    Set<String> keys = new LinkedHashSet<>(held.keySet());
    keys.addAll(pending.keySet());
    keys.addAll(all.keys().keySet());
    keys.addAll(lostThere.keySet());
    for (String key : keys) {
      Reading there = all.keys().getOrDefault(key, Reading.ABSENT);
      if (names.has(key)) {
        hold(key, there);
        continue;
      }
      String served = value(key);
      String ours = stored(key);
      if (there instanceof Reading.Unreadable(String reason)) {
        unreadable.put(key, reason);
        hold(key, there);
        Pending dropped = pending.remove(key);
        if (dropped != null) {
          conflicts.add(new Conflict(key, dropped.value, null));
        }
        continue;
      }
      String theirs = there instanceof Reading.Present(String value, _) ? value : null;
      Past.Chain chain = lost(key, ours, theirs, lostThere.get(key), notes);
      boolean wentBack =
          blank != Blank.NOT
              ? theirs == null && ours != null && (blank == Blank.LOST || own.contains(key))
              : !Objects.equals(ours, theirs) && chain != null;
      Pending kept = pending.get(key);
      if (chain != null) {
        chains.put(key, chain);
      }
      if (wentBack) {
        if (kept == null) {
          restored.put(key, new Pending(ours, theirs));
        } else {
          pending.put(key, new Pending(kept.value, theirs));
        }
      } else if (kept != null && !Objects.equals(theirs, kept.base)) {
        pending.remove(key);
        if (!Objects.equals(theirs, kept.value)) {
          conflicts.add(new Conflict(key, kept.value, theirs));
        }
      } else if (kept == null && own.contains(key) && !Objects.equals(ours, theirs)) {
        conflicts.add(new Conflict(key, ours, theirs));
      }
      if (!wentBack) {
        own.remove(key);
      }
      hold(key, there);
      if (!wentBack) {
        remember(key, ours, next == null ? revision : UNKNOWN, all.revision());
      }
      String now = value(key);
      if (!Objects.equals(served, now)) {
        serve.put(key, now);
      }
    }
    touched.clear();
    return new Step(serve, conflicts, unreadable, false);
  }

  /// What a key was, if it is as it is only because the store has lost what it was last, or because
  /// somebody has brought back something older than that; else null. Anything else may be what
  /// somebody wants who does not know of the loss.
  private Past.@Nullable Chain lost(
      String key,
      @Nullable String ours,
      @Nullable String theirs,
      Past.@Nullable Chain chain,
      Map<String, Note> notes) {
    if (chain == null) {
      return null;
    }
    boolean isBack = chain.has(theirs) && isBrought(key, notes);
    return isBack ? chain : chain.from(theirs, ours);
  }

  /// Keys that may have changed.
  public Step changed(State some) {
    if (link == Link.DOWN) {
      return Step.nothing(); // a snapshot comes
    }
    Map<String, @Nullable String> serve = new LinkedHashMap<>();
    List<Conflict> conflicts = new ArrayList<>();
    Map<String, String> unreadable = new HashMap<>();
    boolean again = false;
    some.keys()
        .forEach((key, now) -> { // whose notes say what was asked for
          if (key.startsWith(names.notes) && !key.equals(names.note())) {
            hold(key, now);
            Note note = now instanceof Reading.Present(String text, _) ? Note.parse(text) : null;
            if (note != null) {
              String node = key.substring(names.notes.length());
              past.heard(node, note, some.revision());
            }
          }
        });
    for (Map.Entry<String, Reading> one : some.keys().entrySet()) {
      String key = one.getKey();
      Reading now = one.getValue();
      if (touched.getOrDefault(key, UNKNOWN) > some.revision()) {
        if (!(now instanceof Reading.Unreadable)) { // what this node wrote since is newer
          long at = some.revision();
          String value = now instanceof Reading.Present(String text, _) ? text : null;
          past.overwritten(Math.min(revision, at - 1), at, key, value);
        }
        continue;
      }
      boolean ours = key.equals(names.lineage) || (opened && key.equals(names.note()));
      if (ours && !now.version().equals(reading(key).version())) {
        again = true; // another incarnation, or another node of this name
        continue;
      }
      if (names.has(key)) {
        hold(key, now);
        if (key.equals(names.note()) && now instanceof Reading.Present(String text, _)) {
          goOnFrom(Note.parse(text)); // of a transaction that it did not know to be made
        }
        continue;
      }
      foreign(key, now, some.revision(), serve, conflicts, unreadable);
    }
    revision = Math.max(revision, some.revision());
    if (again) {
      lost();
    }
    relink();
    return new Step(serve, conflicts, unreadable, again);
  }

  private void foreign(
      String key,
      Reading now,
      long at,
      Map<String, @Nullable String> serve,
      List<Conflict> conflicts,
      Map<String, String> unreadable) {
    String before = stored(key);
    String served = value(key);
    Pending kept = pending.getOrDefault(key, restored.get(key));
    if (now instanceof Reading.Unreadable(String reason)) {
      unreadable.put(key, reason);
      hold(key, now);
      if (kept != null) {
        told(key);
        conflicts.add(new Conflict(key, kept.value, null));
      }
      return;
    }
    String theirs = now instanceof Reading.Present(String value, _) ? value : null;
    Pending back = restored.get(key);
    Past.Chain chain = chains.get(key);
    boolean isOlder = chain != null && chain.has(theirs) && isBrought(key, notes());
    if (isOlder && (back != null || kept == null)) { // who brought it knows less
      restored.put(key, new Pending(back != null ? back.value : before, theirs));
    } else if (isOlder && kept != null) {
      pending.put(key, new Pending(kept.value, theirs)); // and has changed nothing
    } else if (kept != null && !Objects.equals(theirs, kept.base)) {
      told(key);
      if (!Objects.equals(theirs, kept.value)) {
        conflicts.add(new Conflict(key, kept.value, theirs));
      }
    }
    if (!isOlder) {
      chains.remove(key);
    }
    hold(key, now);
    touched.put(key, at);
    remember(key, before, revision, at);
    String next = value(key);
    if (!Objects.equals(served, next)) {
      serve.put(key, next);
    }
  }

  /// There is nothing more to say to the store of this key.
  private void told(String key) {
    pending.remove(key);
    restored.remove(key);
    chains.remove(key);
    own.remove(key);
  }

  private void remember(String key, @Nullable String before, long after, long at) {
    Lineage now = lineage;
    if (now == null || Objects.equals(before, stored(key))) {
      return;
    }
    past.changed(now.incarnation(), Math.min(after, at - 1), at, key, before);
  }

  /// All that was committed up to this revision has been told.
  public void settled(long upTo) {
    if (touched.size() > Past.REMEMBERED) {
      touched.values().removeIf(at -> at <= upTo);
    }
  }

  // ---- what the store is told

  /// The transaction that is to be made before anything else; null if there is none: the link is
  /// up, or down.
  public @Nullable Transaction opening() {
    if (link != Link.OPENING) {
      return null;
    }
    Map<String, String> expected = new HashMap<>();
    Map<String, @Nullable String> writes = new LinkedHashMap<>();
    if (!opened) {
      Lineage begun = next;
      if (begun != null) {
        writes.put(names.lineage, begun.text());
      }
      return session(expected, writes);
    }
    for (Map<String, Pending> source : List.of(restored, pending)) {
      for (Map.Entry<String, Pending> one : source.entrySet()) {
        if (writes.size() < chunk) {
          expected.put(one.getKey(), reading(one.getKey()).version());
          writes.put(one.getKey(), one.getValue().value);
        }
      }
    }
    return writes.isEmpty() ? null : session(expected, writes);
  }

  /// A change of this node's as a transaction. The link must be up.
  ///
  /// @param noted what it is, for the other nodes
  public Transaction propose(Map<String, Write> change, List<Note.Change> noted) {
    if (link != Link.UP) {
      throw new IllegalStateException("nothing can be written to a store that is " + link);
    }
    Map<String, String> expected = new HashMap<>();
    Map<String, @Nullable String> writes = new LinkedHashMap<>();
    change.forEach((key, write) -> {
      if (write.guarded) {
        expected.put(key, reading(key).version());
      }
      writes.put(key, write.value);
    });
    for (Note.Change one : noted) {
      changes.add(new Note.Change(one.keys().stream().limit(NOTED_KEYS).toList(), one.origin()));
    }
    while (changes.size() > NOTED_CHANGES) {
      changes.remove();
    }
    return session(expected, writes);
  }

  /// The transaction, made only in this session.
  private Transaction session(Map<String, String> expected, Map<String, @Nullable String> writes) {
    expected.put(names.lineage, reading(names.lineage).version());
    Reading note = reading(names.note());
    if (!(note instanceof Reading.Unreadable)) {
      expected.put(names.note(), note.version());
    }
    boolean begins = next != null;
    Lineage now = begins ? next : lineage;
    long incarnation = now == null ? 0 : now.incarnation();
    Set<String> back = new LinkedHashSet<>(writes.keySet());
    back.retainAll(restored.keySet());
    Set<String> wanted = new LinkedHashSet<>(writes.keySet());
    wanted.removeAll(back);
    wanted.removeIf(names::has);
    Note told =
        new Note(
            chance,
            ++transactions,
            incarnation,
            asked.with(chance, transactions, wanted, incarnation < 2 ? ASKED : ASKED_AFTER_LOSS),
            (begins ? Note.Keys.NONE : brought).with(back),
            List.copyOf(changes));
    proposed = told;
    writes.put(names.note(), told.text());
    return new Transaction(expected, writes);
  }

  /// Keeps a change for the time when the store is there again; from now on it is served.
  public void keep(Map<String, Write> change) {
    change.forEach((key, write) -> {
      Pending before = pending.getOrDefault(key, restored.get(key));
      String base = before == null ? stored(key) : before.base;
      told(key);
      // Also if it is as the store has it: what was asked before may be on its way.
      pending.put(key, new Pending(write.value, base));
    });
    relink();
  }

  /// The link is up when the session is open and all is told.
  private void relink() {
    if (link != Link.DOWN) {
      boolean isTold = pending.isEmpty() && restored.isEmpty();
      link = opened && isTold ? Link.UP : Link.OPENING;
    }
  }

  /// What became of a transaction that [#opening] or [#propose] gave.
  public Step made(Transaction transaction, Commit commit) {
    return switch (commit) {
      case Commit.Done done -> done(transaction, done);
      case Commit.Conflict(State present) -> conflict(present);
      case Commit.Refused _ -> Step.nothing();
      case Commit.Unknown _ -> {
        lost();
        yield Step.askAgain();
      }
    };
  }

  private Step done(Transaction transaction, Commit.Done done) {
    Lineage begun = next;
    if (!opened && begun != null) {
      lineage = begun;
      next = null;
      fork = null;
      past.forgetNotes();
      revision = done.revision();
    }
    opened = true;
    Note note = proposed;
    if (note != null) {
      asked = note.asked();
      brought = note.brought();
      past.made(names.node, note, done.revision());
    }
    transaction
        .writes()
        .forEach((key, value) -> {
          String before = stored(key);
          String version = done.versions().get(key);
          hold(
              key,
              value == null
                  ? Reading.ABSENT
                  : new Reading.Present(value, version == null ? Transaction.NEVER : version));
          touched.put(key, done.revision());
          if (!names.has(key)) {
            remember(key, before, done.revision() - 1, done.revision());
            told(key);
          }
        });
    revision = Math.max(revision, done.revision());
    relink();
    return Step.nothing();
  }

  private Step conflict(State present) {
    revision = Math.max(revision, present.revision());
    for (String key : List.of(names.lineage, names.note())) {
      Reading there = present.keys().get(key);
      if (there != null && !there.version().equals(reading(key).version())) {
        lost();
        return Step.askAgain(); // not in this session any more
      }
    }
    if (present.keys().keySet().stream().anyMatch(restored::containsKey)) {
      lost(); // whether somebody asked for that is in the notes
      return Step.askAgain();
    }
    Map<String, @Nullable String> serve = new LinkedHashMap<>();
    List<Conflict> conflicts = new ArrayList<>();
    Map<String, String> unreadable = new HashMap<>();
    boolean news = false;
    for (Map.Entry<String, Reading> one : present.keys().entrySet()) {
      String key = one.getKey();
      if (!names.has(key) && !one.getValue().version().equals(reading(key).version())) {
        foreign(key, one.getValue(), present.revision(), serve, conflicts, unreadable);
        news = true;
      }
    }
    if (!news) { // what could it be? to look is better than to try for ever
      lost();
      return Step.askAgain();
    }
    relink();
    return new Step(serve, conflicts, unreadable, false);
  }
}

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

  /// Something that has changed, and what it was before.
  private static final class Past {
    final long incarnation;
    final long revision;
    final String key;
    @Nullable String before;

    Past(long incarnation, long revision, String key, @Nullable String before) {
      this.incarnation = incarnation;
      this.revision = revision;
      this.key = key;
      this.before = before;
    }
  }

  private static final int REMEMBERED = 10_000;
  private static final int NOTED_CHANGES = 8;
  private static final int NOTED_KEYS = 20; // of a change
  private static final int NOTED_SINCE = 1000;
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
  private long wentBackTo = -1; // the revision that it did go back to, until it knows of that
  private final Map<String, Reading> held = new HashMap<>();
  private final Map<String, Long> touched = new HashMap<>(); // since the last snapshot
  private final LinkedHashMap<String, Pending> pending = new LinkedHashMap<>();
  private final LinkedHashMap<String, Pending> restored = new LinkedHashMap<>(); // of the same kind
  private final Map<String, Set<@Nullable String>> chains = new HashMap<>(); // what these were before
  private final Set<String> own = new HashSet<>(); // keys from before it ever was in a store
  private final ArrayDeque<Past> past = new ArrayDeque<>();

  // what the note tells
  private long transactions;
  private long noted; // the last transaction that the store has confirmed
  private final LinkedHashMap<Long, Long> notedAt = new LinkedHashMap<>(); // revisions of those
  private final ArrayDeque<Note.Change> changes = new ArrayDeque<>();
  private final LinkedHashSet<String> since = new LinkedHashSet<>();

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
    Map<String, Set<@Nullable String>> lostThere = new HashMap<>();
    boolean joins = known == null || (there != null && !there.id().equals(known.id()));
    if (known != null && joins) {
      own.addAll(held.keySet()); // of another cluster
    }
    next = null;
    boolean noteIsBehind = isNoteBehind(all);
    if (known != null && (noteIsBehind || isBehind(known, there, all.revision())) && !suspicious) {
      suspicious = true; // it may have been taken before the last commit: ask again
      return Step.askAgain();
    }
    suspicious = false;
    if (known == null) {
      next = there == null ? new Lineage(chance, 1, 0) : null;
    } else if (there == null) {
      next = known.next(revision);
    } else if (!joins && there.incarnation() == known.incarnation()) {
      if (all.revision() < revision || noteIsBehind || wentBackTo >= 0) {
        // Others may have taken it past what is known here before it was told.
        long to = all.revision() < revision ? all.revision() : notedAt(all);
        wentBackTo = wentBackTo < 0 ? to : Math.min(wentBackTo, to);
        lostThere = since(known.incarnation(), wentBackTo);
        next = known.next(wentBackTo);
      }
    } else if (!joins && there.incarnation() == known.incarnation() + 1) {
      lostThere = since(known.incarnation(), there.from());
    } else if (!joins) {
      lostThere = since(0, 0);
      next = there.incarnation() < known.incarnation() ? known.next(all.revision()) : null;
    }
    if (there != null && !there.equals(known)) {
      lineage = there;
      since.clear();
      wentBackTo = -1;
    }
    Set<String> owed = Set.copyOf(chains.keySet());
    chains.forEach(lostThere::putIfAbsent); // what was not brought back before the link broke
    if (there != null) {
      dropAsked(lostThere, notes(all.keys()), there);
    }
    chains.clear();
    chains.putAll(lostThere);
    // Only what is exactly as it was then: anything else may be what somebody wanted who did not
    // know of the loss.
    lostThere.replaceAll(
        (key, chain) ->
            owed.contains(key) ? chain : Collections.singleton(chain.iterator().next()));
    boolean blank = there == null;
    Step step = take(all, blank ? Blank.of(known) : Blank.NOT, lostThere);
    if (next == null) { // else it is as it was until the store knows of the next incarnation
      revision = all.revision();
    }
    link = Link.OPENING;
    return step;
  }

  /// Drops the keys that somebody has changed since the store went back: that they are as they were
  /// is what was wanted.
  private static void dropAsked(
      Map<String, Set<@Nullable String>> lostThere, Map<String, Note> notes, Lineage there) {
    for (Note note : notes.values()) {
      if (note.incarnation() == there.incarnation()) {
        note.since().forEach(lostThere::remove);
        if (note.tooMany()) {
          lostThere.clear();
        }
      }
    }
  }

  /// True if the store has an older note of this process than it had.
  private boolean isNoteBehind(State all) {
    Note note = noteOf(all);
    return note != null && note.session().equals(chance) && note.number() < noted;
  }

  private @Nullable Note noteOf(State all) {
    return all.keys().get(names.note()) instanceof Reading.Present(String text, _)
        ? Note.parse(text)
        : null;
  }

  /// When the note was made that the store has: so far back it is at most.
  private long notedAt(State all) {
    Note note = noteOf(all);
    return note != null ? notedAt.getOrDefault(note.number(), UNKNOWN) : UNKNOWN;
  }

  /// True if the store has less than it had.
  private boolean isBehind(Lineage known, @Nullable Lineage there, long at) {
    return there == null
        || !there.id().equals(known.id())
        || there.incarnation() < known.incarnation()
        || (there.incarnation() == known.incarnation() && at < revision);
  }

  /// What keys were, before and between the changes that a store that has gone back to a revision
  /// has lost of them.
  private Map<String, Set<@Nullable String>> since(long incarnation, long from) {
    Map<String, Set<@Nullable String>> before = new HashMap<>();
    for (Past one : past) {
      boolean later =
          one.incarnation > incarnation || (one.incarnation == incarnation && one.revision > from);
      if (later) {
        before.computeIfAbsent(one.key, _ -> new LinkedHashSet<>()).add(one.before);
      }
    }
    return before;
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
  private Step take(State all, Blank blank, Map<String, Set<@Nullable String>> lostThere) {
    Map<String, @Nullable String> serve = new LinkedHashMap<>();
    List<Conflict> conflicts = new ArrayList<>();
    Map<String, String> unreadable = new HashMap<>();
    Set<String> keys = new LinkedHashSet<>(held.keySet());
    keys.addAll(pending.keySet());
    keys.addAll(all.keys().keySet());
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
      boolean wentBack =
          blank != Blank.NOT
              ? theirs == null && ours != null && (blank == Blank.LOST || own.contains(key))
              : isIn(lostThere.get(key), theirs)
                  && !Objects.equals(ours, theirs);
      Pending kept = pending.get(key);
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
        remember(key, ours, all.revision()); // at the latest
      }
      String now = value(key);
      if (!Objects.equals(served, now)) {
        serve.put(key, now);
      }
    }
    touched.clear();
    return new Step(serve, conflicts, unreadable, false);
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
    some.keys().forEach((key, now) -> { // whose notes say what was asked for
      if (key.startsWith(names.notes) && !key.equals(names.note())) {
        hold(key, now);
      }
    });
    for (Map.Entry<String, Reading> one : some.keys().entrySet()) {
      String key = one.getKey();
      Reading now = one.getValue();
      if (touched.getOrDefault(key, UNKNOWN) > some.revision()) {
        overwritten(key, now); // what this node wrote since is newer
        continue;
      }
      boolean ours = key.equals(names.lineage) || (opened && key.equals(names.note()));
      if (ours && !now.version().equals(reading(key).version())) {
        again = true; // another incarnation, or another node of this name
        continue;
      }
      if (names.has(key)) {
        hold(key, now);
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

  /// What this node has written was written over something that it had not heard of yet.
  private void overwritten(String key, Reading unheard) {
    if (unheard instanceof Reading.Unreadable) {
      return;
    }
    for (var recent = past.descendingIterator(); recent.hasNext(); ) {
      Past one = recent.next();
      if (one.key.equals(key)) {
        one.before = unheard instanceof Reading.Present(String value, _) ? value : null;
        return;
      }
    }
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
    if (back != null && isOlder(key, theirs)) {
      restored.put(key, new Pending(back.value, theirs)); // who brought it knows less
    } else if (kept != null && !Objects.equals(theirs, kept.base)) {
      told(key);
      if (!Objects.equals(theirs, kept.value)) {
        conflicts.add(new Conflict(key, kept.value, theirs));
      }
    }
    hold(key, now);
    touched.put(key, at);
    remember(key, before, at);
    String next = value(key);
    if (!Objects.equals(served, next)) {
      serve.put(key, next);
    }
  }

  /// True if a key that is to be brought back was changed to something that it was before that.
  private boolean isOlder(String key, @Nullable String theirs) {
    Lineage now = lineage;
    if (now == null) {
      return false;
    }
    Map<String, Set<@Nullable String>> still = new HashMap<>(chains);
    dropAsked(still, notes(), now);
    return isIn(still.get(key), theirs);
  }

  private static boolean isIn(@Nullable Set<@Nullable String> values, @Nullable String value) {
    return values != null && values.contains(value);
  }

  /// There is nothing more to say to the store of this key.
  private void told(String key) {
    pending.remove(key);
    restored.remove(key);
    own.remove(key);
  }

  private void remember(String key, @Nullable String before, long at) {
    Lineage now = lineage;
    if (now == null || Objects.equals(before, stored(key))) {
      return;
    }
    past.add(new Past(now.incarnation(), at, key, before));
    if (past.size() > REMEMBERED) {
      past.remove();
    }
  }

  /// All that was committed up to this revision has been told.
  public void settled(long upTo) {
    if (touched.size() > REMEMBERED) {
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
        since.clear();
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
    Lineage now = next != null ? next : lineage;
    long incarnation = now == null ? 0 : now.incarnation();
    if (incarnation > 1 && since.size() <= NOTED_SINCE) {
      writes.keySet().stream()
          .filter(key -> !names.has(key) && !restored.containsKey(key))
          .forEach(since::add);
    }
    boolean tooMany = since.size() > NOTED_SINCE;
    writes.put(
        names.note(),
        new Note(
                chance,
                ++transactions,
                incarnation,
                tooMany ? List.of() : List.copyOf(since),
                tooMany,
                List.copyOf(changes))
            .text());
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
      wentBackTo = -1;
      revision = done.revision();
    }
    opened = true;
    noted = transactions; // one at a time
    notedAt.put(noted, done.revision());
    if (notedAt.size() > NOTED_SINCE) {
      notedAt.remove(notedAt.keySet().iterator().next());
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
            remember(key, before, done.revision());
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

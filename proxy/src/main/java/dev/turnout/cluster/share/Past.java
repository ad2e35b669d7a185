package dev.turnout.cluster.share;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a [Replica] heard of the last changes, for the case that the store loses them: what keys
/// were before, and which notes came after which. Owned by the replica.
///
/// When something changed is known as well as it was heard: after the revision that was known
/// before, and at the latest at the one that came with it.
final class Past {
  /// Where a store has gone back to.
  ///
  /// @param from what it has for certain
  /// @param to what it has at most
  record Fork(long from, long to) {
    /// Nothing is left.
    static final Fork NOTHING = new Fork(0, 0);

    /// It is not known: before the first change that is remembered.
    static final Fork UNKNOWN = new Fork(1, 0);

    /// The same fork, by what somebody else has seen of it, too.
    Fork and(Fork other) {
      if (equals(NOTHING) || equals(UNKNOWN)) {
        return this;
      }
      long last = Math.min(to, other.to);
      return new Fork(Math.min(Math.max(from, other.from), last), last);
    }
  }

  /// What a key was at a fork and since, in that order; what it was last is not in it.
  ///
  /// @param was the values; null: nothing
  /// @param last how many of them it may have been at the fork: the first is one of those
  record Chain(List<@Nullable String> was, int last) {
    // Written out: of a compact constructor the class file does not keep that values may be null.
    Chain(List<@Nullable String> was, int last) {
      this.was = Collections.unmodifiableList(new ArrayList<>(was));
      this.last = last;
    }

    /// What is left of it now that it is known what the key was at the fork; null if nothing is
    /// lost.
    ///
    /// @param now what it was last
    @Nullable Chain from(@Nullable String then, @Nullable String now) {
      if (last > was.size() && Objects.equals(then, now)) {
        return null;
      }
      int i = was.subList(0, Math.min(last, was.size())).lastIndexOf(then);
      return i < 0 ? null : new Chain(was.subList(i, was.size()), 1);
    }

    /// True if the key was that once since the fork.
    boolean has(@Nullable String value) {
      return was.contains(value);
    }
  }

  private static final class Change {
    final long incarnation;
    final String key;
    final long after;
    final long at;
    @Nullable String before;

    Change(long incarnation, long after, long at, String key, @Nullable String before) {
      this.incarnation = incarnation;
      this.after = after;
      this.at = at;
      this.key = key;
      this.before = before;
    }
  }

  /// What no two notes of a node have in common.
  private record Stamp(String session, long number) {
    static Stamp of(Note note) {
      return new Stamp(note.session(), note.number());
    }
  }

  /// When a note was written.
  private record When(long after, long at) {}

  static final int REMEMBERED = 10_000;
  private static final int NOTES_OF_A_NODE = 1000;

  private final ArrayDeque<Change> changes = new ArrayDeque<>();
  private final Map<String, LinkedHashMap<Stamp, When>> notes = new HashMap<>(); // by node
  private long heardUpTo; // the revision up to which all notes are known that were not overwritten
  // by node and session the last transaction
  private final Map<String, Map<String, Long>> heard = new HashMap<>();
  private Map<String, Map<String, Long>> heardThen = Map.of(); // before the fork

  /// A key was changed.
  ///
  /// @param before what it was; null: nothing
  void changed(long incarnation, long after, long at, String key, @Nullable String before) {
    changes.add(new Change(incarnation, after, at, key, before));
    if (changes.size() > REMEMBERED) {
      changes.remove();
    }
  }

  /// A key had been changed before this node changed it: only now it hears of that.
  void overwritten(long after, long at, String key, @Nullable String value) {
    Change next = null; // that was made of it
    for (var recent = changes.descendingIterator(); recent.hasNext(); ) {
      Change one = recent.next();
      if (one.key.equals(key)) {
        if (one.after < at) {
          break;
        }
        next = one;
      }
    }
    if (next == null || Objects.equals(next.before, value)) {
      return;
    }
    List<Change> all = new ArrayList<>(changes);
    all.add(all.indexOf(next), new Change(next.incarnation, after, at, key, next.before));
    next.before = value;
    changes.clear();
    changes.addAll(all);
  }

  /// What keys were that were changed, or may have been, since a store was at a fork.
  Map<String, Chain> since(long ofIncarnation, Fork fork) {
    long incarnation = fork.from > fork.to ? 0 : ofIncarnation;
    Map<String, List<@Nullable String>> was = new HashMap<>();
    Map<String, Integer> last = new HashMap<>(); // what came later was not there at the fork
    for (Change one : changes) {
      if (one.incarnation > incarnation || (one.incarnation == incarnation && one.at > fork.from)) {
        List<@Nullable String> values = was.computeIfAbsent(one.key, _ -> new ArrayList<>());
        if (fork.equals(Fork.NOTHING) && values.isEmpty()) {
          values.add(null);
          last.put(one.key, 1);
        }
        values.add(one.before);
        if (one.incarnation > incarnation || one.after >= fork.to) {
          last.putIfAbsent(one.key, values.size());
        }
      }
    }
    Map<String, Chain> chains = new HashMap<>();
    for (Map.Entry<String, List<@Nullable String>> one : was.entrySet()) {
      List<@Nullable String> values = one.getValue();
      int possible = last.getOrDefault(one.getKey(), values.size() + 1);
      chains.put(one.getKey(), new Chain(values, possible));
    }
    return chains;
  }

  /// All notes as they were at a revision.
  void heard(Map<String, Note> all, long at) {
    all.forEach((node, note) -> heard(node, note, heardUpTo, at));
    heardUpTo = at;
  }

  /// A node wrote a note; may be told again.
  void heard(String node, Note note, long at) {
    heard(node, note, Math.min(heardUpTo, at - 1), at);
    heardUpTo = Math.max(heardUpTo, at);
  }

  /// This node wrote one.
  void made(String node, Note note, long at) {
    heard(node, note, at - 1, at);
  }

  private void heard(String node, Note note, long after, long at) {
    LinkedHashMap<Stamp, When> all = notes.computeIfAbsent(node, _ -> new LinkedHashMap<>());
    all.putIfAbsent(Stamp.of(note), new When(after, at));
    Map<String, Long> last = heard.computeIfAbsent(node, _ -> new HashMap<>());
    last.merge(note.session(), note.number(), Math::max);
    note.asked().sessions().forEach(one -> last.merge(one.id(), one.last(), Math::max));
    if (all.size() > NOTES_OF_A_NODE) {
      all.remove(all.keySet().iterator().next());
    }
  }

  /// Another incarnation has begun: what was written before it says nothing of its revisions.
  void forgetNotes() {
    notes.clear();
    heardUpTo = 0;
  }

  /// What is heard from now on may have come after a fork.
  void forked() {
    Map<String, Map<String, Long>> then = new HashMap<>();
    heard.forEach((node, sessions) -> then.put(node, Map.copyOf(sessions)));
    heardThen = then;
  }

  /// True if somebody has asked for a key since the fork, or may have: that it is as it is is what
  /// was wanted.
  boolean isAsked(String key, Map<String, Note> notes) {
    return notes.entrySet().stream()
        .anyMatch(one ->
            one.getValue()
                .asked()
                .mayHaveAfter(heardThen.getOrDefault(one.getKey(), Map.of()), key));
  }

  /// Where a store is, by the notes that are there, if it has gone back.
  ///
  /// @return whose end is [Long#MAX_VALUE] if no note is there that another had come after
  Fork fork(Map<String, Note> there) {
    long from = 0;
    long to = Long.MAX_VALUE;
    for (Map.Entry<String, Note> one : there.entrySet()) {
      Map<Stamp, When> all = notes.getOrDefault(one.getKey(), new LinkedHashMap<>());
      When last = all.get(Stamp.of(one.getValue()));
      if (last != null) {
        from = Math.max(from, last.after + 1);
        for (When other : all.values()) {
          to = other.at > last.at ? Math.min(to, other.at - 1) : to;
        }
      }
    }
    return new Fork(Math.min(from, to), to);
  }
}

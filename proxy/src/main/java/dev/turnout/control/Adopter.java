package dev.turnout.control;

import dev.turnout.cluster.Origin;
import dev.turnout.cluster.share.Note;
import dev.turnout.cluster.share.Reading;
import dev.turnout.cluster.share.Replica;
import dev.turnout.cluster.share.SharedStore.State;
import dev.turnout.log.Level;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Puts in force at this node what the [Replica] says that others have changed, with who did it and
/// why, and remembers what cannot be served. Confined to the writer's thread.
final class Adopter {
  private static final int TOLD_CONFLICTS = 100;

  private final ChangeWriter writer;
  private final Events events;
  private final BiConsumer<Level, String> log;
  private final SharedThings things;
  private final Replica replica;
  private final Replica.Names names;
  private final String label;
  private final AtomicLong foreign;
  private final AtomicLong conflicts;
  private final Map<String, String> rejected = new TreeMap<>();

  /// @param names under which keys nodes say what they did
  /// @param label of the store, for people
  /// @param foreign counts changes of others
  /// @param conflicts counts values of this node that another one took the place of
  Adopter(
      ChangeWriter writer,
      Events events,
      BiConsumer<Level, String> log,
      SharedThings things,
      Replica replica,
      Replica.Names names,
      String label,
      AtomicLong foreign,
      AtomicLong conflicts) {
    this.writer = writer;
    this.events = events;
    this.log = log;
    this.things = things;
    this.replica = replica;
    this.names = names;
    this.label = label;
    this.foreign = foreign;
    this.conflicts = conflicts;
  }

  /// Keys whose values are not served, and why.
  Map<String, String> rejected() {
    return rejected;
  }

  /// Puts in force what a step says.
  ///
  /// @param usual where it comes from if nobody says
  /// @param told what the engine told, with the notes of those who changed it; null: a whole
  ///   snapshot, or an answer
  void apply(Replica.Step step, Origin usual, @Nullable State told) {
    step.unreadable().forEach(this::reject);
    Map<Origin, List<Adoption>> byOrigin = new LinkedHashMap<>();
    Map<Adoption, String> keys = new HashMap<>();
    step.serve()
        .forEach((key, value) -> {
          Adoption adoption = adoption(key, value);
          if (adoption != null) {
            keys.put(adoption, key);
            byOrigin
                .computeIfAbsent(origin(key, usual, told), _ -> new ArrayList<>())
                .add(adoption);
          }
        });
    boolean groups = false;
    for (Map.Entry<Origin, List<Adoption>> one : byOrigin.entrySet()) {
      foreign.incrementAndGet();
      one.getValue().forEach(adoption -> rejected.remove(keys.get(adoption)));
      writer
          .adopt(one.getValue(), one.getKey())
          .forEach(
              (adoption, reason) -> reject(Objects.requireNonNull(keys.get(adoption)), reason));
      groups |= one.getValue().stream().anyMatch(Adoption.Group.class::isInstance);
    }
    if (groups && !rejected.isEmpty()) {
      retryRejected();
    }
    tellConflicts(step.conflicts());
  }

  private void tellConflicts(List<Replica.Conflict> all) {
    conflicts.addAndGet(all.size());
    all.stream()
        .limit(TOLD_CONFLICTS)
        .forEach(one -> {
          String ours = one.ours() == null ? "deleted" : "\"" + one.ours() + "\"";
          String theirs = one.theirs() == null ? "deleted" : "\"" + one.theirs() + "\"";
          log.accept(
              Level.ERROR,
              "conflict in the store over \"%s\": here it was %s, %s counts"
                  .formatted(one.key(), ours, theirs));
          events.publish(
              "store",
              Map.of("what", "conflict", "key", one.key(), "ours", ours, "theirs", theirs));
        });
  }

  private @Nullable Adoption adoption(String key, @Nullable String value) {
    try {
      return things.adoption(key, value);
    } catch (SharedThings.Unfit e) {
      reject(key, e.reason());
      return null;
    }
  }

  /// What was served before goes on being served.
  private void reject(String key, String reason) {
    if (!reason.equals(rejected.put(key, reason))) {
      log.accept(
          Level.ERROR,
          "the store has something under \"" + key + "\" that is not taken: " + reason);
      events.publish("store", Map.of("what", "rejected", "key", key, "reason", reason));
    }
  }

  /// What could not be taken may be right by now.
  void retryRejected() {
    for (String key : List.copyOf(rejected.keySet())) {
      if (replica.isUnreadable(key)) {
        continue;
      }
      Adoption adoption = adoption(key, replica.value(key));
      if (adoption == null) {
        if (replica.value(key) == null) {
          rejected.remove(key);
        }
        continue;
      }
      Map<Adoption, String> refusals =
          writer.adopt(List.of(adoption), new Origin("store", "", "caught up", label));
      if (refusals.isEmpty()) {
        rejected.remove(key);
      }
    }
  }

  /// Where a key's change comes from: the node that changed it says so in its note, which changes
  /// with it.
  private Origin origin(String key, Origin usual, @Nullable State told) {
    if (told == null) {
      return usual;
    }
    String notes = names.notes();
    for (Map.Entry<String, Reading> one : told.keys().entrySet()) {
      if (one.getKey().startsWith(notes)
          && one.getValue() instanceof Reading.Present(String text, _)) {
        Note note = Note.parse(text);
        String name = one.getKey().substring(notes.length());
        for (int i = note == null ? -1 : note.changes().size() - 1; i >= 0; i--) {
          Note.Change change = Objects.requireNonNull(note).changes().get(i);
          if (change.keys().contains(key)) {
            Origin origin = change.origin();
            String from = origin.from().isEmpty() ? "" : ", " + origin.from();
            return new Origin(origin.dialect(), origin.who(), origin.why(), "node " + name + from);
          }
        }
      }
    }
    return usual;
  }
}

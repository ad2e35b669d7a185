package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.Journal;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.PendingTrials;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.ZoneContent;
import dev.turnout.cluster.ZoneRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// All changes of the node that are remembered, in order, and the journal they are kept in. Written
/// by the writer alone, read by anyone; guarded by its own monitor.
public final class History implements ZoneRegistry.Memory, AutoCloseable {
  /// How many changes are remembered at most.
  private static final int MOST = 20_000;

  private final Revision revisions;
  private Journal journal = Journal.none();
  private List<JournalEntry> entries = new ArrayList<>();
  private long oldest;
  private final Map<String, UpstreamState> remembered = new HashMap<>();
  private final Map<String, ZoneContent> zones = new HashMap<>();
  private final Map<String, Long> zoneRevisions = new HashMap<>();
  private final List<JournalEntry> owed = new ArrayList<>(); // what the journal did not take yet
  private PendingTrials trials = new PendingTrials();
  private PendingTrials trialsBefore = trials;
  private int lastAppended;
  private volatile long revision;

  /// A history that begins now, and is kept nowhere until [#keepIn].
  public History(Revision revisions) {
    this.revisions = revisions;
  }

  /// Keeps the history in a journal from now on, and takes up what that remembers. Called before
  /// the first change.
  ///
  /// @return what an operator should know about how it was found, one line each
  /// @throws IOException if what was stored cannot be told
  public synchronized List<String> keepIn(Journal where) throws IOException {
    Journal.Loaded loaded = where.load();
    journal = where;
    oldest = loaded.revision();
    entries = new ArrayList<>(loaded.entries());
    remembered.putAll(loaded.upstreams());
    loaded
        .zones()
        .forEach((zone, content) -> {
          zones.put(zone, ZoneContent.of(content));
          zoneRevisions.put(zone, loaded.revision());
        });
    for (JournalEntry entry : entries) {
      for (Delta delta : entry.deltas()) {
        switch (delta) {
          case Delta.OfUpstream(String name, _, UpstreamState after) -> remember(name, after);
          case Delta.OfZone zone -> {
            zones.computeIfAbsent(zone.zone(), _ -> ZoneContent.empty()).apply(zone);
            zoneRevisions.put(zone.zone(), entry.revision());
          }
        }
      }
    }
    trials = new PendingTrials(entries);
    revision = entries.isEmpty() ? loaded.revision() : entries.getLast().revision();
    revisions.atLeast(revision);
    return loaded.warnings();
  }

  /// Keeps changes from now on in a journal that is empty, and may not be opened yet, unless they
  /// are kept in one already.
  public synchronized void keepOnDemand(Journal where) {
    if (!journal.isDurable()) {
      journal = where;
    }
  }

  private void remember(String name, @Nullable UpstreamState state) {
    String key = name.toLowerCase(Locale.ROOT);
    if (state == null) {
      remembered.remove(key);
    } else {
      remembered.put(key, state);
    }
  }

  /// True if changes outlive the process.
  public synchronized boolean isDurable() {
    return journal.isDurable();
  }

  /// The number of the last change that is in force; 0: there was none.
  public long revision() {
    return revision;
  }

  /// The upstreams that the journal knew when it was read, by name in lower case; once: from then
  /// on what they are is what is in force.
  synchronized Map<String, UpstreamState> takeRemembered() {
    Map<String, UpstreamState> taken = Map.copyOf(remembered);
    remembered.clear();
    return taken;
  }

  /// What a zone without a file of its own held when the process ended.
  @Override
  public synchronized KeyvalSnapshot zone(String name) {
    ZoneContent content = zones.get(name);
    Long at = zoneRevisions.get(name);
    return content == null || at == null ? KeyvalSnapshot.EMPTY : content.toSnapshot(at);
  }

  /// What the file of a zone held, with the changes that were journalled but did not come to be
  /// written there.
  @Override
  public synchronized KeyvalSnapshot caughtUp(String name, KeyvalSnapshot stored) {
    ZoneContent content = null;
    long at = stored.revision();
    for (JournalEntry entry : entries) {
      for (Delta delta : entry.deltas()) {
        if (entry.revision() > stored.revision()
            && delta instanceof Delta.OfZone zone
            && zone.zone().equals(name)) {
          content = content == null ? ZoneContent.of(stored) : content;
          content.apply(zone);
          at = entry.revision();
        }
      }
    }
    return content == null ? stored : content.toSnapshot(at);
  }

  /// Takes changes that are in force whatever the journal says, for the store that nodes share has
  /// them. What the journal does not take is tried again before anything else.
  ///
  /// @return why it is not durable here; null if it is
  synchronized @Nullable String adopt(List<JournalEntry> fresh) {
    owed.addAll(fresh);
    Commit commit = journal.append(owed);
    if (commit instanceof Commit.Done) {
      owed.clear();
    }
    remember(fresh);
    lastAppended = 0;
    return commit instanceof Commit.Failed(_, String message) ? message : null;
  }

  /// Makes changes durable, all or none.
  synchronized Commit append(List<JournalEntry> fresh) {
    if (!owed.isEmpty()) {
      Commit earlier = journal.append(owed);
      if (!(earlier instanceof Commit.Done)) {
        return earlier;
      }
      owed.clear();
    }
    Commit commit = journal.append(fresh);
    lastAppended = 0;
    trialsBefore = trials.copy();
    if (commit instanceof Commit.Done) {
      remember(fresh);
      lastAppended = fresh.size();
    }
    return commit;
  }

  private void remember(List<JournalEntry> fresh) {
    entries.addAll(fresh);
    fresh.forEach(trials::follow);
    revision = entries.isEmpty() ? revision : entries.getLast().revision();
    if (entries.size() > MOST) {
      List<JournalEntry> gone = entries.subList(0, entries.size() - MOST / 2);
      oldest = gone.getLast().revision();
      entries = new ArrayList<>(entries.subList(gone.size(), entries.size()));
    }
  }

  /// Takes back what the last [#append] added.
  synchronized Commit retract() {
    for (int i = 0; i < lastAppended; i++) {
      entries.removeLast();
    }
    lastAppended = 0;
    trials = trialsBefore;
    revision = entries.isEmpty() ? oldest : entries.getLast().revision();
    return journal.retract();
  }

  /// The changes that are on trial, as of the last change.
  synchronized PendingTrials pendingTrials() {
    return trials.copy();
  }

  /// The revision before the first change that is remembered: the farthest that can be restored.
  public synchronized long oldest() {
    return oldest;
  }

  /// The changes after `after`, oldest first, at most `most`.
  public synchronized List<JournalEntry> since(long after, int most) {
    int from = indexAfter(after);
    return List.copyOf(entries.subList(from, Math.min(entries.size(), from + most)));
  }

  /// The last changes, oldest first, at most `most`.
  public synchronized List<JournalEntry> last(int most) {
    return List.copyOf(entries.subList(Math.max(0, entries.size() - most), entries.size()));
  }

  /// One change.
  public synchronized Optional<JournalEntry> entry(long number) {
    int at = indexAfter(number - 1);
    return at < entries.size() && entries.get(at).revision() == number
        ? Optional.of(entries.get(at))
        : Optional.empty();
  }

  /// The revision that was in force at a moment, in milliseconds since the epoch; empty if that is
  /// before all that is remembered.
  public synchronized Optional<Long> revisionAt(long timeMillis) {
    long found = -1;
    for (JournalEntry entry : entries) {
      if (entry.timeMillis() > timeMillis) {
        break;
      }
      found = entry.revision();
    }
    if (found < 0 && oldest == 0) {
      return Optional.of(0L);
    }
    return found < 0 ? Optional.empty() : Optional.of(found);
  }

  private int indexAfter(long number) {
    int low = 0;
    int high = entries.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (entries.get(middle).revision() <= number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// The change that was asked with this `Idempotency-Key`.
  synchronized @Nullable JournalEntry withKey(String key) {
    for (int i = entries.size() - 1; i >= 0; i--) {
      if (IdempotencyKey.isSame(entries.get(i).key(), key)) {
        return entries.get(i);
      }
    }
    return null;
  }

  /// What everything that was changed since a revision was then.
  ///
  /// @param upstreams by name in lower case; null: it was not there
  /// @param zones of each zone the keys that changed; null: the key was not there
  /// @param deadlines of each zone until when the values of these keys held, of those that ended
  public record Then(
      Map<String, @Nullable UpstreamState> upstreams,
      Map<String, Map<String, @Nullable String>> zones,
      Map<String, Map<String, Long>> deadlines) {
    public Then {
      deadlines = Collections.unmodifiableMap(deadlines);
      upstreams = Collections.unmodifiableMap(upstreams);
      zones = Collections.unmodifiableMap(zones);
    }
  }

  /// What has changed since `number`, as it was then; empty if that is not remembered.
  public synchronized Optional<Then> at(long number) {
    if (number < oldest || number > revision) {
      return Optional.empty();
    }
    Map<String, @Nullable UpstreamState> upstreams = new LinkedHashMap<>();
    Map<String, Map<String, @Nullable String>> keys = new LinkedHashMap<>();
    Map<String, Map<String, Long>> deadlines = new HashMap<>();
    int first = indexAfter(number);
    for (int i = entries.size() - 1; i >= first; i--) {
      for (Delta delta : entries.get(i).deltas()) {
        switch (delta) {
          case Delta.OfUpstream(String name, UpstreamState before, _) ->
              upstreams.put(name.toLowerCase(Locale.ROOT), before);
          case Delta.OfZone zone -> {
            keys.computeIfAbsent(zone.zone(), _ -> new LinkedHashMap<>()).putAll(zone.before());
            Map<String, Long> ends = deadlines.computeIfAbsent(zone.zone(), _ -> new HashMap<>());
            ends.keySet().removeAll(zone.before().keySet());
            ends.putAll(zone.deadlinesBefore());
          }
        }
      }
    }
    return Optional.of(new Then(upstreams, keys, deadlines));
  }

  @Override
  public synchronized void close() {
    journal.close();
  }
}

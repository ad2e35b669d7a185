package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.PendingTrials;
import dev.turnout.cluster.Trial;
import dev.turnout.cluster.TrialEnd;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.CanaryAnswers;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.Upstream;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/// Takes back the changes that were made on trial: those that nobody confirms in time, and those
/// after which the servers that they are about answer badly. Guarded by its own monitor.
///
/// Which changes are on trial is told by the history alone, so a restart forgets none: one whose
/// time is over when the node comes back is taken back then. What servers have answered is counted
/// by each process anew. While there are any, one virtual thread looks at the clock and at those
/// counts: it costs requests nothing. A trial is that of the node where the change was asked for:
/// what nodes share, the others have as any change, and that it is taken back as another.
public final class Trials implements AutoCloseable {
  /// How changes say by whom they are made.
  public static final String DIALECT = "trial";

  /// Of fewer answers nothing is concluded.
  static final int LEAST_ANSWERS = 20;

  /// A trial as it stands.
  ///
  /// @param upstreams whose answers are counted
  /// @param answers what they have answered since it began, or since the process has
  /// @param errors answers of 500 and above, or attempts that failed, whichever are more
  /// @param trouble why it could not be ended yet; empty: nothing is known of that
  public record View(
      JournalEntry change,
      Trial terms,
      List<String> upstreams,
      long answers,
      long errors,
      String trouble) {
    public View {
      upstreams = List.copyOf(upstreams);
    }

    boolean isOver(long nowMillis) {
      return nowMillis >= terms.untilMillis();
    }

    boolean hasTooManyErrors() {
      return terms.maxErrors() != Trial.ANY
          && answers >= LEAST_ANSWERS
          && errors * 1000 > terms.maxErrors() * answers;
    }
  }

  /// What is known of one while it goes on.
  private static final class Watched {
    final JournalEntry change;
    final Trial terms;
    final List<String> groups;
    final IdentityHashMap<Peer, CanaryAnswers> before = new IdentityHashMap<>();
    String trouble = "";

    Watched(JournalEntry change, Trial terms, List<String> groups) {
      this.change = change;
      this.terms = terms;
      this.groups = groups;
    }
  }

  private final ChangeWriter writer;
  private final Upstreams upstreams;
  private final Events events;
  private final LongSupplier clock;
  private final Lookout lookout;
  private final Map<Long, Watched> watched = new LinkedHashMap<>(); // guarded by this
  private PendingTrials pending = new PendingTrials(); // guarded by this
  private boolean resumed; // guarded by this

  Trials(ChangeWriter writer, Upstreams upstreams, Events events) {
    this(writer, upstreams, events, System::currentTimeMillis, Lookout.Pause.SLEEP);
  }

  /// @param clock milliseconds since the epoch
  /// @param pause how it waits between two looks
  Trials(
      ChangeWriter writer,
      Upstreams upstreams,
      Events events,
      LongSupplier clock,
      Lookout.Pause pause) {
    this.writer = writer;
    this.upstreams = upstreams;
    this.events = events;
    this.clock = clock;
    this.lookout = new Lookout("trials", this::isWanted, this::judgeAll, pause);
    writer.watch(this::changed);
  }

  /// The upstreams that a change is about: those that it changes, and those that it points keys to.
  static List<String> groups(List<Delta> deltas, Predicate<String> isUpstream) {
    Set<String> groups = new LinkedHashSet<>();
    for (Delta delta : deltas) {
      switch (delta) {
        case Delta.OfUpstream(String name, _, _) -> groups.add(name);
        case Delta.OfZone zone ->
            zone.after()
                .values()
                .forEach(value -> {
                  if (value != null) {
                    groups.add(value);
                  }
                });
      }
    }
    return groups.stream().filter(isUpstream).toList();
  }

  /// On the writer's thread, once the change is published.
  private void changed(JournalEntry entry) {
    List<Map<String, Object>> ended = new ArrayList<>();
    synchronized (this) {
      if (entry.trial() == null && watched.isEmpty()) {
        return;
      }
      Map<Long, Watched> before = new LinkedHashMap<>(watched);
      pending.follow(entry);
      follow();
      before.keySet().removeAll(watched.keySet());
      before.values().forEach(one -> ended.add(end(one, entry)));
    }
    lookout.begin();
    ended.forEach(fields -> events.publish("trial", fields));
  }

  private static Map<String, Object> end(Watched one, JournalEntry by) {
    TrialEnd end = by.end();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("trial", one.change.revision());
    fields.put(
        "outcome",
        end == null || end.revision() != one.change.revision()
            ? "overtaken"
            : end.kept() ? "kept" : "taken_back");
    fields.put("by", by.revision());
    fields.put("why", by.origin().why());
    return fields;
  }

  /// Brings what is watched in step with what is on trial.
  private synchronized void follow() {
    Map<Long, Watched> next = new LinkedHashMap<>();
    for (JournalEntry change : pending.all()) {
      Trial terms = change.trial();
      if (terms != null) {
        Watched known = watched.get(change.revision());
        next.put(change.revision(), known != null ? known : begin(change, terms));
      }
    }
    watched.clear();
    watched.putAll(next);
  }

  private Watched begin(JournalEntry change, Trial terms) {
    Watched fresh =
        new Watched(change, terms, groups(change.deltas(), name -> upstreams.find(name) != null));
    peers(fresh.groups).forEach(peer -> fresh.before.put(peer, CanaryAnswers.of(peer)));
    return fresh;
  }

  private List<Peer> peers(List<String> groups) {
    List<Peer> peers = new ArrayList<>();
    for (String group : groups) {
      Upstream there = upstreams.find(group);
      if (there != null) {
        peers.addAll(there.current().peers());
      }
    }
    return peers;
  }

  /// Takes up what was on trial when the process ended; the upstreams are in force. Once: from then
  /// on it is told of each change.
  public void resume() {
    synchronized (this) {
      if (resumed) {
        return;
      }
      resumed = true;
      pending = writer.history().pendingTrials();
      follow();
    }
    lookout.begin();
  }

  private synchronized boolean isWanted() {
    return !watched.isEmpty();
  }

  private boolean judgeAll() {
    boolean done = true;
    for (View one : all()) {
      done &= judge(one);
    }
    return done;
  }

  /// The trials that go on, in the order in which they began.
  public synchronized List<View> all() {
    return watched.values().stream().map(this::view).toList();
  }

  /// The trial of a change; empty: it is on none, or not any more.
  public synchronized Optional<View> find(long revision) {
    return Optional.ofNullable(watched.get(revision)).map(this::view);
  }

  private View view(Watched one) {
    long good = 0;
    long bad = 0;
    for (Peer peer : peers(one.groups)) {
      CanaryAnswers now = CanaryAnswers.of(peer);
      CanaryAnswers then = one.before.getOrDefault(peer, new CanaryAnswers(0, 0));
      good += Math.max(0, now.good() - then.good()); // less: somebody has reset the counts
      bad += Math.max(0, now.bad() - then.bad());
    }
    return new View(one.change, one.terms, one.groups, good + bad, bad, one.trouble);
  }

  /// False if it should have ended, and could not.
  private boolean judge(View one) {
    if (one.hasTooManyErrors()) {
      String limit = percent(one.terms.maxErrors());
      return end(one, false, errors(one) + " were failures, more than " + limit);
    }
    if (!one.isOver(clock.getAsLong())) {
      return true;
    }
    return one.terms.confirm()
        ? end(one, false, "nobody has confirmed it in time")
        : end(one, true, errors(one) + " were failures");
  }

  private static String errors(View one) {
    return one.errors + " of " + one.answers + " answers of " + String.join(", ", one.upstreams);
  }

  /// A share of a thousand in words.
  public static String percent(int ofThousand) {
    return ofThousand / 10 + (ofThousand % 10 == 0 ? "" : "." + ofThousand % 10) + "%";
  }

  /// Whether the change stays or goes, no guard is asked: there was none that it did not pass.
  private boolean end(View one, boolean keep, String why) {
    long revision = one.change.revision();
    ChangeRequest request =
        ChangeRequest.of(
                new Origin(DIALECT, "", "trial of revision " + revision + ": " + why),
                new Operation.EndTrial(revision, keep))
            .forced();
    String trouble =
        switch (writer.submit(request).join()) {
          case ChangeResult.Applied _, ChangeResult.NoTrial _ -> "";
          case ChangeResult.Refused refused -> refused.message();
          case ChangeResult.StoreFailed failed -> failed.message();
          case ChangeResult.Unavailable(String message) -> message;
        };
    if (!trouble.isEmpty()) {
      note(revision, trouble);
    }
    return trouble.isEmpty();
  }

  private void note(long revision, String trouble) {
    synchronized (this) {
      Watched one = watched.get(revision);
      if (one == null || one.trouble.equals(trouble)) {
        return;
      }
      one.trouble = trouble;
    }
    Map<String, Object> fields = new HashMap<>();
    fields.put("trial", revision);
    fields.put("outcome", "delayed");
    fields.put("why", trouble);
    events.publish("trial", fields);
  }

  /// Looks no more; what goes on is taken up by the next process.
  @Override
  public void close() {
    lookout.close();
  }
}

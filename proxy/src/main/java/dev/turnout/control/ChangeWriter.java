package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.JournalEntry;
import dev.turnout.cluster.KeyvalCondition.AtRevision;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Origin;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.StateStore;
import dev.turnout.cluster.StateStore.Commit;
import dev.turnout.cluster.UpstreamState;
import dev.turnout.cluster.file.ServerListFile;
import dev.turnout.cluster.share.Replica;
import dev.turnout.http.Upstreams;
import dev.turnout.upstream.UpstreamSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/// The node's single writer: its one thread makes all changes of upstreams and key-value zones, in
/// the order they were submitted, through whatever interface.
///
/// Whatever waits when the thread is free is one batch. Each request is judged against the state
/// the ones before it lead to; then the batch is journalled and synced once, the zones that have
/// files of their own are stored, everything is published, and, when every event loop has passed a
/// fence, all are answered. So many concurrent submitters pay for one sync, readers see a change
/// only after it is durable, and a submitter that got its answer is seen by every later request. If
/// the journal or a file refuses, no change of the batch is acknowledged, the old values stay in
/// force, and the next batch simply tries again.
public final class ChangeWriter implements AutoCloseable {
  private static final int MAX_WAITING = 10_000;
  private static final int MOST_TRIES = 20; // to win against other nodes

  private sealed interface Work {
    record Submitted(ChangeRequest request, CompletableFuture<ChangeResult> answer)
        implements Work {}

    /// Something else that must see and leave the state between two batches.
    record Exclusive(Runnable task, CompletableFuture<@Nullable Void> done) implements Work {}

    /// The last work; nothing follows it.
    record Stop() implements Work {}
  }

  /// What a request will be answered if its batch is stored.
  private record Judged(
      ChangeRequest request, ChangeResult result, CompletableFuture<ChangeResult> answer) {
    Judged with(ChangeResult other) {
      return new Judged(request, other, answer);
    }
  }

  private final Revision revision;
  private final History history;
  private final Upstreams upstreams;
  private final Function<String, @Nullable KeyvalZone> zones;
  private final Fence fence;
  private final ChangeCounters counters = new ChangeCounters();
  private final LinkedBlockingQueue<Work> waiting = new LinkedBlockingQueue<>();
  private final Thread thread;
  private volatile Guards guards = Guards.NONE;
  private volatile TargetGuard targets = TargetGuard.NONE;
  private volatile ChangeAudit audit = ChangeAudit.NONE;
  private volatile @Nullable Sharing sharing;
  private final List<Consumer<JournalEntry>> watchers = new CopyOnWriteArrayList<>();
  private volatile Consumer<ChangeResult> troubles = _ -> {};
  private final Object publishing = new Object();
  private long published; // guarded by publishing
  private boolean closed; // guarded by this

  private ChangeWriter(
      Revision revision,
      History history,
      Upstreams upstreams,
      Function<String, @Nullable KeyvalZone> zones,
      Fence fence) {
    this.revision = revision;
    this.history = history;
    this.upstreams = upstreams;
    this.zones = zones;
    this.fence = fence;
    // A platform thread: file I/O would hold a carrier of the virtual ones anyway.
    this.thread = Thread.ofPlatform().name("turnout-writer").daemon().unstarted(this::run);
  }

  /// Starts the thread.
  ///
  /// @param zones finds a key-value zone by its name
  public static ChangeWriter start(
      Revision revision,
      History history,
      Upstreams upstreams,
      Function<String, @Nullable KeyvalZone> zones,
      Fence fence) {
    ChangeWriter writer = new ChangeWriter(revision, history, upstreams, zones, fence);
    writer.thread.start();
    return writer;
  }

  /// What was changed, and what is remembered of it.
  public History history() {
    return history;
  }

  /// What became of the changes that were asked for.
  public ChangeCounters counters() {
    return counters;
  }

  /// The guards of the configuration that is in force.
  public void guards(Guards next) {
    guards = next;
  }

  /// What may never be reached under the configuration that is in force.
  public void targets(TargetGuard next) {
    targets = next;
  }

  /// Who keeps a record of what is asked under the configuration that is in force.
  public void audit(ChangeAudit next) {
    audit = next;
  }

  /// What nodes share goes through the result from now on.
  Sharing share(Upstreams shared, Events events) {
    Sharing by = new Sharing(this, shared, zones, events, fence);
    sharing = by;
    return by;
  }

  /// What nodes share; null before the control plane is put together.
  public @Nullable Sharing sharing() {
    return sharing;
  }

  /// Who is told of each change once it is published, on the writer's thread.
  public void watch(Consumer<JournalEntry> watcher) {
    watchers.add(watcher);
  }

  /// Who is told when a batch could not be stored, on the writer's thread.
  public void watchTroubles(Consumer<ChangeResult> watcher) {
    troubles = watcher;
  }

  /// Reads what is published, while nothing else is published: all that `reader` sees belongs to
  /// the revision that it is given. It must be short, and must not wait.
  public <T> T consistently(LongFunction<T> reader) {
    synchronized (publishing) {
      return reader.apply(published);
    }
  }

  /// Asks for a change; never blocks. The answer is given on a virtual thread, so what is chained
  /// to it may block. It fails only by a bug of ours.
  public CompletableFuture<ChangeResult> submit(ChangeRequest request) {
    long began = System.nanoTime();
    Sharing there = sharing;
    CompletableFuture<ChangeResult> answer =
        there != null && !request.dryRun() && there.mustKnowAll(request)
            ? enqueueCaughtUp(there, request)
            : enqueue(request);
    return answer.whenComplete((result, _) -> counters.answered(result, System.nanoTime() - began));
  }

  /// A request whose effect depends on keys that it does not name, once this node has heard of all
  /// that had been changed when it was asked for.
  private CompletableFuture<ChangeResult> enqueueCaughtUp(Sharing there, ChangeRequest request) {
    CompletableFuture<ChangeResult> answer = new CompletableFuture<>();
    Thread.startVirtualThread(() -> {
      try {
        String trouble = there.catchUp();
        (trouble == null ? enqueue(request) : unavailable(trouble))
            .whenComplete((result, bug) -> {
              if (bug == null) {
                answer.complete(result);
              } else {
                answer.completeExceptionally(bug);
              }
            });
      } catch (RuntimeException | Error e) {
        answer.completeExceptionally(e);
      }
    });
    return answer;
  }

  private CompletableFuture<ChangeResult> enqueue(ChangeRequest request) {
    Work.Submitted submitted = new Work.Submitted(request, new CompletableFuture<>());
    synchronized (this) {
      if (closed) {
        return unavailable("the node is stopping");
      }
      if (waiting.size() >= MAX_WAITING) {
        return unavailable("too many changes are waiting for the disk");
      }
      waiting.add(submitted);
    }
    return submitted.answer;
  }

  private static CompletableFuture<ChangeResult> unavailable(String why) {
    return CompletableFuture.completedFuture(new ChangeResult.Unavailable(why));
  }

  /// Runs `task` on the writer's thread, between two batches, and returns when it is over; what it
  /// throws is thrown here.
  ///
  /// @throws IllegalStateException if the writer is closed
  public void exclusively(Runnable task) {
    Work.Exclusive work = new Work.Exclusive(task, new CompletableFuture<>());
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("the node is stopping");
      }
      waiting.add(work);
    }
    try {
      work.done.join();
    } catch (java.util.concurrent.CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /// Puts the upstreams of a configuration in force. To be run [#exclusively].
  ///
  /// @return why it could not be journalled; null if it was. The configuration is in force all the
  ///   same: it is in files of its own, from which a restart would come to the same state.
  public @Nullable String activate(Upstreams.Plan plan) {
    upstreams.remember(history.takeRemembered());
    List<Delta> deltas = plan.deltas();
    String trouble = null;
    long number = history.revision();
    if (!deltas.isEmpty()) {
      number = revision.next();
      JournalEntry entry =
          new JournalEntry(number, System.currentTimeMillis(), Origin.CONFIGURATION, "", deltas);
      Commit commit = history.append(List.of(entry));
      if (commit instanceof Commit.Failed(_, String message)) {
        trouble = message;
      }
      activate(plan, number);
      watchers.forEach(watcher -> watcher.accept(entry));
    } else {
      activate(plan, number);
    }
    return trouble;
  }

  private void activate(Upstreams.Plan plan, long number) {
    synchronized (publishing) {
      plan.activate(number);
      published = number;
    }
  }

  /// Takes no more changes, and returns when those that wait are stored and published. Their
  /// answers still wait for the fence.
  @Override
  public void close() {
    synchronized (this) {
      if (!closed) {
        closed = true;
        waiting.add(new Work.Stop()); // not an interrupt: that would close the file being written
      }
    }
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        interrupted = true; // one batch is left at most: wait for it, then stop
      }
    }
    history.close();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// True if it takes no more.
  synchronized boolean isClosed() {
    return closed;
  }

  private void run() {
    ArrayDeque<Work> work = new ArrayDeque<>();
    boolean running = true;
    while (running) {
      try {
        work.add(waiting.take());
      } catch (InterruptedException e) {
        throw new IllegalStateException("the writer's thread is private, who interrupts it?", e);
      }
      waiting.drainTo(work);
      while (!work.isEmpty()) {
        switch (work.peek()) {
          case Work.Submitted _ -> write(nextBatch(work));
          case Work.Exclusive(Runnable task, CompletableFuture<@Nullable Void> done) -> {
            work.remove();
            run(task, done);
          }
          case Work.Stop _ -> {
            work.remove();
            running = false;
          }
        }
      }
    }
  }

  private static void run(Runnable task, CompletableFuture<@Nullable Void> done) {
    try {
      task.run();
      done.complete(null);
    } catch (RuntimeException | Error e) {
      done.completeExceptionally(e);
    }
  }

  /// The requests that are stored together: as many as touch the same zone with a file of its own,
  /// or none, so that what one file refuses concerns nobody else; or one that touches several, or
  /// that restores an old state.
  private List<Work.Submitted> nextBatch(ArrayDeque<Work> work) {
    List<Work.Submitted> batch = new ArrayList<>();
    Set<Object> files = Set.of();
    boolean shared = false;
    while (work.peek() instanceof Work.Submitted next) {
      Set<Object> needed = new HashSet<>();
      boolean alone = false;
      for (Operation operation : next.request.operations()) {
        alone |= operation instanceof Operation.Restore || operation instanceof Operation.EndTrial;
        Object file = file(operation);
        if (file != null) {
          needed.add(file);
        }
      }
      alone |= needed.size() > 1;
      boolean goesToStore = isShared(next.request);
      boolean fits = needed.equals(files) && goesToStore == shared;
      if (!batch.isEmpty() && (alone || !fits)) {
        break;
      }
      files = needed;
      shared = goesToStore;
      batch.add(next);
      work.remove();
      if (alone) {
        break;
      }
    }
    return batch;
  }

  private boolean isShared(ChangeRequest request) {
    Sharing there = sharing;
    return there != null && request.operations().stream().anyMatch(there::isShared);
  }

  /// What stands for the file of its own that an operation changes; null if it changes none.
  private @Nullable Object file(Operation operation) {
    return switch (operation) {
      case Operation.EditZone edit -> edit.zone().store().isDurable() ? edit.zone() : null;
      case Operation.EditUpstream(String name, _) -> upstreams.list(name);
      case Operation.CreateUpstream(UpstreamSpec spec) -> upstreams.list(spec.name());
      case Operation.PutUpstream(UpstreamSpec spec) -> upstreams.list(spec.name());
      case Operation.DeleteUpstream _, Operation.Restore _, Operation.EndTrial _ -> null;
    };
  }

  private void write(List<Work.Submitted> batch) {
    try {
      for (int tries = 1; ; tries++) {
        Draft draft = new Draft(upstreams, history, revision, zones, System.currentTimeMillis());
        List<ChangeRequest> wished = new ArrayList<>();
        List<Judged> judged = judge(batch, draft, wished);
        Sharing there = sharing;
        Sharing.Outcome sure =
            there == null || wished.isEmpty() ? new Sharing.Outcome.Made() : there.confirm(wished);
        if (sure instanceof Sharing.Outcome.Moved && tries < MOST_TRIES) {
          continue; // what this node took for so is not: judged again, it is a change
        }
        if (!(sure instanceof Sharing.Outcome.Made)) {
          String message =
              sure instanceof Sharing.Outcome.Failed(String why)
                  ? why
                  : "not made: other nodes change the same all the time";
          judged.replaceAll(one ->
              wished.contains(one.request) ? one.with(new ChangeResult.Unavailable(message)) : one);
        }
        if (draft.entries().isEmpty()) {
          record(judged);
          Thread.startVirtualThread(() -> answer(judged));
          return;
        }
        Made made = make(draft, judged, batch, tries == MOST_TRIES);
        switch (made) {
          case Made.Again _ -> {
            // another node was faster: what it did is in force here, too, and counts
          }
          case Made.Not(ChangeResult failure) -> {
            troubles.accept(failure);
            // Also those that were judged refused: against a state that is not to be.
            judged.replaceAll(one -> one.with(failure));
            record(judged);
            Thread.startVirtualThread(() -> answer(judged));
            return;
          }
          case Made.Done _ -> {
            publish(draft);
            // A fence that breaks keeps no answer back: the changes are durable and published.
            fence.passed().whenCompleteAsync((_, _) -> answer(judged), Thread::startVirtualThread);
            return;
          }
        }
      }
    } catch (RuntimeException | Error e) {
      // The one place where a bug ends: this batch fails, the next one finds a working writer.
      batch.forEach(each -> each.answer.completeExceptionally(e));
    }
  }

  /// @param wished is given those that ask for what this node takes to be so in the store
  private List<Judged> judge(List<Work.Submitted> batch, Draft draft, List<ChangeRequest> wished) {
    Sharing there = sharing;
    List<Judged> judged = new ArrayList<>(batch.size());
    for (Work.Submitted each : batch) {
      ChangeResult result =
          draft.judge(
              each.request,
              guards,
              targets,
              deltas -> there == null ? Optional.empty() : there.check(deltas));
      boolean unsure =
          there != null
              && result instanceof ChangeResult.Applied applied
              && applied.deltas().isEmpty()
              && !each.request.dryRun()
              && !applied.repeated()
              && isShared(each.request);
      String doubt = unsure && there != null ? there.doubt() : null;
      if (unsure && doubt == null) {
        wished.add(each.request);
      }
      judged.add(
          new Judged(
              each.request,
              doubt == null ? result : new ChangeResult.Unavailable(doubt),
              each.answer));
    }
    return judged;
  }

  /// What became of a batch.
  private sealed interface Made {
    /// It may be published.
    record Done() implements Made {}

    /// It is to be judged again.
    record Again() implements Made {}

    record Not(ChangeResult failure) implements Made {}
  }

  private Made make(Draft draft, List<Judged> judged, List<Work.Submitted> batch, boolean lastTry) {
    Sharing there = sharing;
    Map<String, Replica.Write> shared =
        there == null ? Map.of() : there.writes(draft.entries(), isGuarded(batch));
    if (there == null || shared.isEmpty()) {
      ChangeResult failure = store(draft, judged);
      return failure == null ? new Made.Done() : new Made.Not(failure);
    }
    if (batch.stream().anyMatch(each -> hasFile(each.request))) {
      return new Made.Not(
          new ChangeResult.Unavailable(
              "what nodes share and what is kept in a file cannot be changed at once"));
    }
    return switch (there.commit(shared, draft.entries())) {
      case Sharing.Outcome.Moved _ ->
          lastTry
              ? new Made.Not(
                  new ChangeResult.Unavailable(
                      "not made: other nodes change the same all the time"))
              : new Made.Again();
      case Sharing.Outcome.Failed(String message) ->
          new Made.Not(new ChangeResult.Unavailable(message));
      case Sharing.Outcome.Made _ -> {
        // It is made: whatever the disk of this node says, it is to be in force here, too.
        keepAdopted(draft);
        String unrecorded = record(judged);
        if (unrecorded != null) {
          judged.replaceAll(one ->
              one.with(new ChangeResult.Unavailable("made, but not audited: " + unrecorded)));
        }
        yield new Made.Done();
      }
    };
  }

  private boolean hasFile(ChangeRequest request) {
    return request.operations().stream().anyMatch(operation -> file(operation) != null);
  }

  /// True if the changes depend on more than the last value winning.
  private static boolean isGuarded(List<Work.Submitted> batch) {
    for (Work.Submitted each : batch) {
      if (each.request.ifRevision() != null) {
        return true;
      }
      for (Operation operation : each.request.operations()) {
        if (operation instanceof Operation.Restore
            || operation instanceof Operation.EndTrial
            || (operation instanceof Operation.EditZone edit && !edit.conditions().isEmpty())) {
          return true;
        }
      }
    }
    return false;
  }

  /// Journals what is in force by the word of the store.
  private void keepAdopted(Draft draft) {
    String trouble = history.adopt(draft.entries());
    if (trouble != null) {
      troubles.accept(new ChangeResult.StoreFailed(StateStore.Reason.IO, trouble));
    }
    for (Draft.Zone zone : draft.zones()) {
      if (zone.draft().revision() != zone.base().revision()) {
        zone.zone()
            .store()
            .commit(zone.base().revision(), zone.draft().toSnapshot(), zone.draft().touched());
      }
    }
  }

  /// Puts in force what others have changed. On the writer's thread.
  ///
  /// @return what is not taken, and why
  Map<Adoption, String> adopt(List<Adoption> things, Origin origin) {
    Draft draft = new Draft(upstreams, history, revision, zones, System.currentTimeMillis());
    Map<Adoption, String> refused = draft.adopt(things, origin, targets);
    if (!draft.entries().isEmpty()) {
      keepAdopted(draft);
      String unrecorded = audit.record(draft.entries().stream().map(ChangeWriter::asked).toList());
      if (unrecorded != null) { // it is in force on other nodes, whatever this one can record
        troubles.accept(new ChangeResult.StoreFailed(StateStore.Reason.IO, unrecorded));
      }
      publish(draft);
    }
    return refused;
  }

  /// What another node did, as if it had been asked for here.
  private static ChangeAudit.Asked asked(JournalEntry entry) {
    return new ChangeAudit.Asked(
        ChangeRequest.of(entry.origin()),
        new ChangeResult.Applied(entry.revision(), List.of(), entry.deltas(), false));
  }

  /// Makes the batch durable, all of it or nothing; null if it is.
  private @Nullable ChangeResult store(Draft draft, List<Judged> judged) {
    List<ServerListFile> lists = new ArrayList<>();
    for (Map.Entry<String, @Nullable UpstreamState> one : draft.upstreams().entrySet()) {
      ServerListFile list = upstreams.list(one.getKey());
      UpstreamSpec next = one.getValue() == null ? null : one.getValue().spec();
      if (list == null || next == null) {
        continue; // one that was deleted keeps its file: the journal has it that it is not wanted
      }
      lists.add(list);
      if (list.prepare(next) instanceof Commit.Failed(var reason, String message)) {
        lists.forEach(ServerListFile::undo);
        return new ChangeResult.StoreFailed(reason, message);
      }
    }
    if (history.append(draft.entries()) instanceof Commit.Failed(var reason, String message)) {
      lists.forEach(ServerListFile::undo);
      return new ChangeResult.StoreFailed(reason, message);
    }
    for (ServerListFile list : lists) {
      if (list.complete() instanceof Commit.Failed(var reason, String message)) {
        history.retract();
        lists.forEach(ServerListFile::undo);
        return new ChangeResult.StoreFailed(reason, message);
      }
    }
    ChangeResult failure = null;
    boolean stored = false;
    try {
      failure = storeZones(draft, judged);
      stored = failure == null;
    } finally {
      if (!stored) {
        lists.forEach(ServerListFile::undo);
      }
    }
    return failure;
  }

  private @Nullable ChangeResult storeZones(Draft draft, List<Judged> judged) {
    List<Draft.Zone> stored = new ArrayList<>();
    for (Draft.Zone zone : draft.zones()) {
      if (zone.draft().revision() == zone.base().revision()) {
        continue; // all its edits were refused, or it already was as wanted
      }
      Commit commit;
      try {
        commit =
            zone.zone()
                .store()
                .commit(zone.base().revision(), zone.draft().toSnapshot(), zone.draft().touched());
      } catch (RuntimeException | Error e) {
        takeBack(stored);
        throw e;
      }
      ChangeResult failure =
          switch (commit) {
            case Commit.Done() -> null;
            case Commit.Conflict(long current) ->
                new ChangeResult.Conflict(current, new AtRevision(zone.base().revision()));
            case Commit.Failed(var reason, String message) ->
                new ChangeResult.StoreFailed(reason, message);
          };
      if (failure != null) {
        takeBack(stored);
        return failure;
      }
      stored.add(zone);
    }
    String unrecorded = record(judged);
    if (unrecorded != null) {
      takeBack(stored); // what would leave no trace is not done
      return new ChangeResult.StoreFailed(StateStore.Reason.IO, unrecorded);
    }
    return null;
  }

  private @Nullable String record(List<Judged> judged) {
    return audit.record(
        judged.stream().map(one -> new ChangeAudit.Asked(one.request, one.result)).toList());
  }

  private void takeBack(List<Draft.Zone> stored) {
    history.retract();
    for (Draft.Zone zone : stored) {
      zone.zone().store().commit(zone.draft().revision(), zone.base(), zone.draft().touched());
    }
  }

  private void publish(Draft draft) {
    long number = draft.entries().getLast().revision();
    synchronized (publishing) {
      draft.upstreams().forEach((name, state) -> upstreams.put(name, state, number));
      for (Draft.Zone zone : draft.zones()) {
        if (zone.draft().revision() != zone.base().revision()) {
          KeyvalSnapshot next = zone.draft().toSnapshot();
          zone.zone().publish(next);
        }
      }
      published = number;
    }
    watchers.forEach(draft.entries()::forEach);
  }

  private static void answer(List<Judged> judged) {
    judged.forEach(one -> one.answer.complete(one.result));
  }
}

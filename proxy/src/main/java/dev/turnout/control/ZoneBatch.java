package dev.turnout.control;

import dev.turnout.cluster.KeyvalCondition.AtRevision;
import dev.turnout.cluster.KeyvalDraft;
import dev.turnout.cluster.KeyvalDraft.Outcome;
import dev.turnout.cluster.KeyvalSnapshot;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.cluster.Revision;
import dev.turnout.cluster.StateStore.Commit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// The changes of one batch to one zone. Lives on the writer's thread for one batch.
final class ZoneBatch {
  /// What a change will be answered if the batch is stored.
  private record Judged(ChangeResult result, CompletableFuture<ChangeResult> answer) {}

  private final KeyvalZone zone;
  private final KeyvalSnapshot base;
  private final KeyvalDraft draft;
  private final List<Judged> changes = new ArrayList<>();

  ZoneBatch(KeyvalZone zone) {
    this.zone = zone;
    this.base = zone.snapshot();
    this.draft = zone.draft();
  }

  void take(Change change, CompletableFuture<ChangeResult> answer, Revision revision) {
    changes.add(new Judged(judge(change, revision), answer));
  }

  private ChangeResult judge(Change change, Revision revision) {
    return switch (draft.apply(change.edits(), change.conditions())) {
      case Outcome.Accepted accepted -> {
        if (accepted.changed()) {
          draft.stamp(revision.next());
        }
        yield new ChangeResult.Applied(draft.revision(), accepted.previous());
      }
      case Outcome.Full(long needed, long capacity) -> new ChangeResult.ZoneFull(needed, capacity);
      case Outcome.Unmet(var condition) -> new ChangeResult.Conflict(draft.revision(), condition);
    };
  }

  /// Makes the batch durable, then visible; returns true if there is something new to see.
  boolean storeAndPublish() {
    if (draft.revision() == base.revision()) {
      return false; // all were refused, or the zone already was as wanted
    }
    KeyvalSnapshot next = draft.toSnapshot();
    return switch (zone.store().commit(base.revision(), next, draft.touched())) {
      case Commit.Done() -> {
        zone.publish(next);
        yield true;
      }
      case Commit.Conflict(long current) -> {
        refuseAll(new ChangeResult.Conflict(current, new AtRevision(base.revision())));
        yield false;
      }
      case Commit.Failed(var reason, String message) -> {
        refuseAll(new ChangeResult.StoreFailed(reason, message));
        yield false;
      }
    };
  }

  /// Also those that were judged refused: they were judged against a state that is not to be.
  private void refuseAll(ChangeResult why) {
    changes.replaceAll(change -> new Judged(why, change.answer));
  }

  void answer() {
    changes.forEach(change -> change.answer.complete(change.result));
  }
}

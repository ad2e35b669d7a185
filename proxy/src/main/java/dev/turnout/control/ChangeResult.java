package dev.turnout.control;

import dev.turnout.cluster.Delta;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.StateStore;
import java.util.List;
import java.util.Map;

/// The writer's answer to a request.
public sealed interface ChangeResult {
  /// The change is durable, and every event loop acts on it.
  ///
  /// @param revision its number; the present one if nothing was to be changed, or in a dry run
  /// @param effects what each operation did; empty if `repeated`
  /// @param deltas what is different now; empty: all was as wanted
  /// @param repeated an earlier request with the same key had made it
  record Applied(long revision, List<Effect> effects, List<Delta> deltas, boolean repeated)
      implements ChangeResult {
    public Applied {
      effects = List.copyOf(effects);
      deltas = List.copyOf(deltas);
    }

    /// The old values of the keys that the first edit of a zone touched.
    public Map<String, String> previous() {
      for (Effect effect : effects) {
        if (effect instanceof Effect.Keys(Map<String, String> previous)) {
          return previous;
        }
      }
      return Map.of();
    }
  }

  /// The request does not apply to the state as it is; nothing was changed.
  sealed interface Refused extends ChangeResult {
    /// Why, for the one who asked.
    String message();
  }

  /// One of several operations was refused, and with it all.
  ///
  /// @param index its place among them, from 0
  record InOperation(int index, Refused reason) implements Refused {
    @Override
    public String message() {
      return reason.message();
    }
  }

  /// The state is no longer, or never was, at the wanted revision.
  record StaleRevision(long wanted, long currentRevision) implements Refused {
    @Override
    public String message() {
      return "the state is at revision " + currentRevision + ", not " + wanted;
    }
  }

  /// There is no upstream of this name.
  record UnknownUpstream(String upstream) implements Refused {
    @Override
    public String message() {
      return "upstream \"" + upstream + "\" not found";
    }
  }

  /// There is an upstream of this name already.
  record UpstreamExists(String upstream) implements Refused {
    @Override
    public String message() {
      return "upstream \"" + upstream + "\" already exists";
    }
  }

  /// The servers of the upstream do not admit the change.
  record Rejected(String upstream, dev.turnout.upstream.ChangeResult.Refused reason)
      implements Refused {
    @Override
    public String message() {
      return reason.message();
    }
  }

  /// A guard holds it back; `force` would pass it.
  record Guarded(String message) implements Refused {}

  /// A server or a key's value would be what may never be reached; nothing passes this.
  record ForbiddenTarget(String message) implements Refused {}

  /// The history does not reach back to this revision, or not yet that far.
  record UnknownRevision(long revision, long oldest, long current) implements Refused {
    @Override
    public String message() {
      return "revision "
          + revision
          + " is not in the history, which goes from "
          + oldest
          + " to "
          + current;
    }
  }

  /// The change is not on trial, or not any more.
  record NoTrial(long revision) implements Refused {
    @Override
    public String message() {
      return "revision " + revision + " is not on trial";
    }
  }

  /// What is to be changed on trial has been changed by a revision that is on trial itself: what it
  /// would be taken back to may not last.
  record OnTrial(long revision) implements Refused {
    @Override
    public String message() {
      return "revision " + revision + " touches the same and is on trial still";
    }
  }

  /// Errors are to be counted, and no upstream is concerned that could have any.
  record NothingToWatch() implements Refused {
    @Override
    public String message() {
      return "the change concerns no upstream whose answers could be counted";
    }
  }

  /// A zone that is to be restored is not there any more.
  record UnknownZone(String zone) implements Refused {
    @Override
    public String message() {
      return "zone \"" + zone + "\" not found";
    }
  }

  /// Nodes share what it would change, and the store cannot hold that.
  record NotShareable(String message) implements Refused {}

  /// The zone has no room for it: nothing was changed and nothing was evicted.
  record ZoneFull(long needed, long capacity) implements Refused {
    @Override
    public String message() {
      return "the zone is full: " + needed + " bytes needed, its size is " + capacity;
    }
  }

  /// A key of a zone of addresses that is none; nothing was changed.
  record InvalidKey(String key) implements Refused {
    @Override
    public String message() {
      return "invalid key \"" + key + "\": it is neither an address nor a network";
    }
  }

  /// `unmet` does not hold in the zone at `currentRevision`; nothing was changed.
  record Conflict(long currentRevision, KeyvalCondition unmet) implements Refused {
    @Override
    public String message() {
      return "the state has moved on to revision " + currentRevision;
    }
  }

  /// The store did not take it: the old values stay in force. The next change tries again.
  record StoreFailed(StateStore.Reason reason, String message) implements ChangeResult {
    /// The HTTP status of this failure: 507 when the disk is full, else 500.
    public int status() {
      return switch (reason) {
        case DISK_FULL -> 507;
        case READ_ONLY, IO, CLOSED -> 500;
      };
    }
  }

  /// The writer takes no changes: it is stopping, too many wait, or the store that nodes share is
  /// away. Nothing was changed, or the message says that this is not known.
  record Unavailable(String message) implements ChangeResult {}
}

package dev.turnout.control;

import dev.turnout.cluster.Origin;
import org.jspecify.annotations.Nullable;

/// The draining of one server, as it stands: the server gets no new requests, and when its last one
/// is over, or at the deadline, something is done with it.
///
/// @param id what it is known by
/// @param server the number of the server in its upstream
/// @param address the server as it is written
/// @param startedMillis when it began, in milliseconds since the epoch
/// @param deadlineMillis when it is over whatever runs, in milliseconds since the epoch; null:
///   never
/// @param active requests that are at the server; at the end, those that were left
/// @param sessions sessions that are bound to the server, where `sticky learn` counts them; else
///   null
/// @param endedMillis when it was over; null: it is not
/// @param deadlineReached the deadline came before the end of the last request
/// @param revision the change that ended it; null: none has
/// @param note what else is to be known; empty: nothing
public record Drain(
    String id,
    String upstream,
    long server,
    String address,
    Then then,
    boolean force,
    Origin origin,
    long startedMillis,
    @Nullable Long deadlineMillis,
    Phase phase,
    int active,
    @Nullable Integer sessions,
    @Nullable Long endedMillis,
    boolean deadlineReached,
    @Nullable Long revision,
    String note) {
  /// What is done with the server in the end.
  public enum Then {
    REMOVE,
    DOWN,
    KEEP
  }

  /// Where it stands.
  public enum Phase {
    /// Requests are running.
    DRAINING,
    /// They are over, and what is to be done then is being done.
    FINISHING,
    /// All is done.
    DONE,
    /// The server takes requests again, as was asked.
    CANCELLED,
    /// Something else changed the server meanwhile, or what was to be done was refused.
    ENDED;

    /// True once nothing more comes.
    public boolean isOver() {
      return switch (this) {
        case DRAINING, FINISHING -> false;
        case DONE, CANCELLED, ENDED -> true;
      };
    }
  }

  Drain with(Phase next, int running, @Nullable Integer bound) {
    return new Drain(
        id,
        upstream,
        server,
        address,
        then,
        force,
        origin,
        startedMillis,
        deadlineMillis,
        next,
        running,
        bound,
        endedMillis,
        deadlineReached,
        revision,
        note);
  }

  Drain pastDeadline() {
    return new Drain(
        id,
        upstream,
        server,
        address,
        then,
        force,
        origin,
        startedMillis,
        deadlineMillis,
        phase,
        active,
        sessions,
        endedMillis,
        true,
        revision,
        note);
  }

  Drain noted(String newNote) {
    return new Drain(
        id,
        upstream,
        server,
        address,
        then,
        force,
        origin,
        startedMillis,
        deadlineMillis,
        phase,
        active,
        sessions,
        endedMillis,
        deadlineReached,
        revision,
        newNote);
  }

  Drain over(Phase how, @Nullable Long by, long atMillis, String newNote) {
    return new Drain(
        id,
        upstream,
        server,
        address,
        then,
        force,
        origin,
        startedMillis,
        deadlineMillis,
        how,
        active,
        sessions,
        atMillis,
        deadlineReached,
        by,
        newNote);
  }
}

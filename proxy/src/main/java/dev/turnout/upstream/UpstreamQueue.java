package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// The requests that wait for a server of one upstream, first come, first served.
///
/// Shared by all loops and guarded by its own monitor, under which a few links change and nothing
/// waits. Only the first may look for a server, and only when something has happened that may have
/// made room: then it has the turn, on its own loop, until it says how that went.
public final class UpstreamQueue {
  private @Nullable Place first;
  private @Nullable Place last;
  private @Nullable Place turn;
  private boolean roomSinceTurn;
  private long overflows;
  private volatile int size;

  UpstreamQueue() {}

  /// A request that waits.
  @FunctionalInterface
  public interface Waiter {
    /// It is the first and may look for a server. Called on any thread: it goes over to its own and
    /// there says [Place#served], [Place#unserved] or [Place#leave].
    void turn();
  }

  /// The place of one request in the queue.
  public final class Place {
    private final Waiter waiter;
    private @Nullable Place before;
    private @Nullable Place after;
    private boolean gone;

    private Place(Waiter waiter) {
      this.waiter = waiter;
    }

    /// It had the turn and has found a server.
    public void served() {
      leave();
    }

    /// It had the turn and stays the first.
    public void unserved() {
      Place next;
      synchronized (UpstreamQueue.this) {
        if (turn != this) {
          return;
        }
        turn = roomSinceTurn ? this : null;
        roomSinceTurn = false;
        next = turn;
      }
      tell(next);
    }

    /// It goes, served or not. If it was the first, the next looks.
    public void leave() {
      Place next = null;
      synchronized (UpstreamQueue.this) {
        if (gone) {
          return;
        }
        boolean wasFirst = first == this;
        unlink(this);
        if (wasFirst) {
          next = first;
          turn = next;
          roomSinceTurn = false;
        }
      }
      tell(next);
    }
  }

  /// Lets a request wait at the end; null if `limit` are waiting already.
  public @Nullable Place join(Waiter waiter, int limit) {
    Place place = new Place(waiter);
    Place next = null;
    synchronized (this) {
      if (size >= limit) {
        overflows++;
        return null;
      }
      link(place);
      if (first == place) {
        turn = place; // room may have come since it looked and before it was here to be told
        roomSinceTurn = false;
        next = place;
      }
    }
    tell(next);
    return place;
  }

  /// There may be room at a server.
  void wake() {
    if (size == 0) {
      return;
    }
    Place next = null;
    synchronized (this) {
      if (turn != null) {
        roomSinceTurn = true;
      } else {
        turn = first;
        next = first;
      }
    }
    tell(next);
  }

  boolean isOccupied() {
    return size > 0;
  }

  /// How many requests are waiting.
  public int size() {
    return size;
  }

  /// How many requests found the queue full.
  public synchronized long overflows() {
    return overflows;
  }

  private static void tell(@Nullable Place place) {
    if (place != null) {
      place.waiter.turn();
    }
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written under the monitor, read without
  private void link(Place place) {
    Place end = last;
    place.before = end;
    if (end == null) {
      first = place;
    } else {
      end.after = place;
    }
    last = place;
    size++;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written under the monitor, read without
  private void unlink(Place place) {
    Place previous = place.before;
    Place next = place.after;
    if (previous == null) {
      first = next;
    } else {
      previous.after = next;
    }
    if (next == null) {
      last = previous;
    } else {
      next.before = previous;
    }
    place.gone = true;
    size--;
  }
}

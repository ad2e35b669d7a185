package dev.turnout.control;

import dev.turnout.cluster.JournalEntry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The hub of the node's events: the last few thousand are kept, in a ring, and whoever watches is
/// told that there are more. Anyone publishes, and never waits for a watcher: each reads at its own
/// pace, and one that falls behind the ring finds a gap. Guarded by its own monitor.
public final class Events {
  /// Is told that there is something new, on the publisher's thread: it must not wait.
  @FunctionalInterface
  public interface Watcher {
    void published();

    /// The hub asks those that watch to go: they may come back.
    default void dismissed() {}
  }

  /// What is kept of what a watcher has not seen.
  ///
  /// @param gap true if more had happened than is kept
  /// @param next where to read on
  public record Batch(List<Event> events, boolean gap, long next) {
    public Batch {
      events = List.copyOf(events);
    }
  }

  private static final int USUAL = 4096;

  private final String run = Long.toString(System.currentTimeMillis(), 36);
  private final LongSupplier revision;
  private final @Nullable Event[] ring;
  private final List<Watcher> watchers = new CopyOnWriteArrayList<>();
  private long last; // guarded by this

  /// @param revision tells which revision is in force
  public Events(LongSupplier revision) {
    this(revision, USUAL);
  }

  Events(LongSupplier revision, int kept) {
    this.revision = revision;
    this.ring = new @Nullable Event[kept];
  }

  /// Tells apart the events of this process and those of an earlier one.
  public String run() {
    return run;
  }

  /// Tells that something happened.
  ///
  /// @param kind such as `health`; one word, in lower case
  /// @param fields what there is to be said: texts, whole numbers and truth values, by name
  public void publish(String kind, Map<String, Object> fields) {
    add(new Event.Told(kind, fields));
  }

  /// Tells that the state was changed.
  public void changed(JournalEntry entry) {
    add(new Event.Changed(entry));
  }

  private void add(Event.Content content) {
    long at =
        content instanceof Event.Changed(JournalEntry entry)
            ? entry.revision()
            : revision.getAsLong();
    synchronized (this) {
      last++;
      ring[(int) (last % ring.length)] = new Event(last, System.currentTimeMillis(), at, content);
    }
    watchers.forEach(Watcher::published);
  }

  /// The number of the last event; 0: nothing has happened yet.
  public synchronized long last() {
    return last;
  }

  /// The events after `seen`, at most `most` of them. What is not kept any more is a gap.
  public synchronized Batch after(long seen, int most) {
    long oldest = Math.max(1, last - ring.length + 1);
    long from = Math.max(seen + 1, oldest);
    boolean gap = seen + 1 < oldest || seen > last;
    if (seen > last) {
      from = oldest;
    }
    List<Event> events = new ArrayList<>();
    long to = Math.min(last, from + most - 1);
    for (long number = from; number <= to; number++) {
      Event event = ring[(int) (number % ring.length)];
      if (event != null) {
        events.add(event);
      }
    }
    return new Batch(events, gap, Math.max(to, from - 1));
  }

  public void watch(Watcher watcher) {
    watchers.add(watcher);
  }

  public void forget(Watcher watcher) {
    watchers.remove(watcher);
  }

  /// Sends away all who watch now: a configuration was replaced, or the node ends.
  public void dismissAll() {
    watchers.forEach(Watcher::dismissed);
  }
}

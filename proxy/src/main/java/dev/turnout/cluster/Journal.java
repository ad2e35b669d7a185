package dev.turnout.cluster;

import dev.turnout.cluster.StateStore.Commit;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/// The durable record of all changes of the node, in order. Its methods may block; they are called
/// by the writer and at start, never on an event loop.
public interface Journal extends AutoCloseable {
  /// What the journal holds: a state, and the changes since.
  ///
  /// @param revision of the state that the entries begin from
  /// @param upstreams the upstreams at that revision that ever were changed, by name in lower case
  /// @param zones what the zones without a file of their own held at that revision
  /// @param entries the changes since, in order
  /// @param warnings what an operator should know about how the journal was found
  record Loaded(
      long revision,
      Map<String, UpstreamState> upstreams,
      Map<String, KeyvalSnapshot> zones,
      List<JournalEntry> entries,
      List<String> warnings) {
    public static final Loaded EMPTY = new Loaded(0, Map.of(), Map.of(), List.of(), List.of());

    public Loaded {
      upstreams = Map.copyOf(upstreams);
      zones = Map.copyOf(zones);
      entries = List.copyOf(entries);
      warnings = List.copyOf(warnings);
    }
  }

  /// Reads all of it; called once, first.
  ///
  /// @throws IOException if what was stored cannot be told; nothing is thrown away
  Loaded load() throws IOException;

  /// Adds changes; returns after all of them are durable, or none is.
  Commit append(List<JournalEntry> entries);

  /// Takes back what the last [#append] added.
  Commit retract();

  /// A journal that remembers nothing.
  static Journal none() {
    return new Journal() {
      @Override
      public Loaded load() {
        return Loaded.EMPTY;
      }

      @Override
      public Commit append(List<JournalEntry> entries) {
        return new Commit.Done();
      }

      @Override
      public Commit retract() {
        return new Commit.Done();
      }

      @Override
      public void close() {
        // nothing is open
      }
    };
  }

  @Override
  void close();
}

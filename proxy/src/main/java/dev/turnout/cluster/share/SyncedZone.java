package dev.turnout.cluster.share;

import java.util.List;
import java.util.Set;

/// A zone whose content nodes tell each other, by `sync`: what a limit has counted, what `sticky
/// learn` has learned. Each node decides by what it has; what others have comes a little later.
///
/// What is told of an entry may be told twice, and in any order, as far as it is of different
/// nodes: what comes of it is the same. Used by the thread that tells and by the one that hears,
/// beside the event loops.
public interface SyncedZone {
  /// What is told of an entry.
  ///
  /// @param key sixteen bytes that stand for its key
  /// @param number how much it is, as the zone reckons
  /// @param text what belongs to it; empty: nothing
  /// @param ageMillis for how long it has been so
  record Entry(String key, long number, String text, long ageMillis) {}

  /// When something is told or heard.
  ///
  /// @param nowMillis of the clock that never jumps
  /// @param intervalMillis how often nodes tell
  record Beat(long nowMillis, long intervalMillis) {}

  /// Its name, the same on all nodes and of one kind of zone.
  String name();

  /// What has changed here and others do not know of, the oldest first; it counts as told.
  ///
  /// @param most how many entries at most; the others are told with the next beat
  List<Entry> take(int most, Beat beat);

  /// What another node tells.
  void hear(List<Entry> entries, Beat beat);

  /// How many entries others are yet to be told of.
  int untold();

  /// For how long the store keeps what is told, for nodes that come later; 0: not at all.
  default long keptMillis() {
    return 0;
  }

  /// The store has been read, and has these keys: what is known here besides is to be told again.
  default void tellBesides(Set<String> keys, Beat beat) {}
}

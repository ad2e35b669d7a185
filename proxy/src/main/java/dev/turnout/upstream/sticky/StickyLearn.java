package dev.turnout.upstream.sticky;

import java.util.ArrayList;
import java.util.List;

/// `sticky learn`: the server begins a session and the request brings it back; what session belongs
/// to which server is kept here, in [LearnedSessions].
///
/// @param zone the name of the table
/// @param bytes its size
/// @param timeoutMillis how long a session is kept that nobody asks for
/// @param atHead a session is learned when the head of a response has come, not when all of it has
/// @param synced nodes tell each other of sessions: they are in [SyncedSessions]
/// @param create the names of the variables that may have a session that begins
/// @param lookup the names of the variables that may have the one that is asked for
public record StickyLearn(
    String zone,
    long bytes,
    long timeoutMillis,
    boolean atHead,
    boolean synced,
    List<String> create,
    List<String> lookup)
    implements Sticky {
  public StickyLearn {
    create = List.copyOf(create);
    lookup = List.copyOf(lookup);
  }

  @Override
  public List<String> words() {
    List<String> words = new ArrayList<>(List.of("learn"));
    create.forEach(name -> words.add("create=$" + name));
    lookup.forEach(name -> words.add("lookup=$" + name));
    words.add("zone=" + zone + ":" + bytes);
    words.add("timeout=" + timeoutMillis + "ms");
    if (atHead) {
      words.add("header");
    }
    if (synced) {
      words.add("sync");
    }
    return words;
  }

  /// A table for them.
  public LearnedSessions table() {
    return synced ? new SyncedSessions(bytes) : new LearnedSessions(bytes);
  }

  /// Whether `other` keeps its sessions in the same table.
  public boolean hasTableOf(StickyLearn other) {
    return zone.equals(other.zone) && bytes == other.bytes && synced == other.synced;
  }
}

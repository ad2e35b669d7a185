package dev.turnout.upstream.sticky;

/// `sticky learn`: the server begins a session and the request brings it back; what session belongs
/// to which server is kept here, in [LearnedSessions].
///
/// @param zone the name of the table
/// @param bytes its size
/// @param timeoutMillis how long a session is kept that nobody asks for
/// @param atHead a session is learned when the head of a response has come, not when all of it has
public record StickyLearn(String zone, long bytes, long timeoutMillis, boolean atHead)
    implements Sticky {
  /// Whether `other` keeps its sessions in the same table.
  public boolean hasTableOf(StickyLearn other) {
    return zone.equals(other.zone) && bytes == other.bytes;
  }
}

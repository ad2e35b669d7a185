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
  @Override
  public String text() {
    // the name last, since it may hold anything
    return "learn " + bytes + " " + timeoutMillis + (atHead ? " header " : " end ") + zone;
  }

  static StickyLearn parse(String text) {
    String[] words = text.split(" ", 4);
    if (words.length != 4) {
      throw new IllegalArgumentException("unknown sticky sessions \"" + text + "\"");
    }
    return new StickyLearn(
        words[3], Long.parseLong(words[0]), Long.parseLong(words[1]), words[2].equals("header"));
  }

  /// Whether `other` keeps its sessions in the same table.
  public boolean hasTableOf(StickyLearn other) {
    return zone.equals(other.zone) && bytes == other.bytes;
  }
}

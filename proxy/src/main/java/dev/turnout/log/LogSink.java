package dev.turnout.log;

/// Where finished lines end: a file or a syslog server. Written to by whoever holds the pen of the
/// log writer, one thread at a time.
public sealed interface LogSink permits LogFile, Syslog, NamedLogs.Line {
  /// Writes whole lines, each ending in a line feed, that have severity `level`.
  void write(Level level, byte[] lines, int offset, int length);

  /// Whether a write is over at once, as far as one can know, so that an event loop may do it.
  boolean isPrompt();

  /// Whether several lines may be joined into one [#write].
  boolean joinsLines();
}

package dev.turnout.log;

/// Where finished lines end: a file or a syslog server. Written to by the log writer's thread only.
public sealed interface LogSink permits LogFile, Syslog, NamedLogs.Line {
  /// Writes whole lines, each ending in a line feed, that have severity `level`.
  void write(Level level, byte[] lines, int offset, int length);

  /// Whether several lines may be joined into one [#write].
  boolean joinsLines();
}

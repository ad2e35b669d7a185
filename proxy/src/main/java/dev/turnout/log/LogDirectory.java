package dev.turnout.log;

import java.nio.file.Path;

/// Where the names of log files begin that are made for each line, and whether that is on a local
/// disk: the log writer's thread finds out.
public final class LogDirectory {
  /// Of names of which nothing is known beforehand.
  public static final LogDirectory UNKNOWN = new LogDirectory();

  private volatile boolean local;

  LogDirectory() {}

  void lookAt(Path directory) {
    local = LocalDisk.holds(directory);
  }

  boolean isLocal() {
    return local;
  }
}

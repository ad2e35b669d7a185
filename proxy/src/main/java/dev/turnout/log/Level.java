package dev.turnout.log;

import java.util.Locale;
import java.util.Optional;

/// The severity of an error-log line, most severe first, with nginx's names.
public enum Level {
  EMERG(0),
  ALERT(1),
  CRIT(2),
  ERROR(3),
  WARN(4),
  NOTICE(5),
  INFO(6),
  DEBUG(7);

  private final int severity;
  private final String word = name().toLowerCase(Locale.ROOT);

  Level(int severity) {
    this.severity = severity;
  }

  /// The name as it stands in a configuration and in a line.
  public String word() {
    return word;
  }

  /// The severity in a syslog priority: 0 for `emerg` to 7 for `debug`.
  int severity() {
    return severity;
  }

  /// Whether a log that is set to this level takes lines of level `line`.
  public boolean includes(Level line) {
    return line.severity <= severity;
  }

  /// Whether whoever writes such a line waits for it to be on disk: the process may be about to
  /// end.
  boolean isUrgent() {
    return CRIT.includes(this);
  }

  /// The level called `word`, which is case-sensitive as in nginx.
  public static Optional<Level> named(String word) {
    for (Level level : values()) {
      if (level.word.equals(word)) {
        return Optional.of(level);
      }
    }
    return Optional.empty();
  }
}

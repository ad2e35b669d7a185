package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Units;

/// A directory for temporary files, as `client_body_temp_path` and its kind write it: with up to
/// three lengths of names of directories in it, which are checked and not used.
public final class TemporaryPath {
  private static final int LONGEST = 10;

  private TemporaryPath() {}

  /// The directory.
  public static String read(Directive d) {
    int levels = d.argumentCount() - 1;
    long length = 0;
    for (int i = 1; i <= levels; i++) {
      long level = Units.number(d.argument(i)).orElse(0);
      if (level == 0) {
        throw ConfigException.directive(d, "invalid value");
      }
      length += Math.min(level, LONGEST) + 1;
    }
    if (length > LONGEST + levels) {
      throw ConfigException.directive(d, "invalid value");
    }
    return d.argument(0);
  }
}

package dev.turnout.http.access;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Units;
import java.util.OptionalLong;

/// A `zone=name:size` argument.
///
/// @param name the name of the zone
/// @param bytes its size
record ZoneSize(String name, long bytes) {
  private static final String PREFIX = "zone=";
  private static final long SMALLEST = 8 * 4096;

  /// Reads argument `i`, which begins with `zone=`.
  static ZoneSize read(Directive d, int i) {
    String word = d.argument(i);
    int colon = word.indexOf(':');
    OptionalLong bytes = colon < 0 ? OptionalLong.empty() : Units.size(word.substring(colon + 1));
    if (bytes.isEmpty()) {
      throw ConfigException.at(d, i, "invalid zone size \"" + word + "\"")
          .withHelp("a zone is written zone=name:1m");
    }
    if (bytes.getAsLong() < SMALLEST) {
      throw ConfigException.at(d, i, "zone \"" + word + "\" is too small");
    }
    return new ZoneSize(word.substring(PREFIX.length(), colon), bytes.getAsLong());
  }

  static boolean isOne(String word) {
    return word.startsWith(PREFIX);
  }

  /// What stands after `zone=`.
  static String name(String word) {
    return word.substring(PREFIX.length());
  }
}

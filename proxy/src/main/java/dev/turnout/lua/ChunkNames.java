package dev.turnout.lua;

import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Position;
import dev.turnout.config.Scope;

/// How scripts of the configuration are called in error messages: `content_by_lua(nginx.conf:12)`.
/// As in OpenResty a file beside the main one is called by its name alone, and what is too long
/// loses its beginning.
final class ChunkNames {
  /// What Lua keeps of a name.
  private static final int LONGEST = 56;

  private ChunkNames() {}

  /// The name for a script that stands at `place`.
  static String of(String directive, Position place, Scope scope) {
    String file = place.file();
    int reserved = directive.length() + Integer.toString(place.line()).length();
    String shown = file;
    if (file.endsWith("/nginx.conf") || file.equals("nginx.conf")) {
      shown = "nginx.conf";
    } else {
      String home = directory(scope);
      if (file.startsWith(home) && file.length() > home.length()) {
        shown = file.substring(home.length());
      }
      int room = LONGEST - reserved - 3;
      if (shown.length() + reserved > LONGEST) {
        shown = "..." + shown.substring(shown.length() - room);
      }
    }
    return "=" + directive + "(" + shown + ":" + place.line() + ")";
  }

  private static String directory(Scope scope) {
    String prefix = scope.get(ConfigLoader.PREFIX);
    return (prefix.endsWith("/") ? prefix : prefix + "/") + "conf/";
  }
}

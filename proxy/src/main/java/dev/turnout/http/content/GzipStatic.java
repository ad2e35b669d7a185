package dev.turnout.http.content;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.Exchange;
import dev.turnout.http.GzipRules;
import dev.turnout.http.HttpRegistry;
import dev.turnout.log.Level;
import java.util.Map;

/// `gzip_static`: beside `name` there may be `name.gz`, which is sent in its place. Immutable.
final class GzipStatic {
  private static final Setting<Mode> MODE = Setting.of("gzip_static", Mode.OFF);

  private enum Mode {
    OFF,
    ON,
    ALWAYS
  }

  private final Mode mode;
  private final GzipRules rules;

  private GzipStatic(Mode mode, GzipRules rules) {
    this.mode = mode;
    this.rules = rules;
  }

  static void register(HttpRegistry http) {
    http.directive("gzip_static")
        .in(HTTP, SERVER, LOCATION)
        .oneOf(MODE, Map.of("off", Mode.OFF, "on", Mode.ON, "always", Mode.ALWAYS))
        .defaultText("off")
        .summary(
            "Sends the file with `.gz` at the end of its name, if there is one, to clients that take"
                + " gzip, or to all (`always`).");
  }

  static GzipStatic of(Scope scope) {
    return new GzipStatic(scope.get(MODE), GzipRules.of(scope));
  }

  /// True if the compressed file is worth looking for.
  boolean isWanted(Exchange exchange) {
    return switch (mode) {
      case OFF -> false;
      case ON -> rules.saysVary() || rules.accept(exchange);
      case ALWAYS -> true;
    };
  }

  /// True if what was found under the name with `.gz` is sent in place of the plain file.
  boolean mayBeUsed(Exchange exchange, FileLookup compressed) {
    return switch (compressed) {
      case FileLookup.Found _ -> {
        if (mode == Mode.ON) {
          exchange.response().vary();
        }
        yield mode == Mode.ALWAYS || rules.accept(exchange);
      }
      case FileLookup.Failed(int status, String reason) -> {
        if (status != 404) {
          exchange.log(Level.ERROR, "open() of a compressed file failed (" + reason + ")");
        }
        yield false;
      }
      case FileLookup.Special _ -> true; // told, and not found
      case FileLookup.Directory _, FileLookup.Beside _ -> false;
    };
  }
}

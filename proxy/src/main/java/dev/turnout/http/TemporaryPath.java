package dev.turnout.http;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Units;
import dev.turnout.log.Errno;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// A directory for temporary files, as `client_body_temp_path` and its kind write it: with up to
/// three lengths of names of directories in it, which are checked and not used.
public final class TemporaryPath {
  private static final int LONGEST = 10;
  private static final Set<PosixFilePermission> OWNER =
      PosixFilePermissions.fromString("rwx------");

  private TemporaryPath() {}

  /// The directory, which is made before the configuration takes effect if it is not there.
  public static String read(HttpRegistry http, Directive d, Scope scope) {
    String directory = CoreModule.path(scope, checked(d));
    http.beforeBuild(() -> make(directory));
    return directory;
  }

  private static void make(String directory) {
    try {
      Path path = Path.of(directory);
      if (!Files.exists(path)) {
        Files.createDirectory(path, PosixFilePermissions.asFileAttribute(OWNER));
      }
    } catch (FileAlreadyExistsException _) {
      // someone was faster
    } catch (IOException e) {
      throw ConfigException.withoutPosition(
          "mkdir() \"" + directory + "\" failed (" + Errno.describe(e) + ")");
    }
  }

  /// The directory as it is written.
  public static String checked(Directive d) {
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

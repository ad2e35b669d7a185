package dev.turnout.http;

import dev.turnout.log.Errno;
import dev.turnout.log.Level;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// What directories are without symbolic links, for `$realpath_root`. Shared by all loops; bounded.
///
/// A variable has to have its value at once, so the loop asks the file system itself, as nginx
/// does; an answer holds for a second, in which a deployment may take as long to be seen.
final class RealPaths {
  private static final int MOST = 256;
  private static final long FRESH_MILLIS = 1000;

  private final Map<String, Answer> known = new ConcurrentHashMap<>();

  private record Answer(String path, long atMillis) {}

  /// The real path of `directory`; null if there is none, which is logged.
  @Nullable String of(String directory, Exchange exchange) {
    long now = exchange.worker().monotonicMillis();
    Answer answer = known.get(directory);
    if (answer != null && now - answer.atMillis() < FRESH_MILLIS) {
      return answer.path();
    }
    try {
      String path = RequestFile.text(RequestFile.path(directory).toRealPath());
      if (known.size() >= MOST) {
        known.clear();
      }
      known.put(directory, new Answer(path, now));
      return path;
    } catch (IOException e) {
      exchange.log(
          Level.CRIT, "realpath() \"" + directory + "\" failed (" + Errno.describe(e) + ")");
    } catch (java.nio.file.InvalidPathException e) {
      exchange.log(Level.CRIT, "realpath() \"" + directory + "\" failed (" + e.getReason() + ")");
    }
    return null;
  }
}

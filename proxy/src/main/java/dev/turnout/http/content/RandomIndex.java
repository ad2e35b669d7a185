package dev.turnout.http.content;

import static dev.turnout.config.Context.LOCATION;

import dev.turnout.config.Setting;
import dev.turnout.http.ContentHandler;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.RequestFile;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/// `random_index`: a path that ends with a slash stands for any of the files in the directory.
final class RandomIndex {
  static final Setting<Boolean> ENABLED = Setting.of("random_index", false);

  private RandomIndex() {}

  static void register(HttpRegistry http) {
    http.directive("random_index")
        .in(LOCATION)
        .flag(ENABLED)
        .defaultText("off")
        .summary("A path that ends with a slash stands for one of the files there, by chance.");
  }

  /// Goes before `otherwise`, which answers where there is no file to choose.
  static ContentHandler before(ContentHandler otherwise) {
    return exchange -> {
      String method = exchange.method();
      boolean reads = method.equals("GET") || method.equals("HEAD") || method.equals("POST");
      if (!reads || !exchange.path().endsWith("/")) {
        otherwise.handle(exchange);
        return;
      }
      String directory = RequestFile.name(exchange);
      exchange.offLoop(
          () -> DirectoryEntry.list(directory).stream().filter(DirectoryEntry::isFile).toList(),
          (files, failure) -> choose(exchange, directory, files, failure, otherwise),
          _ -> {});
    };
  }

  private static void choose(
      Exchange exchange,
      String directory,
      @Nullable List<DirectoryEntry> files,
      @Nullable IOException failure,
      ContentHandler otherwise) {
    if (files == null) {
      Autoindex.fail(exchange, directory, failure);
    } else if (files.isEmpty()) {
      otherwise.handle(exchange);
    } else {
      int chosen = ThreadLocalRandom.current().nextInt(files.size());
      exchange.redirectInternally(exchange.path() + files.get(chosen).name(), exchange.args());
    }
  }
}

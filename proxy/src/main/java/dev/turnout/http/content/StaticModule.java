package dev.turnout.http.content;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveDefinition;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.config.Units;
import dev.turnout.http.ContentHandler;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.Template;
import java.util.List;

/// Files: what answers where no directive says otherwise. `index`, `etag` and `log_not_found`; with
/// what belongs to directories and to files beside others: `autoindex`, `random_index`,
/// `gzip_static`.
public final class StaticModule implements HttpModule {
  private static final Setting<List<Template>> INDEX = Setting.listOf("index");
  private static final Setting<Boolean> ETAG = Setting.of("etag", true);
  private static final Setting<Boolean> LOG_NOT_FOUND = Setting.of("log_not_found", true);

  @Override
  public void register(HttpRegistry http) {
    http.directive("index")
        .in(HTTP, SERVER, LOCATION)
        .atLeast(1)
        .repeatable()
        .read((d, scope) -> index(http, d, scope))
        .syntax("file ...")
        .defaultText("index.html")
        .summary("The files that are looked for where a path ends with a slash.");
    http.directive("etag")
        .in(HTTP, SERVER, LOCATION)
        .flag(ETAG)
        .defaultText("on")
        .summary("Files get an `ETag` made of their time and size.");
    http.directive("log_not_found")
        .in(HTTP, SERVER, LOCATION)
        .flag(LOG_NOT_FOUND)
        .defaultText("on")
        .summary("Files that are not found are told in the error log.");
    GzipStatic.register(http);
    Autoindex.register(http);
    RandomIndex.register(http);
    http.refuse("disable_symlinks", "symbolic links are always followed");
    accepted(http);
    http.fallback(scope -> {
      List<Template> index = scope.get(INDEX);
      ContentHandler files =
          new StaticHandler(
              index.isEmpty() ? List.of(Template.constant("index.html")) : index,
              scope.get(ETAG),
              scope.get(LOG_NOT_FOUND),
              GzipStatic.of(scope),
              Autoindex.of(scope));
      return scope.get(RandomIndex.ENABLED) ? RandomIndex.before(files) : files;
    });
  }

  private static void accepted(HttpRegistry http) {
    accepted(http, "open_file_cache").arguments(1, 2).read((d, _) -> openFileCache(d));
    accepted(http, "open_file_cache_valid").seconds(Setting.of("open_file_cache_valid", 60L));
    accepted(http, "open_file_cache_min_uses")
        .number(Setting.of("open_file_cache_min_uses", 1L), 0, Long.MAX_VALUE);
    for (String name : List.of("open_file_cache_errors", "open_file_cache_events", "aio_write")) {
      accepted(http, name).flag(Setting.of(name, false));
    }
    accepted(http, "directio")
        .read((d, _) -> {
          if (!d.argument(0).equals("off") && Units.offset(d.argument(0)).isEmpty()) {
            throw ConfigException.directive(d, "invalid value");
          }
        });
    accepted(http, "directio_alignment").offset(Setting.of("directio_alignment", 512L));
    accepted(http, "aio")
        .read((d, _) -> {
          String word = d.argument(0);
          if (!word.equals("on") && !word.equals("off") && !word.startsWith("threads")) {
            throw ConfigException.directive(d, "invalid value");
          }
        });
    for (String name : List.of("read_ahead", "sendfile_max_chunk", "postpone_output")) {
      accepted(http, name).size(Setting.of(name, 0L));
    }
    accepted(http, "output_buffers")
        .arguments(2)
        .read((d, _) -> {
          if (Units.number(d.argument(0)).orElse(0) == 0
              || Units.size(d.argument(1)).orElse(0) == 0) {
            throw ConfigException.directive(d, "invalid value");
          }
        });
  }

  private static DirectiveDefinition accepted(HttpRegistry http, String name) {
    return http.directive(name)
        .in(HTTP, SERVER, LOCATION)
        .summary("Accepted: files are opened off the event loops and sent by sendfile(2).");
  }

  private static void openFileCache(Directive d) {
    boolean most = false;
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      String value = word.substring(word.indexOf('=') + 1);
      if (word.startsWith("max=") && Units.number(value).orElse(0) > 0) {
        most = true;
      } else if (word.equals("off")) {
        most = true;
      } else if (!word.startsWith("inactive=") || Units.seconds(value).isEmpty()) {
        throw ConfigException.at(d, i, "invalid \"open_file_cache\" parameter \"" + word + "\"");
      }
    }
    if (!most) {
      throw ConfigException.at(d, "\"open_file_cache\" must have the \"max\" parameter");
    }
  }

  private static void index(HttpRegistry http, Directive d, Scope scope) {
    for (int i = 0; i < d.argumentCount(); i++) {
      String name = d.argument(i);
      if (name.isEmpty()) {
        throw ConfigException.at(d, i, "index \"\" in \"index\" directive is invalid");
      }
      if (name.startsWith("/") && i != d.argumentCount() - 1) {
        scope.warn(d, "only the last index in \"index\" directive should be absolute");
      }
      scope.append(INDEX, http.template(d, i));
    }
  }
}

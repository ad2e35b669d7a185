package dev.turnout.http.proxy;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.LOCATION;
import static dev.turnout.config.Context.SERVER;

import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Exchange;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.RequestFile;
import dev.turnout.http.Template;
import dev.turnout.http.TemporaryPath;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `proxy_store`, `proxy_store_access` and `proxy_temp_path`: answers of upstreams become files.
final class StoreModule {
  private static final Setting<@Nullable Template> STORE = Setting.of("proxy_store", null);
  private static final Setting<Set<PosixFilePermission>> ACCESS =
      Setting.of(
          "proxy_store_access",
          EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
  private static final Setting<String> TEMPORARY = Setting.of("proxy_temp_path", "proxy_temp");

  /// Stands for `on`: the file that the request names.
  private static final Template BY_ROOT = Template.constant("on");

  private StoreModule() {}

  /// What is stored where.
  record Store(Template name, Set<PosixFilePermission> access, Path temporary) {
    /// The file for this exchange's answer; null for none.
    @Nullable Path target(Exchange exchange) {
      String file = name == BY_ROOT ? RequestFile.name(exchange) : name.evaluate(exchange);
      return file.isEmpty() || file.endsWith("/") ? null : RequestFile.path(file);
    }
  }

  static void register(HttpRegistry http) {
    http.directive("proxy_store")
        .in(HTTP, SERVER, LOCATION)
        .read((d, scope) -> scope.set(STORE, template(http, d, scope)))
        .syntax("on | off | string")
        .defaultText("off")
        .summary(
            "Answers with status 200 become files: those that `root` or `alias` name, or what the"
                + " string says.")
        .differs("If the client goes away before the answer is whole, nothing is stored.");
    http.directive("proxy_store_access")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 3)
        .read((d, scope) -> scope.set(ACCESS, access(d)))
        .syntax("users:permissions ...")
        .defaultText("user:rw")
        .summary("Who may read and write the files: `user`, `group`, `all`, with `r` and `rw`.");
    http.directive("proxy_temp_path")
        .in(HTTP, SERVER, LOCATION)
        .arguments(1, 4)
        .read((d, scope) -> scope.set(TEMPORARY, TemporaryPath.read(http, d, scope)))
        .syntax("path [level1 [level2 [level3]]]")
        .defaultText("proxy_temp")
        .summary("Where files lie until `proxy_store` gives them their names.")
        .differs(
            "Responses that are only passed on are not written to temporary files. The levels are"
                + " accepted; files are not spread over directories.");
  }

  /// What holds in this block; null where nothing is stored.
  static @Nullable Store of(Scope scope) {
    Template name = scope.get(STORE);
    return name == null || name.isEmpty()
        ? null
        : new Store(
            name,
            scope.get(ACCESS),
            RequestFile.path(CoreModule.path(scope, scope.get(TEMPORARY))));
  }

  private static Template template(HttpRegistry http, Directive d, Scope scope) {
    String word = d.argument(0);
    return switch (word) {
      case "off" -> Template.empty();
      case "on" -> BY_ROOT;
      case "" -> throw ConfigException.at(d, 0, "empty path");
      default -> http.template(d, 0, word.startsWith("$") ? word : CoreModule.path(scope, word));
    };
  }

  private static Set<PosixFilePermission> access(Directive d) {
    Set<PosixFilePermission> all =
        EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    for (int i = 0; i < d.argumentCount(); i++) {
      String word = d.argument(i);
      String who = word.substring(0, word.indexOf(':') + 1);
      boolean writes = word.endsWith(":rw");
      boolean known = who.equals("user:") || who.equals("group:") || who.equals("all:");
      if (!known || !(writes || word.endsWith(":r"))) {
        throw ConfigException.at(d, i, "invalid value \"" + word + "\"");
      }
      if (!who.equals("user:")) {
        all.add(PosixFilePermission.GROUP_READ);
        if (writes) {
          all.add(PosixFilePermission.GROUP_WRITE);
        }
      }
      if (who.equals("all:")) {
        all.add(PosixFilePermission.OTHERS_READ);
        if (writes) {
          all.add(PosixFilePermission.OTHERS_WRITE);
        }
      }
    }
    return all;
  }
}

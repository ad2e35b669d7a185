package dev.turnout.http.proxy;

import static dev.turnout.config.Context.UPSTREAM;

import dev.turnout.cluster.file.ServerListFile;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreModule;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// `state`: the file that the servers of an upstream are read from and kept in.
public final class ServerListModule implements HttpModule {
  static final Setting<@Nullable ServerListFile> LIST = Setting.local("state", null);

  @Override
  public void register(HttpRegistry http) {
    http.directive("state")
        .in(UPSTREAM)
        .arguments(1)
        .read(ServerListModule::read)
        .syntax("file")
        .summary(
            "The file that the group's servers are read from, as `server` lines, and that is written"
                + " anew with every change at run time; one that is not there is an empty list. The"
                + " block itself then has no `server`. A change is answered when both the file and"
                + " the journal have it. A file that was edited while the node was down, or before a"
                + " reload, counts more than the journal.")
        .differs(
            "A relative name begins at the prefix. The file does not hold the balancing method.");
  }

  private static void read(Directive d, Scope scope) {
    if (d.argument(0).isEmpty()) {
      throw ConfigException.at(d, 0, "invalid value \"\" in \"state\" directive");
    }
    Path file = Path.of(CoreModule.path(scope, d.argument(0))).toAbsolutePath().normalize();
    scope.set(LIST, new ServerListFile(file));
  }
}

package dev.turnout.app;

import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.Context;
import dev.turnout.config.DirectiveRegistry;
import dev.turnout.config.LoadedConfig;
import dev.turnout.config.Scope;
import dev.turnout.control.Candidate;
import dev.turnout.control.ChangeWriter;
import dev.turnout.control.ControlPlane;
import dev.turnout.control.ZoneSync;
import dev.turnout.http.CoreModule;
import dev.turnout.http.Generation;
import dev.turnout.http.HttpBuilder;
import dev.turnout.http.HttpEnvironment;
import dev.turnout.http.HttpModule;
import dev.turnout.http.HttpRegistry;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.log.LogSink;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// One load of the configuration: read, then built, then in force or given up.
final class Configuration {
  private final LoadedConfig loaded;
  private final HttpRegistry http;
  private final CoreModule core;
  private final Outside process;
  private final ControlPlane control;
  private final List<Scope> blocks; // of http

  private Configuration(LoadedConfig loaded, HttpRegistry http, CoreModule core, Outside process) {
    this.process = process;
    this.control = process.control();
    this.loaded = loaded;
    this.http = http;
    this.core = core;
    this.blocks = new ArrayList<>(loaded.main().children(Context.HTTP));
  }

  /// What a load needs of the process.
  ///
  /// @param environment what outlives configurations
  /// @param proxying the proxy's part of the loops
  /// @param writer the single writer of changes
  /// @param journals where its changes are kept
  /// @param control what operators speak to
  record Outside(
      HttpEnvironment environment,
      Supplier<ProxyLoops> proxying,
      ChangeWriter writer,
      StateModule.Journals journals,
      ControlPlane control) {
    Outside(
        HttpEnvironment environment,
        Supplier<ProxyLoops> proxying,
        ChangeWriter writer,
        StateModule.Journals journals) {
      this(
          environment,
          proxying,
          writer,
          journals,
          ControlPlane.of(writer, environment.upstreams()));
    }
  }

  /// The directives that a load knows, with nothing read yet.
  static DirectiveRegistry directives(Outside process) {
    DirectiveRegistry directives = new DirectiveRegistry();
    register(directives, process, new CoreModule(), Path.of("."));
    return directives;
  }

  private static HttpRegistry register(
      DirectiveRegistry directives, Outside process, CoreModule core, Path prefix) {
    HttpRegistry http = new HttpRegistry(directives, process.environment());
    for (HttpModule module : Modules.http(core, process, prefix)) {
      module.register(http);
    }
    ProcessModule.register(directives, core);
    return http;
  }

  /// Reads the files.
  ///
  /// @throws dev.turnout.config.ConfigLoadException with all that is wrong
  /// @throws IOException if the error log cannot be opened
  static Configuration read(
      Path file, Path prefix, List<String> globals, String errorLog, Outside process)
      throws IOException {
    DirectiveRegistry directives = new DirectiveRegistry();
    CoreModule core = new CoreModule();
    HttpRegistry http = register(directives, process, core, prefix);
    try {
      LoadedConfig loaded = ConfigLoader.load(file, prefix, globals, directives);
      Scope main = loaded.main();
      if (!CoreModule.hasErrorLog(main)) {
        LogSink sink =
            errorLog.equals("stderr")
                ? process.environment().logs().stderr()
                : process.environment().logs().open(CoreModule.path(main, errorLog));
        CoreModule.mainErrorLog(main, new ErrorLog.Target(sink, Level.ERROR));
      }
      return new Configuration(loaded, http, core, process);
    } catch (IOException | RuntimeException e) {
      http.pending().forEach(HttpRegistry.Pending::abandon); // what was opened while it was read
      throw e;
    }
  }

  /// The first address that is listened on, for people.
  private static String address(Generation generation) {
    return generation.listens().keySet().stream()
        .map(one ->
            one instanceof InetSocketAddress inet
                ? inet.getAddress().getHostAddress() + ":" + inet.getPort()
                : one.toString())
        .findFirst()
        .orElse("");
  }

  LoadedConfig loaded() {
    return loaded;
  }

  Scope main() {
    return loaded.main();
  }

  ErrorLog log() {
    return core.errorLog(main());
  }

  /// Adds a server that stands in no file. Nothing that the files say applies to it.
  ///
  /// @param name how the text is called in errors
  /// @param text its block
  /// @param allowed the directives that the text has
  /// @param dialect through which it changes the state of the node
  void addServer(String name, String text, Set<String> allowed, String dialect) {
    boolean alone = !http.changesState();
    Scope block = Scope.detached(Context.HTTP, main());
    http.readInside(block, name, text, allowed);
    blocks.add(block);
    if (alone) {
      http.changesStateOnDemand(dialect);
    }
  }

  /// Builds what was read.
  ///
  /// @throws ConfigException if it does not fit together
  Candidate build(int number, int workers) {
    Generation generation;
    try {
      generation = new HttpBuilder(http, core).build(blocks, number, workers);
    } catch (RuntimeException e) {
      http.pending().forEach(HttpRegistry.Pending::abandon);
      throw e;
    }
    ErrorLog log = log();
    return new Candidate() {
      @Override
      public Generation generation() {
        return generation;
      }

      @Override
      public ErrorLog log() {
        return log;
      }

      @Override
      public List<String> warnings() {
        return http.warnings();
      }

      @Override
      public void activate() {
        control
            .writer()
            .exclusively(() -> {
              http.pending().forEach(HttpRegistry.Pending::activate);
              String trouble = control.writer().activate(http.upstreams());
              if (trouble != null) {
                log.log(Level.ERROR, "the new configuration is not in the history: " + trouble);
              }
              http.environment().serving(generation);
              control.sharing().log(log);
              control.sharing().address(address(generation));
              control.sharing().activate();
            });
        ZoneSync.of(http.environment(), control).activate(log);
        control.drains().ages(process.proxying().get()::oldestMillis);
        control.drains().resume();
        control.canaries().look();
        control.trials().resume();
      }

      @Override
      public void abandon() {
        http.pending().forEach(HttpRegistry.Pending::abandon);
      }

      @Override
      public void retire() {
        http.pending().forEach(HttpRegistry.Pending::retire);
      }
    };
  }
}

package dev.turnout.app;

import dev.turnout.config.Compatibility;
import dev.turnout.config.ConfigException;
import dev.turnout.config.ConfigLoadException;
import dev.turnout.config.ConfigLoader;
import dev.turnout.config.FileNames;
import dev.turnout.http.proxy.ProxyLoops;
import dev.turnout.log.LogFiles;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// `turnout compat FILE`: what of an nginx.conf, with the files that it includes, runs, what runs
/// differently, and what is refused. Nothing is started, listened on or written.
final class CompatCommand {
  private CompatCommand() {}

  /// Runs it; the exit status is 0 if nothing is refused, else 1, and 2 if there is no such file.
  static int run(String[] arguments, PrintStream out, PrintStream err) throws IOException {
    if (arguments.length != 2) {
      err.println("usage: turnout compat file");
      return 2;
    }
    Path file = FileNames.path(arguments[1]);
    if (!Files.isReadable(file) || Files.isDirectory(file)) {
      err.println("turnout: \"" + arguments[1] + "\" is not a file that can be read");
      return 2;
    }
    Compatibility found = compare(file);
    out.write(found.text().getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
    return found.runs() ? 0 : 1;
  }

  private static Compatibility compare(Path file) {
    try (LogFiles logs = LogFiles.none()) {
      CompletableFuture<ProxyLoops> proxying = new CompletableFuture<>();
      Configuration.Outside process = Main.process(logs, true, proxying);
      Compatibility found = ConfigLoader.compare(file, Configuration.directives(process));
      if (found.isWhole()) {
        build(file, Main.process(logs, true, proxying), proxying, found);
      }
      return found;
    }
  }

  /// What is only seen when all is put together, such as a variable that nothing defines.
  private static void build(
      Path file,
      Configuration.Outside process,
      CompletableFuture<ProxyLoops> proxying,
      Compatibility found) {
    Path directory = file.toAbsolutePath().getParent();
    try {
      Configuration whole =
          Configuration.read(
              file.toAbsolutePath(),
              directory == null ? Path.of("/") : directory,
              List.of(),
              "stderr",
              process);
      Running.makeLoops(whole, process, proxying);
      whole.build(1, process.environment().workers().size()).abandon();
    } catch (ConfigLoadException e) {
      e.errors().forEach(found::refused);
    } catch (ConfigException e) {
      found.refused(e);
    } catch (IOException | IllegalArgumentException e) {
      found.refused(ConfigException.withoutPosition(String.valueOf(e.getMessage())));
    }
  }
}

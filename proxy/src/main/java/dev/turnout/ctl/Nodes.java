package dev.turnout.ctl;

import dev.turnout.net.RunDirectory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The nodes of this user that run on this machine: each has a socket of its own.
final class Nodes {
  private static final String MAIN = "dev.turnout.app.Main";

  private Nodes() {}

  /// Where the control API of the node is, as `--url` would say it; null: none runs.
  ///
  /// @param pid which node; null: the only one
  /// @throws CtlException if that does not tell one node
  static @Nullable String find(Map<String, String> environment, @Nullable Long pid) {
    List<Path> sockets;
    try {
      RunDirectory directory = RunDirectory.of(environment);
      sockets =
          pid == null
              ? directory.sockets().stream().filter(RunDirectory::isServed).toList()
              : List.of(directory.socket(pid));
    } catch (IOException e) {
      throw new CtlException(Exit.UNREACHABLE, "nodes cannot be looked for: " + e.getMessage());
    }
    if (sockets.size() > 1) {
      StringBuilder text = new StringBuilder("several nodes run, say which with --node or --url");
      sockets.forEach(socket -> text.append("\n  ").append(describe(socket)));
      throw new CtlException(Exit.USAGE, text.toString());
    }
    return sockets.isEmpty() ? null : "unix:" + sockets.getFirst();
  }

  private static String describe(Path socket) {
    long pid = RunDirectory.pid(socket);
    return pid < 0 ? "--url unix:" + socket : "--node " + pid + "  " + commandLine(pid);
  }

  /// With which arguments a node was started.
  private static String commandLine(long pid) {
    try {
      Path file = Path.of("/proc", Long.toString(pid), "cmdline");
      String line = Files.readString(file, StandardCharsets.ISO_8859_1).replace('\0', ' ').strip();
      int main = line.indexOf(MAIN);
      return Table.printable("turnout" + (main < 0 ? "" : line.substring(main + MAIN.length())));
    } catch (IOException _) {
      return ""; // it has ended meanwhile
    }
  }
}

package dev.turnout.app;

import static dev.turnout.config.Context.HTTP;
import static dev.turnout.config.Context.MAIN;

import dev.turnout.admin.control.ControlApiModule;
import dev.turnout.config.ConfigException;
import dev.turnout.config.Directive;
import dev.turnout.config.DirectiveRegistry;
import dev.turnout.config.FileNames;
import dev.turnout.config.Scope;
import dev.turnout.config.Setting;
import dev.turnout.http.CoreModule;
import dev.turnout.log.Errno;
import dev.turnout.net.RunDirectory;
import dev.turnout.net.Transport;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// `management_socket`: a unix socket with the control API that each node has unless it is told
/// otherwise, for root and for the user who started it, so that `turnout ctl` finds it without
/// being told anything. Who they are is the kernel's word; nothing else is asked.
///
/// It is a server like those of the configuration, with nothing inherited from them. Used by the
/// control thread alone.
final class ManagementSocket {
  private static final String AUTO = "auto";
  private static final String OFF = "off";
  private static final Setting<String> WHERE = Setting.of("management_socket", AUTO);
  private static final Set<String> ALLOWED =
      Set.of("server", "listen", "location", "access_log", "control_api", "management_allow");

  private final Transport transport;
  private @Nullable Path present; // what serves
  private @Nullable Path next;

  ManagementSocket(Transport transport) {
    this.transport = transport;
  }

  static void register(DirectiveRegistry directives) {
    directives
        .directive("management_socket")
        .in(MAIN)
        .read(ManagementSocket::read)
        .syntax("auto | off | path")
        .defaultText("auto")
        .summary(
            "A unix socket with the control API, where root and the user who started the node may do"
                + " everything; `turnout ctl` finds it by itself. `auto` is PID.sock in /run/turnout"
                + " of root, of other users in $XDG_RUNTIME_DIR/turnout, or /tmp/turnout-UID;"
                + " TURNOUT_RUN_DIR in the environment says another directory. If that cannot be"
                + " made the node starts without it, and a warning says why; without a path that is"
                + " written here it does not start. There is none without an http block, and with"
                + " `use nio`, which does not tell who the client is.");
  }

  private static void read(Directive d, Scope scope) {
    String word = d.argument(0);
    if (word.contains("\"") || word.contains("\\") || word.contains("$")) {
      throw ConfigException.at(d, 0, "invalid path \"" + word + "\"");
    }
    scope.set(WHERE, word.equals(AUTO) || word.equals(OFF) ? word : CoreModule.path(scope, word));
  }

  /// Adds the server to a configuration that was read.
  ///
  /// @return why there is none although there should be; null: there is, or need not be
  /// @throws ConfigException if a path that is configured cannot be listened on
  @Nullable String addTo(Configuration configuration) {
    next = null;
    String where = configuration.main().get(WHERE);
    if (where.equals(OFF) || configuration.main().children(HTTP).isEmpty()) {
      return null;
    }
    try {
      if (transport == Transport.NIO) {
        throw new IOException("\"use nio\" does not tell who the client is");
      }
      RunDirectory directory = RunDirectory.of(System.getenv());
      Path socket = where.equals(AUTO) ? automatic(directory) : FileNames.path(where);
      if (!socket.equals(present)) {
        tryOut(socket);
      }
      configuration.addServer(
          "management_socket", text(socket, directory.uid()), ALLOWED, ControlApiModule.DIALECT);
      next = socket;
      return null;
    } catch (IOException e) {
      String why = "no management socket: " + reason(e);
      if (where.equals(AUTO)) {
        return why;
      }
      throw ConfigException.withoutPosition("\"management_socket\" " + where + ": " + reason(e));
    }
  }

  /// One that serves is kept, whoever the process has become since.
  private Path automatic(RunDirectory directory) throws IOException {
    Path socket = present;
    long pid = ProcessHandle.current().pid();
    if (socket != null && RunDirectory.pid(socket) == pid) {
      return socket;
    }
    directory.prepare();
    return directory.socket(pid);
  }

  private static String reason(IOException e) {
    String message = String.valueOf(e.getMessage());
    return message.startsWith("\"") ? message : "bind() failed (" + Errno.describe(e) + ")";
  }

  /// Whether it can be bound is to be known before the node begins to change over.
  private static void tryOut(Path socket) throws IOException {
    RunDirectory.removeIfLeft(socket);
    UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(address);
    }
    Files.delete(socket);
  }

  private static String text(Path socket, int uid) {
    return """
    server {
      listen "unix:%s";
      access_log off;
      location / { control_api write=on; management_allow uid=0 admin; management_allow uid=%d admin; }
    }
    """
        .formatted(FileNames.name(socket), uid);
  }

  /// The configuration serves that the server was last added to.
  void serves() throws IOException {
    if (next != null && !next.equals(present)) {
      Files.setPosixFilePermissions(next, PosixFilePermissions.fromString("rw-------"));
    }
    present = next;
  }
}

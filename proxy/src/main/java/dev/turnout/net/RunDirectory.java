package dev.turnout.net;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Where the nodes of a user have the sockets by which they are operated: `PID.sock`, of each. Who
/// operates them looks there, so nobody else may be able to put one there.
///
/// @param path the directory, which need not exist
/// @param uid whose it is
public record RunDirectory(Path path, int uid) {
  private static final String OTHER = "TURNOUT_RUN_DIR";
  private static final String SUFFIX = ".sock";

  /// `S_IFMT` and `S_IFSOCK` of `stat(2)`.
  private static final int FILE_TYPE = 0170000;

  private static final int SOCKET = 0140000;

  /// That of the user who runs this process: what `TURNOUT_RUN_DIR` says, else `/run/turnout` of
  /// root, and of others `turnout` in `XDG_RUNTIME_DIR`, or `/tmp/turnout-UID` where there is none.
  ///
  /// @throws IOException if the system does not tell who that is
  public static RunDirectory of(Map<String, String> environment) throws IOException {
    int uid = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    String said = environment.getOrDefault(OTHER, "");
    if (!said.isEmpty()) {
      return new RunDirectory(Path.of(said).toAbsolutePath(), uid);
    }
    if (uid == 0) {
      return new RunDirectory(Path.of("/run/turnout"), uid);
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    return new RunDirectory(
        runtime.startsWith("/") ? Path.of(runtime, "turnout") : Path.of("/tmp/turnout-" + uid),
        uid);
  }

  /// The socket of a node.
  public Path socket(long pid) {
    return path.resolve(pid + SUFFIX);
  }

  /// The node whose socket that is; -1: of no node that can be told.
  public static long pid(Path socket) {
    String name = String.valueOf(socket.getFileName());
    String number = name.endsWith(SUFFIX) ? name.substring(0, name.length() - 5) : "";
    return number.matches("\\d{1,10}") ? Long.parseLong(number) : -1;
  }

  /// Makes it, if it is not there, and removes what nodes have left there that were killed.
  ///
  /// @throws IOException if it cannot be made, or others may write to it
  public void prepare() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectory(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    requireOwn();
    for (Path socket : sockets()) {
      if (pid(socket) >= 0) {
        removeIfLeft(socket);
      }
    }
  }

  /// Removes a socket on which nobody listens: its process was killed. What is no socket stays.
  public static void removeIfLeft(Path socket) throws IOException {
    if (Files.exists(socket, LinkOption.NOFOLLOW_LINKS) && isSocket(socket) && !isServed(socket)) {
      Files.deleteIfExists(socket);
    }
  }

  private static boolean isSocket(Path file) throws IOException {
    int mode = (Integer) Files.getAttribute(file, "unix:mode", LinkOption.NOFOLLOW_LINKS);
    return (mode & FILE_TYPE) == SOCKET;
  }

  /// Whether somebody listens there; also true if that cannot be told.
  public static boolean isServed(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      return true;
    } catch (ConnectException _) {
      return false;
    } catch (IOException _) {
      return true;
    }
  }

  /// The sockets that are there; none if there is no such directory.
  ///
  /// @throws IOException if others may have put them there
  public List<Path> sockets() throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    requireOwn();
    try (Stream<Path> files = Files.list(path)) {
      return files.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
    }
  }

  private void requireOwn() throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException("\"" + path + "\" is no directory");
    }
    Set<PosixFilePermission> rights = Files.getPosixFilePermissions(path);
    int owner = (Integer) Files.getAttribute(path, "unix:uid");
    if (rights.contains(PosixFilePermission.GROUP_WRITE)
        || rights.contains(PosixFilePermission.OTHERS_WRITE)
        || (owner != uid && owner != 0)) {
      throw new IOException("\"" + path + "\" can be written by other users");
    }
  }
}

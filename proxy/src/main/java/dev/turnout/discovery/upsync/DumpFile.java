package dev.turnout.discovery.upsync;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.turnout.log.ErrorLog;
import dev.turnout.log.Level;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The file of `upsync_dump_path`: the servers of a group as `server` lines, to be included by
/// anyone. It is replaced whole, so whoever reads it never finds half of one.
final class DumpFile {
  private final Path file;
  private @Nullable String written; // the follower's: what the file holds

  DumpFile(Path file) {
    this.file = file;
  }

  /// What it holds, if it is there and holds anything.
  Optional<String> read() throws IOException {
    try {
      String text = Files.readString(file, ISO_8859_1);
      return text.isBlank() ? Optional.empty() : Optional.of(text);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// Its path.
  Path file() {
    return file;
  }

  /// Makes it hold this group.
  void write(UpstreamSpec group, ErrorLog log) {
    String text = lines(group);
    if (text.equals(written)) {
      return;
    }
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.writeString(aside, text, ISO_8859_1);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      written = text;
    } catch (IOException e) {
      log.log(
          Level.ERROR,
          "upsync: dump file \""
              + file
              + "\" cannot be written ("
              + e
              + "): the user that the node runs as must be able to write in its directory");
    }
  }

  /// As the module writes it, and what it has no words for where that is not as usual.
  private static String lines(UpstreamSpec group) {
    StringBuilder lines = new StringBuilder();
    for (PeerSpec server : group.servers()) {
      lines.append("server ").append(ServerText.of(server));
      if (server.maxConns() > 0) {
        lines.append(" max_conns=").append(server.maxConns());
      }
      if (server.slowStartMillis() > 0) {
        lines.append(" slow_start=").append((server.slowStartMillis() + 999) / 1000).append('s');
      }
      if (!server.route().isEmpty() && server.route().chars().allMatch(DumpFile::isPlain)) {
        lines.append(" route=").append(server.route());
      }
      if (server.address() instanceof PeerAddress.Unresolved) {
        lines.append(" resolve");
      }
      lines.append(server.backup() ? " backup" : "").append(server.drain() ? " drain" : "");
      lines.append(server.down() ? " down" : "").append(";\n");
    }
    return lines.toString();
  }

  private static boolean isPlain(int c) {
    return c > ' ' && c < 0x7f && ";{}\"'\\$#".indexOf(c) < 0;
  }
}

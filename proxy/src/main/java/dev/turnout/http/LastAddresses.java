package dev.turnout.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.ResolvedServer;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The addresses that names of servers had last, in a file, so that a start serves by them until
/// name servers answer. Nothing is decided by it: a file that cannot be read is as good as none.
///
/// Shared by the threads that ask for names; guarded by its own monitor, under which the file is
/// written.
final class LastAddresses {
  private static final int MOST_NAMES = 10_000;

  private final Map<String, List<ResolvedServer>> known = new LinkedHashMap<>();
  private @Nullable Path file;

  /// Goes on with what is in this file, and keeps what comes there.
  synchronized void keepIn(Path where) {
    if (where.equals(file)) {
      return;
    }
    file = where;
    try {
      for (String line : Files.readAllLines(where, UTF_8)) {
        String[] words = line.split(" ", -1);
        known.putIfAbsent(
            words[0], Arrays.stream(words).skip(1).map(LastAddresses::parsed).toList());
      }
    } catch (NoSuchFileException _) {
      // the first start
    } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException _) {
      known.clear(); // it comes anew with the next answers
    }
  }

  /// The last ones of a name; empty if none are known.
  synchronized List<ResolvedServer> of(PeerAddress.Unresolved name) {
    return known.getOrDefault(key(name), List.of());
  }

  /// A name has these now.
  ///
  /// @throws IOException if that could not be written
  synchronized void are(PeerAddress.Unresolved name, List<ResolvedServer> found)
      throws IOException {
    List<ResolvedServer> before =
        found.isEmpty() ? known.remove(key(name)) : known.put(key(name), List.copyOf(found));
    Path to = file;
    if (to == null || found.equals(before) || (before == null && found.isEmpty())) {
      return;
    }
    if (known.size() > MOST_NAMES) {
      known.remove(known.keySet().iterator().next());
    }
    String text =
        known.entrySet().stream()
            .map(one ->
                one.getKey()
                    + one.getValue().stream()
                        .map(server -> " " + text(server))
                        .collect(Collectors.joining())
                    + "\n")
            .collect(Collectors.joining());
    Path next = to.resolveSibling(to.getFileName() + ".new");
    Files.writeString(next, text, UTF_8);
    Files.move(next, to, StandardCopyOption.ATOMIC_MOVE);
  }

  /// Host and service; neither has a space or a slash.
  private static String key(PeerAddress.Unresolved name) {
    return name.host() + "/" + name.service();
  }

  private static String text(ResolvedServer server) {
    return String.join(
        "/",
        server.address().getHostAddress(),
        Integer.toString(server.port()),
        server.server(),
        Integer.toString(server.weight()),
        server.backup() ? "backup" : "");
  }

  private static ResolvedServer parsed(String text) {
    String[] parts = text.split("/", -1);
    return new ResolvedServer(
        InetAddress.ofLiteral(parts[0]),
        Integer.parseInt(parts[1]),
        parts[2],
        Integer.parseInt(parts[3]),
        parts[4].equals("backup"));
  }
}

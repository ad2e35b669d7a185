package dev.turnout.admin.control;

import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerPatch;
import dev.turnout.upstream.PeerSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Servers as bodies describe them. A name is looked up when it is read, which may wait.
final class ServerReader {
  private static final int LONGEST_ADDRESS = 255;

  private ServerReader() {}

  /// What is set in `body`, of a server that is there.
  static PeerPatch patch(Members body) {
    if (body.has("backup")) {
      throw Problem.invalid(
          "\"backup\" is set when a server is added, and stays",
          body.place("backup"),
          "add another server and remove this one");
    }
    PeerPatch patch = values(body);
    String server = body.text("server");
    if (server != null) {
      List<PeerAddress> addresses = addresses(body, server);
      if (addresses.size() > 1) {
        throw Problem.invalid(
            "\"" + server + "\" has " + addresses.size() + " addresses, and a server has one",
            body.place("server"),
            "write one of "
                + String.join(", ", addresses.stream().map(PeerAddress::text).toList()));
      }
      patch = patch.withServer(server, addresses.getFirst());
    }
    body.end();
    return patch;
  }

  /// The servers that a body describes: one for each address of the name.
  static List<PeerSpec> servers(Members body, boolean mayHaveId) {
    Long id = mayHaveId ? body.number("id", 0, Long.MAX_VALUE) : null;
    String server = body.needText("server");
    PeerPatch patch = values(body);
    boolean backup = Boolean.TRUE.equals(body.truth("backup"));
    body.end();
    List<PeerAddress> addresses = addresses(body, server);
    if (id != null && addresses.size() > 1) {
      throw Problem.invalid(
          "\""
              + server
              + "\" has "
              + addresses.size()
              + " addresses, and an \"id\" means one server",
          body.place("id"),
          "leave the id out, or write the address");
    }
    List<PeerSpec> servers = new ArrayList<>();
    for (PeerAddress address : addresses) {
      PeerSpec spec = patch.applyTo(PeerSpec.of(server, address)).withBackup(backup);
      servers.add(id == null ? spec : spec.withId(id));
    }
    return servers;
  }

  /// The values that both a new server and a change may have.
  private static PeerPatch values(Members body) {
    String route = body.text("route");
    if (route != null && route.length() > PeerSpec.MAX_ROUTE) {
      throw Problem.invalid(
          "\"route\" has " + route.length() + " bytes",
          body.place("route"),
          "at most " + PeerSpec.MAX_ROUTE);
    }
    return new PeerPatch(
        null,
        null,
        whole(body, "weight", 1),
        whole(body, "max_conns", 0),
        whole(body, "max_fails", 0),
        body.millis("fail_timeout"),
        body.millis("slow_start"),
        body.truth("down"),
        body.truth("drain"),
        route);
  }

  private static @Nullable Integer whole(Members body, String name, int least) {
    Long number = body.number(name, least, Integer.MAX_VALUE);
    return number == null ? null : number.intValue();
  }

  private static List<PeerAddress> addresses(Members body, String server) {
    try {
      if (server.isEmpty() || server.length() > LONGEST_ADDRESS) {
        throw new IllegalArgumentException("it has " + server.length() + " bytes");
      }
      return ServerAddress.lookUp(server);
    } catch (IllegalArgumentException e) {
      throw Problem.invalid(
          "\"" + server + "\" is not a server: " + e.getMessage(),
          body.place("server"),
          "10.0.0.1:8080, [::1]:8080, name:8080 or unix:/path");
    }
  }
}

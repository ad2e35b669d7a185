package dev.turnout.admin.plus;

import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.upstream.PeerAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Addresses of servers as bodies write them.
final class Addresses {
  private Addresses() {}

  /// The addresses of a server.
  ///
  /// @param service whose records name the addresses, or null
  /// @param watched whether names of the group's servers are resolved for as long as they are
  ///   there; else a name is looked up now
  static List<PeerAddress> of(String server, @Nullable String service, boolean watched) {
    boolean named = ServerAddress.isName(server);
    if (service != null) {
      checkService(server, named, watched);
    }
    try {
      return named && watched
          ? List.of(ServerAddress.unresolved(server, service == null ? "" : service))
          : ServerAddress.lookUp(server);
    } catch (IllegalArgumentException e) {
      throw bad("\"" + e.getMessage() + "\" while parsing");
    }
  }

  private static void checkService(String server, boolean named, boolean watched) {
    if (!named) {
      throw bad("service upstream \"" + server + "\" requires domain name");
    }
    if (server.indexOf(':') >= 0) {
      throw bad("service upstream \"" + server + "\" may not have port");
    }
    if (!watched) {
      throw new Refusal(400, "UpstreamConfNoResolver", "no resolver defined to resolve");
    }
  }

  static Refusal bad(String text) {
    return new Refusal(400, "UpstreamBadAddress", text);
  }
}

package dev.turnout.admin.plus;

import dev.turnout.http.proxy.ServerAddress;
import dev.turnout.upstream.PeerAddress;
import java.util.List;

/// Addresses of servers as bodies write them.
final class Addresses {
  private Addresses() {}

  /// The addresses of a server; a name is looked up now.
  static List<PeerAddress> lookUp(String server) {
    try {
      return ServerAddress.lookUp(server);
    } catch (IllegalArgumentException e) {
      throw bad(String.valueOf(e.getMessage()));
    }
  }

  static Refusal bad(String error) {
    return new Refusal(400, "UpstreamBadAddress", "\"" + error + "\" while parsing");
  }

  /// Why a server that is to be found by its service is refused.
  static Refusal ofService(String server) {
    if (server.startsWith("[") || server.matches("[0-9.]+")) {
      return new Refusal(
          400, "UpstreamBadAddress", "service upstream \"" + server + "\" requires domain name");
    }
    if (server.indexOf(':') >= 0) {
      return new Refusal(
          400, "UpstreamBadAddress", "service upstream \"" + server + "\" may not have port");
    }
    return new Refusal(400, "UpstreamConfNoResolver", "no resolver defined to resolve");
  }
}

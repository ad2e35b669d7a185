package dev.turnout.discovery.upsync;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;

/// A server as the module prints it.
final class ServerText {
  private ServerText() {}

  /// `127.0.0.1:8080 weight=1 max_fails=2 fail_timeout=10s`.
  static String of(PeerSpec server) {
    String place =
        server.address() instanceof PeerAddress.Unresolved named
            ? named.host() + ":" + named.port()
            : server.address().text();
    return place
        + " weight="
        + server.weight()
        + " max_fails="
        + server.maxFails()
        + " fail_timeout="
        + (server.failTimeoutMillis() + 999) / 1000
        + "s";
  }
}

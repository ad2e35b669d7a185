package dev.turnout.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a peer listens: a resolved socket address or a Unix socket.
public sealed interface PeerAddress {
  /// The address as nginx prints it in `$upstream_addr`: `127.0.0.1:8080`, `[::1]:8080`,
  /// `unix:/path`.
  String text();

  /// An IPv4 or IPv6 address with its port.
  record Inet(InetSocketAddress socket, String text) implements PeerAddress {
    public Inet(InetSocketAddress socket) {
      this(socket, print(socket));
    }

    public Inet {
      if (!text.equals(print(socket))) {
        throw new IllegalArgumentException("\"" + text + "\" is not the text of " + socket);
      }
    }

    private static String print(InetSocketAddress socket) {
      InetAddress address = socket.getAddress();
      if (address == null) {
        throw new IllegalArgumentException("host not resolved: " + socket.getHostString());
      }
      return InetText.of(address.getAddress()) + ":" + socket.getPort();
    }
  }

  /// A Unix domain socket.
  record Unix(String path) implements PeerAddress {
    public Unix {
      if (path.isEmpty()) {
        throw new IllegalArgumentException("no path in the unix domain socket");
      }
    }

    @Override
    public String text() {
      return "unix:" + path;
    }
  }
}

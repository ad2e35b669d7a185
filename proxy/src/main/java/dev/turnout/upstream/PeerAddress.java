package dev.turnout.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a server listens: a socket address, a Unix socket, or a name that is resolved at run time.
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

  /// A name that is resolved at run time (`resolve`). Only servers have it: the peers that stand
  /// for one have the addresses that were found.
  ///
  /// @param port the port of the addresses; with a service, the service record says it
  /// @param service what `service=` says; empty: addresses are asked for, not service records
  record Unresolved(String host, int port, String service) implements PeerAddress {
    public Unresolved {
      if (host.isEmpty()) {
        throw new IllegalArgumentException("no host in upstream");
      }
    }

    /// Whether the answer for `other` is one for this, too.
    boolean asksLike(Unresolved other) {
      return host.equals(other.host) && service.equals(other.service);
    }

    @Override
    public String text() {
      return service.isEmpty() ? host + ":" + port : host;
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

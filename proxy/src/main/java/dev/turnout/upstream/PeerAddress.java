package dev.turnout.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a peer listens: a resolved socket address or a Unix socket.
public sealed interface PeerAddress {
  /// The address as nginx prints it in `$upstream_addr`: `127.0.0.1:8080`, `[::1]:8080`,
  /// `unix:/path`.
  String text();

  /// The address that [#text] gave.
  ///
  /// @throws IllegalArgumentException if no address has this text
  static PeerAddress parse(String text) {
    if (text.startsWith("unix:")) {
      return new Unix(text.substring(5));
    }
    int colon = text.lastIndexOf(':');
    if (colon <= 0) {
      throw new IllegalArgumentException("no port in address \"" + text + "\"");
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int port = Integer.parseInt(text, colon + 1, text.length(), 10);
      return new Inet(new InetSocketAddress(InetAddress.ofLiteral(host), port));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid address \"" + text + "\"", e);
    }
  }

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

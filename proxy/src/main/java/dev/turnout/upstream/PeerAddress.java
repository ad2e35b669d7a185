package dev.turnout.upstream;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/// Where a server listens: a socket address, a Unix socket, or a name that is resolved at run time.
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
    int mark = text.indexOf(Unresolved.MARK);
    if (mark > 0) {
      String service = text.substring(mark + Unresolved.MARK.length());
      return unresolved(
          text.substring(0, mark),
          service.startsWith(Unresolved.SERVICE)
              ? service.substring(Unresolved.SERVICE.length())
              : "");
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

  private static Unresolved unresolved(String server, String service) {
    int colon = server.lastIndexOf(':');
    try {
      int port = Integer.parseInt(server, colon + 1, server.length(), 10);
      return new Unresolved(server.substring(0, Math.max(0, colon)), port, service);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("invalid address \"" + server + "\"", e);
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

  /// A name that is resolved at run time (`resolve`). Only servers have it: the peers that stand
  /// for one have the addresses that were found.
  ///
  /// @param port the port of the addresses; with a service, the service record says it
  /// @param service what `service=` says; empty: addresses are asked for, not service records
  record Unresolved(String host, int port, String service) implements PeerAddress {
    private static final String MARK = " resolve";
    private static final String SERVICE = " service=";

    public Unresolved {
      if (host.isEmpty()) {
        throw new IllegalArgumentException("no host in upstream");
      }
    }

    /// Whether the answer for `other` is one for this, too.
    boolean asksLike(Unresolved other) {
      return host.equals(other.host) && service.equals(other.service);
    }

    /// As `server` says it, with the port always: `app.example.com:80 resolve service=http`.
    @Override
    public String text() {
      return host + ":" + port + MARK + (service.isEmpty() ? "" : SERVICE + service);
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

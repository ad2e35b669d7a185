package dev.turnout.ctl;

import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnixDomainSocketAddress;

/// Where a control API is.
///
/// @param address of a socket, or a host, whose addresses are looked up for each connection
/// @param host the `Host` that requests name
/// @param base the path of the location, without a slash at its end
record Endpoint(SocketAddress address, String host, String base) {
  private static final String UNIX = "unix:";

  /// Reads `http://HOST[:PORT][/BASE]` or `unix:/PATH/OF/SOCKET[:/BASE]`.
  ///
  /// @throws IllegalArgumentException if it is neither
  static Endpoint parse(String text) {
    if (text.startsWith(UNIX)) {
      String path = text.substring(UNIX.length());
      int colon = path.lastIndexOf(":/");
      String socket = colon < 0 ? path : path.substring(0, colon);
      if (!socket.startsWith("/")) {
        throw new IllegalArgumentException("unix: wants the whole path of a socket");
      }
      String base = colon < 0 ? "" : path.substring(colon + 1);
      return new Endpoint(UnixDomainSocketAddress.of(socket), "localhost", trimmed(base));
    }
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(e.getMessage(), e);
    }
    if (!"http".equals(uri.getScheme()) || uri.getHost() == null) {
      throw new IllegalArgumentException(
          "it is written http://127.0.0.1:8090/control or unix:/run/turnout.sock:/control");
    }
    int port = uri.getPort() < 0 ? 80 : uri.getPort();
    String path = uri.getRawPath() == null ? "" : uri.getRawPath();
    return new Endpoint(
        InetSocketAddress.createUnresolved(literal(uri.getHost()), port),
        uri.getRawAuthority(),
        trimmed(path));
  }

  /// What a request line says for `path` of the API, which begins with a slash or is empty; a query
  /// may follow.
  String target(String path) {
    String target = base + path;
    return target.startsWith("/") ? target : "/" + target;
  }

  private static String literal(String host) {
    return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
  }

  private static String trimmed(String base) {
    return base.endsWith("/") ? base.substring(0, base.length() - 1) : base;
  }
}

package dev.turnout.http;

import dev.turnout.http.h1.HeadLimits;
import java.net.SocketAddress;
import java.util.Map;

/// One address that is listened on: the parameters of `listen` and the servers behind it.
///
/// @param servers the virtual servers and their names
/// @param local under a wildcard address: the servers of more specific addresses of its port
/// @param socket what is asked of the socket
/// @param proxied `proxy_protocol`: connections begin with its header
/// @param headerTimeout `client_header_timeout` of the default server, milliseconds
/// @param mergeSlashes `merge_slashes` of the default server
/// @param limits how large a request head may be, of the default server
/// @param management the servers have nothing but interfaces for operators: they are served by a
///   loop of their own
public record ListenSettings(
    ServerNames servers,
    Map<SocketAddress, Local> local,
    Socket socket,
    boolean proxied,
    long headerTimeout,
    boolean mergeSlashes,
    HeadLimits limits,
    boolean management) {

  /// What is asked of the socket.
  ///
  /// @param backlog `backlog=`, or -1 for the system's
  /// @param receiveBuffer `rcvbuf=`, or -1
  /// @param sendBuffer `sndbuf=`, or -1
  /// @param reusePort `reuseport`
  /// @param ipv6Only `ipv6only=`
  /// @param keepAlive `so_keepalive=`
  /// @param deferred `deferred`: a connection is accepted when something has come on it
  /// @param fastOpen `fastopen=`: how many connections may be waiting with data, or -1
  public record Socket(
      int backlog,
      int receiveBuffer,
      int sendBuffer,
      boolean reusePort,
      boolean ipv6Only,
      KeepAlive keepAlive,
      boolean deferred,
      int fastOpen) {
    static final Socket STANDARD = new Socket(-1, -1, -1, false, true, KeepAlive.OFF, false, -1);
  }

  /// `so_keepalive=`: whether the system asks clients that are silent if they are still there.
  ///
  /// @param idleSeconds after how long; 0: the system's
  /// @param intervalSeconds how often; 0: the system's
  /// @param count how often without an answer; 0: the system's
  public record KeepAlive(boolean on, int idleSeconds, int intervalSeconds, int count) {
    static final KeepAlive OFF = new KeepAlive(false, 0, 0, 0);
    static final KeepAlive ON = new KeepAlive(true, 0, 0, 0);
  }

  /// What holds for one address of those that a wildcard stands for.
  ///
  /// @param proxied `proxy_protocol`
  public record Local(ServerNames servers, boolean proxied) {}

  /// True if a connection to this local address begins with the PROXY protocol's header.
  public boolean isProxied(SocketAddress localAddress) {
    Local there = local.isEmpty() ? null : local.get(localAddress);
    return there == null ? proxied : there.proxied();
  }

  /// The servers for a connection to this local address.
  public ServerNames servers(SocketAddress localAddress) {
    if (local.isEmpty()) {
      return servers;
    }
    Local there = local.get(localAddress);
    return there == null ? servers : there.servers();
  }
}

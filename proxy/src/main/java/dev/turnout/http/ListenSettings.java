package dev.turnout.http;

import dev.turnout.http.h1.HeadLimits;
import java.net.SocketAddress;
import java.util.Map;

/// One address that is listened on: the parameters of `listen` and the servers behind it.
///
/// @param servers the virtual servers and their names
/// @param local under a wildcard address: the servers of more specific addresses of its port
/// @param backlog `backlog=`, or -1 for the system's
/// @param receiveBuffer `rcvbuf=`, or -1
/// @param sendBuffer `sndbuf=`, or -1
/// @param reusePort `reuseport`
/// @param ipv6Only `ipv6only=`
/// @param keepAlive `so_keepalive=`
/// @param headerTimeout `client_header_timeout` of the default server, milliseconds
/// @param mergeSlashes `merge_slashes` of the default server
/// @param limits how large a request head may be, of the default server
public record ListenSettings(
    ServerNames servers,
    Map<SocketAddress, ServerNames> local,
    int backlog,
    int receiveBuffer,
    int sendBuffer,
    boolean reusePort,
    boolean ipv6Only,
    boolean keepAlive,
    long headerTimeout,
    boolean mergeSlashes,
    HeadLimits limits) {

  /// The servers for a connection to this local address.
  public ServerNames servers(SocketAddress localAddress) {
    if (local.isEmpty()) {
      return servers;
    }
    return local.getOrDefault(localAddress, servers);
  }
}

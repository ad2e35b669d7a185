package dev.turnout.upstream;

import java.net.InetAddress;

/// One address that a server's name was resolved to.
///
/// @param port the port that a service record names; 0: the server's own
/// @param server the name that a service record names; empty: the server's own
/// @param weight the weight of a service record, which stands where the server has none of its own;
///   0: the server's
/// @param backup a service record of lesser priority
public record ResolvedServer(
    InetAddress address, int port, String server, int weight, boolean backup) {
  /// An address that stands for the whole server.
  public static ResolvedServer of(InetAddress address) {
    return new ResolvedServer(address, 0, "", 0, false);
  }
}

package dev.turnout.net.resolve;

import java.net.InetSocketAddress;
import java.util.List;

/// What `resolver` says.
///
/// @param servers the name servers, asked in turn
/// @param validMillis how long answers hold, whatever they say themselves; 0: as they say
/// @param ipv4 asks for IPv4 addresses
/// @param ipv6 asks for IPv6 addresses
public record ResolverSpec(
    List<InetSocketAddress> servers, long validMillis, boolean ipv4, boolean ipv6) {
  public ResolverSpec {
    servers = List.copyOf(servers);
    if (servers.isEmpty() || !(ipv4 || ipv6)) {
      throw new IllegalArgumentException("a resolver that asks nobody, or for nothing");
    }
  }
}

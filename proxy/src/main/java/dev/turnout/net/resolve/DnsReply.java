package dev.turnout.net.resolve;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The part of a name server's response that resolving needs.
///
/// @param code the response code
/// @param ttlSeconds the least of all answer records; meaningless without any
/// @param records how many answer records there were, of use or not
/// @param alias the name that the last CNAME points to
record DnsReply(
    int code,
    long ttlSeconds,
    int records,
    List<InetAddress> addresses,
    List<Service> services,
    @Nullable String alias) {
  /// A service record.
  record Service(int priority, int weight, int port, String name) {}
}

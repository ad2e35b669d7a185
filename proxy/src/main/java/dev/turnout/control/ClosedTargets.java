package dev.turnout.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Addresses that no range opens: those of the cloud's own services next to the machine, those that
/// are not one host, those that hide an IPv4 address from the ranges, and our own listeners, where
/// a request would come round forever.
final class ClosedTargets {
  private record Closed(AddressBlock block, String why) {
    Closed(String block, String why) {
      this(AddressBlock.of(block), why);
    }
  }

  private static final List<Closed> CLOSED =
      List.of(
          new Closed("0.0.0.0/8", "is not the address of a host"),
          new Closed("169.254.0.0/16", "is link-local, where clouds answer for the machine"),
          new Closed("224.0.0.0/4", "is multicast"),
          new Closed("255.255.255.255", "is broadcast"),
          new Closed("100.100.100.200", "is a cloud's metadata service"),
          new Closed("168.63.129.16", "is a cloud's metadata service"),
          new Closed("[::]", "is not the address of a host"),
          new Closed("[fe80::]/10", "is link-local, where clouds answer for the machine"),
          new Closed("[ff00::]/8", "is multicast"),
          new Closed("[fd00:ec2::254]", "is a cloud's metadata service"),
          new Closed("[fd20:ce::254]", "is a cloud's metadata service"),
          new Closed("[::ffff:0:0]/96", "has an IPv4 address in it"), // mapped
          new Closed("[::ffff:0:0:0]/96", "has an IPv4 address in it"), // translated
          new Closed("[64:ff9b::]/96", "has an IPv4 address in it"), // NAT64
          new Closed("[64:ff9b:1::]/48", "has an IPv4 address in it"), // NAT64, local
          new Closed("[2002::]/16", "has an IPv4 address in it"), // 6to4
          new Closed("[2001::]/32", "has an IPv4 address in it")); // Teredo

  private static final AddressBlock COMPATIBLE = AddressBlock.of("[::]/96"); // but for ::1
  private static final AddressBlock LOOPBACK_4 = AddressBlock.of("127.0.0.0/8");
  private static final AddressBlock LOOPBACK_6 = AddressBlock.of("[::1]");

  private ClosedTargets() {}

  /// Why a request may never go there; null if nothing is against it.
  ///
  /// @param address the bytes as they were given: of some IPv6 addresses Java makes IPv4 ones
  /// @param host the address that they are
  static @Nullable String reason(
      byte[] address, InetAddress host, int port, List<InetSocketAddress> listeners) {
    if (port == 0) {
      return "port 0 is not a port of a server";
    }
    for (Closed closed : CLOSED) {
      if (closed.block.contains(address)) {
        return host.getHostAddress() + " " + closed.why;
      }
    }
    if (COMPATIBLE.contains(address) && !LOOPBACK_6.contains(address)) {
      return host.getHostAddress() + " has an IPv4 address in it";
    }
    if (listeners.stream().anyMatch(listener -> answersAt(listener, host, port))) {
      return "it is this node's own listener";
    }
    return null;
  }

  private static boolean answersAt(InetSocketAddress listener, InetAddress host, int port) {
    InetAddress address = listener.getAddress();
    if (listener.getPort() != port || address == null) {
      return false;
    }
    byte[] bytes = host.getAddress();
    boolean loopback = LOOPBACK_4.contains(bytes) || LOOPBACK_6.contains(bytes);
    return address.equals(host) || (address.isAnyLocalAddress() && loopback);
  }
}

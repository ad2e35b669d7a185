package dev.turnout.control;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Decides where a switch may send requests: to a configured upstream, or to an address inside a
/// range the operator opened. Pure: no look-up, no I/O; the same target gets the same verdict.
///
/// A name wins over an address, as in nginx's `proxy_pass`. Some addresses no range opens: those of
/// the cloud's own services next to the machine, those that are not one host, those that hide an
/// IPv4 address from the ranges, and our own listeners, where a request would come round forever.
public final class TargetPolicy {
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

  private static final int LONGEST_TARGET = 255;
  private static final int SUGGESTIONS = 3;

  private final Map<String, String> upstreams = new TreeMap<>();
  private final List<TargetRule> rules;
  private final List<InetSocketAddress> listeners;

  /// `listeners` are the node's own: a wildcard one stands for every loopback address; who knows
  /// the machine's other addresses lists them too.
  public TargetPolicy(
      Collection<String> upstreamNames,
      List<TargetRule> rules,
      Collection<InetSocketAddress> listeners) {
    upstreamNames.forEach(name -> upstreams.put(folded(name), name));
    this.rules = List.copyOf(rules);
    this.listeners = List.copyOf(listeners);
  }

  public TargetVerdict judge(String target) {
    String name = upstreams.get(folded(target));
    if (name != null) {
      return new TargetVerdict.Named(name);
    }
    if (target.isEmpty()) {
      return new TargetVerdict.Malformed("the target is empty");
    }
    if (target.length() > LONGEST_TARGET) {
      return new TargetVerdict.Malformed("the target is too long");
    }
    if (target.regionMatches(true, 0, "unix:", 0, 5)) {
      return new TargetVerdict.Forbidden("a target cannot be a unix socket");
    }
    return target.startsWith("[") ? judgeIpv6(target) : judgeOther(target);
  }

  private TargetVerdict judgeIpv6(String target) {
    int bracket = target.indexOf(']');
    byte[] address = bracket < 0 ? null : AddressLiteral.ipv6(target.substring(1, bracket));
    if (address == null) {
      return new TargetVerdict.Malformed("not an IPv6 address in brackets");
    }
    return judgeAddress(address, target.substring(bracket + 1));
  }

  private TargetVerdict judgeOther(String target) {
    int colon = target.indexOf(':');
    String host = colon < 0 ? target : target.substring(0, colon);
    if (AddressLiteral.looksLikeIpv4(host)) {
      byte[] address = AddressLiteral.ipv4(host);
      return address == null
          ? new TargetVerdict.Malformed("an IPv4 address is four decimal numbers")
          : judgeAddress(address, colon < 0 ? "" : target.substring(colon));
    }
    if (AddressLiteral.ipv6(target) != null) {
      return new TargetVerdict.Malformed("an IPv6 address stands in brackets");
    }
    for (int i = 0; i < target.length(); i++) {
      if (!isNameCharacter(target.charAt(i))) {
        return new TargetVerdict.Malformed("neither the name of an upstream nor an address");
      }
    }
    return new TargetVerdict.Unknown(target, nearest(target));
  }

  private TargetVerdict judgeAddress(byte[] address, String colonAndPort) {
    if (!colonAndPort.startsWith(":")) {
      return new TargetVerdict.Malformed("an address needs a port");
    }
    int port = AddressLiteral.decimal(colonAndPort.substring(1), 65535);
    if (port < 0) {
      return new TargetVerdict.Malformed("the port is not a number from 1 to 65535");
    }
    InetAddress host = inetAddress(address);
    if (port == 0) {
      return new TargetVerdict.Forbidden("port 0 is not a port of a server");
    }
    for (Closed closed : CLOSED) {
      if (closed.block.contains(address)) {
        return new TargetVerdict.Forbidden(host.getHostAddress() + " " + closed.why);
      }
    }
    if (COMPATIBLE.contains(address) && !LOOPBACK_6.contains(address)) {
      return new TargetVerdict.Forbidden(host.getHostAddress() + " has an IPv4 address in it");
    }
    if (listeners.stream().anyMatch(listener -> answersAt(listener, host, port))) {
      return new TargetVerdict.Forbidden("it is this node's own listener");
    }
    if (rules.stream().noneMatch(rule -> rule.allows(address, port))) {
      return new TargetVerdict.Forbidden("no configured range allows this address and port");
    }
    return new TargetVerdict.Literal(new InetSocketAddress(host, port));
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

  private static InetAddress inetAddress(byte[] address) {
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e); // it has 4 or 16 bytes
    }
  }

  private static boolean isNameCharacter(char c) {
    return (c < 0x80 && Character.isLetterOrDigit(c)) || "-._~:".indexOf(c) >= 0;
  }

  /// Without the case of ASCII letters; other bytes have none, as in nginx.
  private static String folded(String name) {
    StringBuilder folded = new StringBuilder(name);
    for (int i = 0; i < folded.length(); i++) {
      char c = folded.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        folded.setCharAt(i, (char) (c + 'a' - 'A'));
      }
    }
    return folded.toString();
  }

  /// Names a typing mistake or two away.
  private List<String> nearest(String target) {
    String wanted = folded(target);
    int reach = Math.max(1, Math.min(3, wanted.length() / 3));
    record Near(String name, int distance) {}
    return upstreams.values().stream()
        .map(name -> new Near(name, EditDistance.between(wanted, folded(name))))
        .filter(near -> near.distance() <= reach)
        .sorted(Comparator.comparingInt(Near::distance))
        .limit(SUGGESTIONS)
        .map(Near::name)
        .toList();
  }
}

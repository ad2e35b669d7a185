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
    String closed = ClosedTargets.reason(address, host, port, listeners);
    if (closed != null) {
      return new TargetVerdict.Forbidden(closed);
    }
    if (rules.stream().noneMatch(rule -> rule.allows(address, port))) {
      return new TargetVerdict.Forbidden("no configured range allows this address and port");
    }
    return new TargetVerdict.Literal(new InetSocketAddress(host, port));
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

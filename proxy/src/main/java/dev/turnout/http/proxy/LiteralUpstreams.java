package dev.turnout.http.proxy;

import dev.turnout.http.Exchange;
import dev.turnout.log.Level;
import dev.turnout.net.ListenAddress;
import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Keepalive;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.Upstream;
import dev.turnout.upstream.UpstreamSpec;
import dev.turnout.upstream.balance.Balancers;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Upstreams of one server that stand for literal addresses in `proxy_pass $variable`. Shared by
/// all loops; bounded, since the addresses may come from clients.
final class LiteralUpstreams {
  private static final int MOST = 1024;

  private final Map<String, Upstream> known = new ConcurrentHashMap<>();

  /// The upstream for this address; null, and a log line, if it is none.
  @Nullable Upstream find(Exchange exchange, String host) {
    Upstream upstream = known.get(host);
    if (upstream != null) {
      return upstream;
    }
    PeerAddress address = address(host);
    if (address == null) {
      exchange.log(Level.ERROR, "no resolver defined to resolve " + withoutPort(host));
      return null;
    }
    if (known.size() >= MOST) {
      known.clear(); // what was there is made again when it is asked for
    }
    return known.computeIfAbsent(host, name -> single(name, address));
  }

  /// An upstream with one server and no idle connections, as nginx makes for a literal address.
  static Upstream single(String name, PeerAddress... addresses) {
    List<PeerSpec> servers =
        java.util.Arrays.stream(addresses).map(a -> PeerSpec.of(a.text(), a)).toList();
    return new Upstream(
        UpstreamSpec.of(name, servers, new BalancingMethod.RoundRobin(), Keepalive.OFF),
        0,
        Balancers::create);
  }

  private static @Nullable PeerAddress address(String host) {
    if (host.startsWith("unix:")) {
      return host.length() > 5 ? new PeerAddress.Unix(host.substring(5)) : null;
    }
    if (!isLiteral(host)) {
      return null;
    }
    try {
      SocketAddress address = ListenAddress.parse(host, 80);
      return address instanceof InetSocketAddress inet ? new PeerAddress.Inet(inet) : null;
    } catch (IllegalArgumentException _) {
      return null;
    }
  }

  /// True for a dotted quad or a bracketed IPv6 address, with or without a port: what needs no name
  /// service.
  static boolean isLiteral(String host) {
    if (host.startsWith("[")) {
      return host.indexOf(']') > 0;
    }
    String name = withoutPort(host);
    int dots = 0;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '.') {
        dots++;
      } else if (c < '0' || c > '9') {
        return false;
      }
    }
    return dots == 3;
  }

  /// True for what name servers can be asked for.
  static boolean isName(String host) {
    return !withoutPort(host).isEmpty() && !isLiteral(host);
  }

  /// The port as a number; -1 if it is none.
  static int portNumber(String port) {
    if (port.isEmpty() || port.length() > 5 || !port.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return -1;
    }
    int number = Integer.parseInt(port);
    return number < 1 || number > 65535 ? -1 : number;
  }

  static String withoutPort(String host) {
    int colon = host.lastIndexOf(':');
    return colon < 0 ? host : host.substring(0, colon);
  }
}

package dev.turnout.http.proxy;

import dev.turnout.config.Units;
import dev.turnout.net.ListenAddress;
import dev.turnout.upstream.PeerAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/// The addresses of servers as they are written: `127.0.0.1:8080`, `name:8080`, `unix:/path`.
public final class ServerAddress {
  private static final int DEFAULT_PORT = 80;

  private ServerAddress() {}

  /// The addresses that `text` names. Asks the name service for names, and so may wait.
  ///
  /// @throws IllegalArgumentException in nginx's words, such as `invalid port`
  public static List<PeerAddress> lookUp(String text) {
    if (text.equals("unix:")) {
      throw new IllegalArgumentException("the invalid path in the unix domain socket");
    }
    SocketAddress parsed;
    try {
      parsed = ListenAddress.parse(text, DEFAULT_PORT);
    } catch (IllegalArgumentException e) {
      String what = String.valueOf(e.getMessage());
      int where = what.indexOf(" in \"");
      throw new IllegalArgumentException(where < 0 ? what : what.substring(0, where), e);
    }
    if (parsed instanceof DomainSocketAddress unix) {
      return List.of(new PeerAddress.Unix(unix.path()));
    }
    int port = ((InetSocketAddress) parsed).getPort();
    List<PeerAddress> all = new ArrayList<>();
    try {
      for (InetAddress address : InetAddress.getAllByName(host(text))) {
        all.add(new PeerAddress.Inet(new InetSocketAddress(address, port)));
      }
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException("host not found", e);
    }
    return all;
  }

  /// Whether `text` names a server by a name, which a name service is asked about.
  public static boolean isName(String text) {
    return !text.startsWith("unix:") && !LiteralUpstreams.isLiteral(text);
  }

  /// The name that `text` has, to be resolved at run time.
  ///
  /// @param service the service whose records are asked for; empty: addresses are
  /// @throws IllegalArgumentException in nginx's words, such as `invalid port`
  public static PeerAddress.Unresolved unresolved(String text, String service) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? text : text.substring(0, colon);
    if (host.isEmpty()) {
      throw new IllegalArgumentException("no host");
    }
    OptionalLong port =
        colon < 0 ? OptionalLong.of(DEFAULT_PORT) : Units.number(text.substring(colon + 1));
    if (port.isEmpty() || port.getAsLong() < 1 || port.getAsLong() > 65535) {
      throw new IllegalArgumentException("invalid port");
    }
    return new PeerAddress.Unresolved(host, (int) port.getAsLong(), service);
  }

  private static String host(String text) {
    if (text.startsWith("[")) {
      return text.substring(0, text.indexOf(']') + 1);
    }
    int colon = text.lastIndexOf(':');
    return colon < 0 ? text : text.substring(0, colon);
  }
}

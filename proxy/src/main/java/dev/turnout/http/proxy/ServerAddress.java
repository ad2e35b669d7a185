package dev.turnout.http.proxy;

import dev.turnout.net.ListenAddress;
import dev.turnout.upstream.PeerAddress;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

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

  private static String host(String text) {
    if (text.startsWith("[")) {
      return text.substring(0, text.indexOf(']') + 1);
    }
    int colon = text.lastIndexOf(':');
    return colon < 0 ? text : text.substring(0, colon);
  }
}

package dev.turnout.net;

import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Addresses as `listen` and `server` write them: `80`, `*:80`, `127.0.0.1:80`, `[::]:80`,
/// `localhost:80`, `unix:/path`.
public final class ListenAddress {
  private ListenAddress() {}

  /// Reads the address of a `listen` directive.
  ///
  /// @throws IllegalArgumentException in nginx's words, such as `invalid port`
  public static SocketAddress parse(String text, int defaultPort) {
    if (text.startsWith("unix:")) {
      String path = text.substring(5);
      if (path.isEmpty()) {
        throw new IllegalArgumentException("the invalid path in \"" + text + "\"");
      }
      return new DomainSocketAddress(path);
    }
    String host;
    @Nullable String port;
    if (text.startsWith("[")) {
      int end = text.indexOf(']');
      if (end < 0) {
        throw new IllegalArgumentException("invalid host in \"" + text + "\"");
      }
      host = text.substring(0, end + 1);
      if (end + 1 == text.length()) {
        port = null;
      } else if (text.charAt(end + 1) == ':') {
        port = text.substring(end + 2);
      } else {
        throw new IllegalArgumentException("invalid host in \"" + text + "\"");
      }
    } else {
      int colon = text.lastIndexOf(':');
      if (colon >= 0) {
        host = text.substring(0, colon);
        port = text.substring(colon + 1);
      } else if (isDigits(text)) {
        host = "*";
        port = text;
      } else {
        host = text;
        port = null;
      }
    }
    int number = port == null ? defaultPort : port(port, text);
    if (host.isEmpty()) {
      throw new IllegalArgumentException("no host in \"" + text + "\"");
    }
    try {
      InetAddress address =
          host.equals("*") ? InetAddress.getByName("0.0.0.0") : InetAddress.getByName(host);
      return new InetSocketAddress(address, number);
    } catch (UnknownHostException _) {
      throw new IllegalArgumentException("host not found in \"" + text + "\"");
    }
  }

  /// Reads the address of a `listen` directive, which may have a range of ports: `8000-8003`.
  ///
  /// @throws IllegalArgumentException in nginx's words
  public static List<SocketAddress> parseAll(String text, int defaultPort) {
    int dash = text.lastIndexOf('-');
    if (dash < 0 || text.startsWith("unix:") || !isDigits(text.substring(dash + 1))) {
      return List.of(parse(text, defaultPort));
    }
    int start = dash;
    while (start > 0 && Character.isDigit(text.charAt(start - 1))) {
      start--;
    }
    boolean isRange = start < dash && (start == 0 || text.charAt(start - 1) == ':');
    if (!isRange) {
      return List.of(parse(text, defaultPort));
    }
    int first = port(text.substring(start, dash), text);
    int last = port(text.substring(dash + 1), text);
    if (first == 0 || first > last) {
      throw new IllegalArgumentException("invalid port range in \"" + text + "\"");
    }
    String host = text.substring(0, start);
    List<SocketAddress> all = new ArrayList<>();
    for (int port = first; port <= last; port++) {
      all.add(parse(host + port, defaultPort));
    }
    return all;
  }

  private static int port(String port, String text) {
    if (!isDigits(port) || port.length() > 5) {
      throw new IllegalArgumentException("invalid port in \"" + text + "\"");
    }
    int number = Integer.parseInt(port);
    if (number > 65535) {
      throw new IllegalArgumentException("invalid port in \"" + text + "\"");
    }
    return number;
  }

  private static boolean isDigits(String text) {
    if (text.isEmpty()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < '0' || text.charAt(i) > '9') {
        return false;
      }
    }
    return true;
  }

  /// The address as nginx prints it: `0.0.0.0:80`, `[::1]:80`, `unix:/path`.
  public static String text(@Nullable SocketAddress address) {
    return switch (address) {
      case InetSocketAddress inet -> host(inet) + ":" + inet.getPort();
      case DomainSocketAddress unix -> "unix:" + unix.path();
      case UnixDomainSocketAddress unix -> "unix:" + unix.getPath();
      case null, default -> "unix:";
    };
  }

  /// The host alone: `127.0.0.1`, `[::1]`.
  public static String host(InetSocketAddress inet) {
    InetAddress address = inet.getAddress();
    if (address == null) {
      return inet.getHostString();
    }
    String text = numeric(address);
    return text.indexOf(':') >= 0 ? "[" + text + "]" : text;
  }

  /// The numeric form of an address, IPv6 shortened as inet_ntop(3) does.
  public static String numeric(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      return address.getHostAddress();
    }
    return io.netty.util.NetUtil.toAddressString(address);
  }
}

package dev.turnout.http.access;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// Whose word about the client's address is taken: proxies that add to `X-Forwarded-For`.
///
/// @param proxies their networks
/// @param unixSockets true if whoever comes by a unix socket is one
/// @param recursive true if a proxy may have been asked by another
record Forwarding(List<Network> proxies, boolean unixSockets, boolean recursive) {
  Forwarding {
    proxies = List.copyOf(proxies);
  }

  /// The address that a request comes from.
  ///
  /// @param peer the address it came from to us, null for a unix socket
  /// @param field `X-Forwarded-For`, null where there is none
  byte @Nullable [] origin(byte @Nullable [] peer, @Nullable String field) {
    byte[] address = peer;
    String left = field == null ? "" : field;
    while (!left.isEmpty() && isTrusted(address)) {
      int end = left.length();
      while (end > 0 && isSeparator(left.charAt(end - 1))) {
        end--;
      }
      int start = end;
      while (start > 0 && !isSeparator(left.charAt(start - 1))) {
        start--;
      }
      byte[] before = Network.address(withoutPort(left.substring(start, end)));
      if (before == null) {
        return address;
      }
      address = before;
      left = recursive ? left.substring(0, start) : "";
    }
    return address;
  }

  private boolean isTrusted(byte @Nullable [] address) {
    if (address == null) {
      return unixSockets;
    }
    for (Network proxy : proxies) {
      if (proxy.contains(address)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isSeparator(char c) {
    return c == ' ' || c == ',';
  }

  private static String withoutPort(String text) {
    int bracket = text.indexOf(']');
    if (text.startsWith("[") && bracket > 0) {
      return text.substring(1, bracket);
    }
    int colon = text.indexOf(':');
    return colon > 0 && colon == text.lastIndexOf(':') ? text.substring(0, colon) : text;
  }
}

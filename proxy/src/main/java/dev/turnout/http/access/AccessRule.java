package dev.turnout.http.access;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One `allow` or `deny`.
sealed interface AccessRule {
  /// True for `allow`.
  boolean allows();

  /// True if a client at this address falls under the rule; no address is a unix socket.
  boolean covers(byte[] address);

  /// `all`.
  record Everybody(boolean allows) implements AccessRule {
    @Override
    public boolean covers(byte[] address) {
      return true;
    }
  }

  /// `unix:`.
  record UnixSockets(boolean allows) implements AccessRule {
    @Override
    public boolean covers(byte[] address) {
      return address.length == 0;
    }
  }

  /// An address, or a block of them in CIDR notation.
  record Block(Network network, boolean allows) implements AccessRule {
    @Override
    public boolean covers(byte[] address) {
      return network.contains(address);
    }
  }

  /// Reads the argument of `allow` or `deny`.
  ///
  /// @throws IllegalArgumentException if it is none
  static AccessRule parse(String text, boolean allows) {
    if (text.equals("all")) {
      return new Everybody(allows);
    }
    if (text.equals("unix:")) {
      return new UnixSockets(allows);
    }
    return new Block(Network.parse(text), allows);
  }

  /// What the first rule that covers the client says; those under no rule may pass.
  static boolean permits(List<AccessRule> rules, SocketAddress client) {
    AccessRule rule = first(rules, client);
    return rule == null || rule.allows();
  }

  /// The first rule that covers the client, or null.
  static @Nullable AccessRule first(List<AccessRule> rules, SocketAddress client) {
    InetAddress inet = client instanceof InetSocketAddress there ? there.getAddress() : null;
    byte[] address = inet == null ? new byte[0] : inet.getAddress();
    for (int i = 0; i < rules.size(); i++) {
      AccessRule rule = rules.get(i);
      if (rule.covers(address)) {
        return rule;
      }
    }
    return null;
  }
}

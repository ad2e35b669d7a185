package dev.turnout.http;

import dev.turnout.upstream.PeerAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/// Says which addresses the names of servers may turn out to have: those of servers that were added
/// at run time are judged when they are resolved, each time. For any thread.
@FunctionalInterface
public interface AddressScreen {
  /// All of them.
  AddressScreen NONE = (_, _, _) -> null;

  /// Why no request may go there; null if it may.
  ///
  /// @param upstream the name of the upstream
  /// @param name the server's name, as wanted
  @Nullable String refusal(String upstream, PeerAddress.Unresolved name, InetSocketAddress address);
}

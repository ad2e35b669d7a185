package dev.turnout.control;

import java.net.InetSocketAddress;
import java.util.List;

/// What the policy says to a switch target.
public sealed interface TargetVerdict {
  /// A configured upstream, under the name the configuration gives it.
  record Named(String upstreamName) implements TargetVerdict {}

  /// An address inside a configured range; already parsed, never to be looked up or parsed again.
  record Literal(InetSocketAddress address) implements TargetVerdict {}

  /// Not an address, and no upstream of this name; `didYouMean` has the nearest names, best first.
  record Unknown(String target, List<String> didYouMean) implements TargetVerdict {
    public Unknown {
      didYouMean = List.copyOf(didYouMean);
    }
  }

  /// An address that requests must not be sent to.
  record Forbidden(String reason) implements TargetVerdict {}

  /// Neither a name nor an address in its one accepted form.
  record Malformed(String reason) implements TargetVerdict {}
}

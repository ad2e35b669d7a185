package dev.turnout.net.resolve;

import java.net.InetAddress;
import java.util.List;

/// What came of resolving a name.
public sealed interface NameAnswer {
  /// For how long, from when it was given, the answer is as good as a new one.
  long validMillis();

  /// The name has addresses.
  ///
  /// @param addresses at least one; the same list for as long as the answer is the same
  record Found(List<InetAddress> addresses, long validMillis) implements NameAnswer {}

  /// It has none, or nobody says.
  record Failed(Trouble trouble, long validMillis) implements NameAnswer {}
}

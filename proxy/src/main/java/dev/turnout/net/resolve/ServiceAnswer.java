package dev.turnout.net.resolve;

import java.net.InetAddress;
import java.util.List;

/// What came of resolving a service: its records, and the addresses of the names in them.
public sealed interface ServiceAnswer {
  /// The names in the service's records that have no address now.
  List<Missing> missing();

  /// For how long, from when it was given, the answer is as good as a new one.
  long validMillis();

  /// There are servers.
  ///
  /// @param targets at least one, those of the first priority first
  record Found(List<Target> targets, List<Missing> missing, long validMillis)
      implements ServiceAnswer {}

  /// There are none, or nobody says.
  record Failed(Trouble trouble, List<Missing> missing, long validMillis)
      implements ServiceAnswer {}

  /// One address of one service record.
  ///
  /// @param name the name that the record points to
  /// @param priority the lower, the sooner it is to be used
  record Target(InetAddress address, int port, String name, int priority, int weight) {}

  /// A name in a record that could not be resolved.
  record Missing(String name, Trouble trouble) {}
}

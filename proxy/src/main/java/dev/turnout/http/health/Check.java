package dev.turnout.http.health;

import dev.turnout.upstream.HealthEvent.PeerChanged;
import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.ProbeRules;
import dev.turnout.upstream.Upstream;
import java.util.random.RandomGenerator;

/// One active check of the servers of an upstream, as configured. Immutable.
interface Check {
  Upstream upstream();

  /// How its results are counted.
  ProbeRules rules();

  /// How long a server waits for its first probe.
  ///
  /// @param added the server, or the check, came at run time: it is no matter of many at once
  long firstDelayMillis(boolean added, RandomGenerator random);

  /// How long it waits between two.
  long delayMillis(RandomGenerator random);

  /// Begins to ask the server at this address.
  Probe probe(PeerAddress address);

  /// What the listener is told about why a server changed.
  String reason(Found found);

  /// Tells the error log about a probe that went wrong.
  void broken(PeerSpec peer, Found found);

  /// Tells the error log that a server changed.
  void changed(PeerChanged change, Found found);

  /// Tells the error log about a bug.
  void bug(RuntimeException bug);
}

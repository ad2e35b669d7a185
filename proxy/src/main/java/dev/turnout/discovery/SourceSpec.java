package dev.turnout.discovery;

import dev.turnout.upstream.PeerAddress;
import dev.turnout.upstream.PeerSpec;
import java.util.List;

/// A source as configured. Equal ones are the same source: a reload leaves it as it is.
public interface SourceSpec {
  /// Who looks a name up.
  @FunctionalInterface
  interface Places {
    /// The addresses that `HOST:PORT` stands for, or the name if that is resolved at run time.
    ///
    /// @throws Source.Failure if the name cannot be looked up
    List<PeerAddress> of(String place) throws Source.Failure;
  }

  /// Through which interface its changes come: `upsync`, `file`, …
  String dialect();

  /// Where it is, for people; without secrets.
  String label();

  /// Begins to ask.
  Source open(Places places);

  /// A server that is there already, with what the source says of it now. What the source has no
  /// words for stays.
  PeerSpec onto(PeerSpec present, PeerSpec said);

  /// Whether servers that are new stand before the others.
  boolean newOnesFirst();

  /// Whether a source that has no servers means that: then those of the group are marked down, and
  /// it is not emptied all the same.
  default boolean emptyMeansDown() {
    return false;
  }

  /// The shortest time between two questions after a failure, in milliseconds.
  long retryMillis();
}

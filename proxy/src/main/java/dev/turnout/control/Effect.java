package dev.turnout.control;

import dev.turnout.upstream.PeerSpec;
import dev.turnout.upstream.UpstreamSpec;
import java.util.List;
import java.util.Map;

/// What one [Operation] did.
public sealed interface Effect {
  /// Of an edit of servers: those that were added or changed, as they are now, or removed, as they
  /// were; and the upstream after this operation.
  record Servers(List<PeerSpec> touched, UpstreamSpec after) implements Effect {
    public Servers {
      touched = List.copyOf(touched);
    }
  }

  /// Of the making or removing of an upstream: as it is, or was.
  record Group(UpstreamSpec spec) implements Effect {}

  /// Of an edit of a zone: the old values of the touched keys that had one.
  record Keys(Map<String, String> previous) implements Effect {}

  /// Of a restore, or of the end of a trial; the deltas tell what it came to.
  record Restored() implements Effect {}
}

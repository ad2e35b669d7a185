package dev.turnout.control;

import dev.turnout.cluster.KeyvalChange;
import dev.turnout.cluster.KeyvalCondition;
import dev.turnout.cluster.KeyvalZone;
import dev.turnout.upstream.UpstreamChange;
import dev.turnout.upstream.UpstreamSpec;
import java.util.List;

/// One step of a [ChangeRequest]; its effect is an [Effect] at the same place.
public sealed interface Operation {
  /// Changes the servers of an upstream.
  record EditUpstream(String upstream, UpstreamChange change) implements Operation {}

  /// Makes an upstream. Its name must be free.
  record CreateUpstream(UpstreamSpec spec) implements Operation {}

  /// Makes an upstream, or puts this one in place of what has the name, whole: servers, balancing
  /// method and connections. Servers that are written as before keep their ids and their state.
  record PutUpstream(UpstreamSpec spec) implements Operation {}

  /// Removes an upstream. One that the configuration has stays removed until its block there
  /// changes.
  record DeleteUpstream(String upstream) implements Operation {}

  /// Changes keys of a zone, if the conditions hold.
  record EditZone(KeyvalZone zone, List<KeyvalChange> edits, List<KeyvalCondition> conditions)
      implements Operation {
    public EditZone {
      edits = List.copyOf(edits);
      conditions = List.copyOf(conditions);
    }
  }

  /// Makes everything that was changed since `revision` what it was then.
  record Restore(long revision) implements Operation {}

  /// Ends the trial of a change: it stays, or what it changed and nobody has changed since is as it
  /// was before.
  record EndTrial(long revision, boolean keep) implements Operation {}
}

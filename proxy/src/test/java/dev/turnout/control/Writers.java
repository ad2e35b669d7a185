package dev.turnout.control;

import dev.turnout.cluster.Origin;
import dev.turnout.cluster.Revision;
import dev.turnout.http.Upstreams;

/// Writers whose history is kept in memory.
final class Writers {
  static final Origin TEST = Origin.of("test", "a test");

  private Writers() {}

  static ChangeWriter start(Revision revision, Fence fence) {
    return ChangeWriter.start(revision, new History(revision), new Upstreams(), _ -> null, fence);
  }
}

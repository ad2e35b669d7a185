package dev.turnout.discovery;

import dev.turnout.upstream.PeerSpec;
import java.util.List;

/// One place that says which servers a group has. Used by one virtual thread, which may be
/// interrupted: that of the group's [Follower].
public interface Source extends AutoCloseable {
  /// What a source says: all servers of the group.
  ///
  /// @param servers without ids
  /// @param version which state of the source it is, in its own words; for people
  /// @param troubles what was left out of it, and why; for people
  record Answer(List<PeerSpec> servers, String version, List<String> troubles) {
    public Answer {
      servers = List.copyOf(servers);
      troubles = List.copyOf(troubles);
    }
  }

  /// The source has no answer that could be used.
  final class Failure extends Exception {
    private static final long serialVersionUID = 1;

    /// @param message for an operator: what happened, and what to do if that is known
    public Failure(String message) {
      super(message);
    }

    /// With what happened below.
    public Failure(String message, Throwable cause) {
      super(message, cause);
    }

    String text() {
      return String.valueOf(getMessage());
    }
  }

  /// Waits until the source says something that it has not said, and returns that.
  ///
  /// @throws Failure if it cannot be had now: it is asked again a moment later
  Answer next() throws Failure, InterruptedException;

  /// The last answer could not be used yet: [#next] is to give one again soon, whatever is new.
  void again();

  @Override
  void close();
}

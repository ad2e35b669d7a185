package dev.turnout.http;

import dev.turnout.upstream.Upstream;
import org.jspecify.annotations.Nullable;

/// Chooses the server of each attempt in place of an upstream's own method, such as
/// `balancer_by_lua`. Asked on the exchange's loop; never waits.
@FunctionalInterface
public interface PeerChooser {
  /// Chooses.
  Choice choose(Exchange exchange, Situation situation);

  /// What has been tried so far.
  ///
  /// @param attempts how many attempts there were
  /// @param triesLeft how many more there may be, this one included
  /// @param mostTries how many there may be in all; 0 for no limit
  /// @param lastStatus the status that the last attempt ended with; 0 if this is the first
  /// @param lastNeutral the last attempt says nothing against its server (403, 404)
  record Situation(
      int attempts, int triesLeft, int mostTries, int lastStatus, boolean lastNeutral) {}

  /// What was chosen.
  ///
  /// @param server an upstream of the one server that was chosen; null for one of the upstream's
  ///   own
  /// @param moreTries how many more attempts there may be
  /// @param status the request is answered with this instead; 0 if it goes on
  /// @param connectMillis, sendMillis, readMillis limits for this attempt; 0 for those configured
  record Choice(
      @Nullable Upstream server,
      int moreTries,
      int status,
      long connectMillis,
      long sendMillis,
      long readMillis) {}
}

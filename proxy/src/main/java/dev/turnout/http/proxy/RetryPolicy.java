package dev.turnout.http.proxy;

import dev.turnout.http.proxy.Failure.Condition;
import java.util.EnumSet;
import java.util.Set;

/// Decides whether a failed attempt is followed by one at another peer: `proxy_next_upstream` and
/// its limits. Pure.
///
/// @param conditions what lets another peer be tried
/// @param tries `proxy_next_upstream_tries`: the most attempts; 0 is no limit
/// @param timeoutMillis `proxy_next_upstream_timeout`: no new attempt after it; 0 is no limit
record RetryPolicy(Set<Condition> conditions, int tries, long timeoutMillis) {
  RetryPolicy {
    conditions = conditions.isEmpty() ? Set.of() : Set.copyOf(EnumSet.copyOf(conditions));
  }

  /// What an attempt leaves to decide by.
  ///
  /// @param failure why it ended
  /// @param sent something of the request has gone to the peer
  /// @param repeatable the method may be repeated (RFC 9110 section 9.2.2), by nginx's list
  /// @param bodyKept the body is at hand to be sent again
  /// @param attempts how many attempts there were
  /// @param peersLeft how many peers have not been tried
  /// @param elapsedMillis the time since the first attempt began
  record Situation(
      Failure failure,
      boolean sent,
      boolean repeatable,
      boolean bodyKept,
      int attempts,
      int peersLeft,
      long elapsedMillis) {}

  /// True if another peer may be tried.
  boolean allows(Situation now) {
    if (now.peersLeft() <= 0 || (tries > 0 && now.attempts() >= tries)) {
      return false;
    }
    if (!conditions.contains(now.failure().condition())) {
      return false;
    }
    if (now.sent() && !now.repeatable() && !conditions.contains(Condition.NON_IDEMPOTENT)) {
      return false;
    }
    if (now.sent() && !now.bodyKept()) {
      return false;
    }
    return timeoutMillis == 0 || now.elapsedMillis() < timeoutMillis;
  }

  /// True if an answer with this status counts as a failure of its peer.
  boolean lists(int status) {
    Condition condition = Condition.ofStatus(status);
    return condition != Condition.OFF && conditions.contains(condition);
  }
}

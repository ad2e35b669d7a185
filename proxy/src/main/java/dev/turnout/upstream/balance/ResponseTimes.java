package dev.turnout.upstream.balance;

import dev.turnout.upstream.BalancingMethod;
import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;

/// What `least_time` compares: how long a peer would need for the requests it has and one more,
/// reckoned as nginx does. Called holding the tier's lock.
record ResponseTimes(PeerTier tier, BalancingMethod.LeastTime method) {
  /// Times that differ by less are the same, so that round robin has its way among them.
  private static final long STEP = 20;

  /// Peers that are slower are all equally bad: then only their load counts.
  private static final long MOST = 5000;

  /// The time that peer `i` would need, in milliseconds, before weights.
  long cost(int i, long now) {
    Peer peer = tier.peer(i);
    long millis = method.header() ? peer.times().headerMillis() : peer.times().responseMillis();
    // a slow peer gets another chance: its past counts half once for each quiet window
    millis >>= Math.min(63, peer.quietWindows(now));
    // requests that hang say more than those that came back
    millis = Math.max(millis, tier.runningAge(i));
    millis = millis > MOST ? MOST : millis + STEP - millis % STEP;
    return millis * (1 + peer.active());
  }

  /// cost / weight of `a` against that of `b`, without the division.
  int compare(int a, long costOfA, int b, long costOfB) {
    return Long.compare(costOfA * tier.peer(b).weight(), costOfB * tier.peer(a).weight());
  }
}

package dev.turnout.upstream;

import org.jspecify.annotations.Nullable;

/// The peers one request has been at, and where its balancer stands. Confined to the request's
/// event loop.
///
/// Peers are remembered by their place in a snapshot, which costs a bit. When the list changes
/// between two attempts, what was tried moves to the new snapshot by the servers' identity, so that
/// the retry goes on with the new list. nginx answers 502 there.
public final class Tries {
  private static final long[] NONE = {};
  private static final long NOT_RUNNING = Long.MIN_VALUE;

  private @Nullable PeerSet set;
  private long tried;
  private long[] triedBeyond = NONE;
  private boolean onBackups;
  private int left;
  private long runningSince = NOT_RUNNING;

  private int misses;
  private int step;
  private long position;

  /// Forgets everything, for the next request that the owner serves.
  public void reset() {
    set = null;
    tried = 0;
    triedBeyond = NONE;
    onBackups = false;
    left = 0;
    runningSince = NOT_RUNNING;
    restartBalancer();
  }

  /// How many times the balancer has landed on a peer that it could not use.
  public int misses() {
    return misses;
  }

  public void missed() {
    misses++;
  }

  /// How many values a hash has given so far.
  public int step() {
    return step;
  }

  /// Where a hash stands; 0 at first.
  public long position() {
    return position;
  }

  public void moveTo(long newPosition) {
    position = newPosition;
    step++;
  }

  boolean contains(int index) {
    return index < 64
        ? (tried >>> index & 1) != 0
        : (triedBeyond[(index >> 6) - 1] >>> index & 1) != 0;
  }

  void add(int index) {
    if (index < 64) {
      tried |= 1L << index;
    } else {
      triedBeyond[(index >> 6) - 1] |= 1L << index;
    }
  }

  /// Whether the request has been at any peer of the present list.
  boolean areAny() {
    for (long word : triedBeyond) {
      if (word != 0) {
        return true;
      }
    }
    return tried != 0;
  }

  boolean areOnBackups() {
    return onBackups;
  }

  void goOnWithBackups() {
    onBackups = true;
  }

  int left() {
    return left;
  }

  void ended(Peer peer) {
    if (peer.isAlone()) {
      left = 0;
    } else if (peer.isOpen()) {
      left = Math.max(0, left - 1);
    }
  }

  void grantOneMore() {
    left++;
  }

  /// The revision of the list that the request is with, or was with last; -1: it was with none.
  public long revision() {
    PeerSet last = set;
    return last == null ? -1 : last.revision();
  }

  /// The request looks again among all that it has not been at: it had to wait.
  void beginAgain() {
    onBackups = false;
    restartBalancer();
  }

  /// The present attempt counts among those that are running at its peer.
  void runningSince(long nowMillis) {
    runningSince = nowMillis;
  }

  /// Ends what [#runningSince] began, if it is not over.
  void stopsRunning(Peer peer) {
    if (runningSince != NOT_RUNNING) {
      peer.times().done(runningSince);
      runningSince = NOT_RUNNING;
    }
  }

  /// The request goes on with `current`.
  void enter(PeerSet current) {
    if (set != current) {
      carryOver(set, current);
    }
  }

  private void carryOver(@Nullable PeerSet previous, PeerSet current) {
    long wasTried = tried;
    long[] wasTriedBeyond = triedBeyond;
    set = current;
    tried = 0;
    triedBeyond = current.size() > 64 ? new long[(current.size() - 1) >> 6] : NONE;
    left = current.tries();
    onBackups = false;
    restartBalancer();
    if (previous == null) {
      return;
    }
    for (int i = 0; i < previous.size(); i++) {
      long word = i < 64 ? wasTried : wasTriedBeyond[(i >> 6) - 1];
      int index = (word >>> i & 1) == 0 ? -1 : current.indexOf(previous.peer(i));
      if (index >= 0) {
        add(index);
        left -= current.peer(index).isOpen() ? 1 : 0;
      }
    }
    left = Math.max(0, left);
  }

  private void restartBalancer() {
    misses = 0;
    step = 0;
    position = 0;
  }
}

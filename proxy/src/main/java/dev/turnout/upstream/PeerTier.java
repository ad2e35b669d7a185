package dev.turnout.upstream;

import java.util.List;

/// The primaries or the backups of one snapshot: what a balancer chooses among.
///
/// Immutable but for the weights of its peers, which are guarded by [#lock()], and for how full
/// they may be packed, which the autoscaler learns.
public final class PeerTier {
  private final Peer[] peers;
  private final int first;
  private final long[] starts;
  private final long totalWeight;
  private final SpinLock lock;
  private volatile double packing = Double.NaN;

  /// @param first the place of the tier's first peer in the whole snapshot
  PeerTier(List<Peer> peers, int first, SpinLock lock) {
    this.peers = peers.toArray(Peer[]::new);
    this.first = first;
    this.starts = new long[this.peers.length];
    long sum = 0;
    for (int i = 0; i < starts.length; i++) {
      starts[i] = sum;
      sum += this.peers[i].weight();
    }
    this.totalWeight = sum;
    this.lock = lock;
  }

  public int size() {
    return peers.length;
  }

  public Peer peer(int index) {
    return peers[index];
  }

  public List<Peer> peers() {
    return List.of(peers);
  }

  /// The sum of the configured weights, whatever state the peers are in.
  public long totalWeight() {
    return totalWeight;
  }

  /// Requests that a server of weight 1 may have before the next one is turned to, as learned;
  /// `otherwise` if nobody learns it.
  public double packing(double otherwise) {
    double learned = packing;
    return Double.isNaN(learned) ? otherwise : learned;
  }

  void pack(double learned) {
    packing = learned;
  }

  public SpinLock lock() {
    return lock;
  }

  /// Whether the peer is up, has room, and has not been tried.
  public boolean isSelectable(int index, Tries tries, long nowMillis) {
    return !tries.contains(first + index) && peers[index].isSelectable(nowMillis);
  }

  /// As [#isSelectable], for a request that is bound to the peer.
  boolean isSelectableIfBound(int index, Tries tries, long nowMillis) {
    return !tries.contains(first + index) && peers[index].isSelectableIfBound(nowMillis);
  }

  /// Gives the request to a peer. Holding the lock, under which it was found selectable.
  public Peer claim(int index, Tries tries, long nowMillis) {
    Peer peer = peers[index];
    tries.add(first + index);
    peer.claim(nowMillis);
    return peer;
  }

  /// Whether slow start lets the peer take part in this choice. Holding the lock.
  public boolean isAdmitted(int index, long nowMillis) {
    return peers[index].isAdmitted(nowMillis);
  }

  /// What [#isAdmitted] said in this choice. Holding the lock.
  public boolean wasAdmitted(int index) {
    return peers[index].wasAdmitted();
  }

  /// Adds the peer's effective weight to its current one, and returns it. Holding the lock.
  public int charge(int index) {
    Peer peer = peers[index];
    return peer.weights().charge(peer.weight());
  }

  /// The peer's current weight. Holding the lock.
  public long currentWeight(int index) {
    return peers[index].weights().current();
  }

  /// The chosen peer pays for all that were charged. Holding the lock.
  public void pay(int index, long total) {
    peers[index].weights().pay(total);
  }

  /// The request counts among those that are running at the peer, until [Upstream] is told that it
  /// is over. Holding the lock.
  public void beginsAt(int index, Tries tries, long nowMillis) {
    peers[index].times().begin(nowMillis);
    tries.runningSince(nowMillis);
  }

  /// Looks at how long requests have been running at the peer. Holding the lock.
  public void observeRunning(int index, long nowMillis) {
    peers[index].times().observeAge(nowMillis);
  }

  /// The average of what [#observeRunning] saw; 0 if nothing is running. Holding the lock.
  public long runningAge(int index) {
    return peers[index].times().age();
  }

  /// The peer whose stretch of the total weight holds `point`, which is below it.
  public int at(long point) {
    int low = 0;
    int high = peers.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (point < starts[middle]) {
        high = middle - 1;
      } else {
        low = middle;
      }
    }
    return low;
  }
}

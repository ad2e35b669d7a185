package dev.turnout.upstream.balance;

import dev.turnout.upstream.Peer;
import dev.turnout.upstream.PeerTier;
import dev.turnout.upstream.Tries;

/// `pack`: the first peer of the list that has fewer requests than it may be packed with, for its
/// weight; if all are full, the one with the fewest. So the last peers of the list become idle when
/// there is little to do, and can be switched off (index packing of AutoScale, ACM TOCS 30(4),
/// 2012, section 3.5).
final class IndexPacking extends Scan {
  private final int requests;

  IndexPacking(PeerTier tier, int requests) {
    super(tier);
    this.requests = requests;
  }

  @Override
  int choose(Tries tries, long now, boolean gently) {
    double room = tier.packing(requests);
    int least = -1;
    for (int i = 0; i < tier.size(); i++) {
      if (isOut(i, tries, now, gently)) {
        continue;
      }
      Peer peer = tier.peer(i);
      if (peer.active() < room * peer.weight()) {
        return i;
      }
      if (least < 0 || isLessBusy(peer, tier.peer(least))) {
        least = i;
      }
    }
    return least;
  }

  /// one.active / one.weight < other.active / other.weight, without the division.
  private static boolean isLessBusy(Peer one, Peer other) {
    return (long) one.active() * other.weight() < (long) other.active() * one.weight();
  }
}

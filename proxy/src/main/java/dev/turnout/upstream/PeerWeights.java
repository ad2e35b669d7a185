package dev.turnout.upstream;

/// The round-robin weights of one server. Every field is guarded by `lock`, which all peers of an
/// upstream share; survives every change to the upstream that keeps the server.
///
/// nginx's effective weight is kept as what it lacks to the configured one, so that a change of the
/// configured weight is right at once and needs no writing here.
final class PeerWeights {
  final SpinLock lock;
  private long current;
  private int lost;

  PeerWeights(SpinLock lock) {
    this.lock = lock;
  }

  long current() {
    return current;
  }

  int effective(int weight) {
    return weight - Math.min(lost, weight);
  }

  /// Adds the effective weight to the current one, and returns it; then a failed peer gains one
  /// back.
  int charge(int weight) {
    int effective = effective(weight);
    current += effective;
    if (effective < weight) {
      lost = weight - effective - 1;
    } else {
      lost = 0;
    }
    return effective;
  }

  void pay(long total) {
    current -= total;
  }

  void lose(int weight, int share) {
    lost = Math.min(weight, Math.min(lost, weight) + share);
  }
}

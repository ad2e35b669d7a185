package dev.turnout.upstream;

/// One server in use: its spec, and the state that outlives it.
///
/// The peer is immutable. Its counters, health and weights are shared with the peers that stand for
/// the same server in other snapshots, so an attempt may report to the peer it was given even when
/// the list has changed since.
public final class Peer {
  private final PeerSpec spec;
  private final boolean alone;
  private final PeerStats stats;
  private final PeerHealth health;
  private final PeerWeights weights;
  private final SlowStart slowStart;

  // What every choice looks at, out of the spec and close together.
  private final boolean open;
  private final boolean slow;
  private final int weight;
  private final int maxConns;
  private final int maxFails;
  private final long failTimeoutMillis;

  private Peer(
      PeerSpec spec,
      boolean alone,
      PeerStats stats,
      PeerHealth health,
      PeerWeights weights,
      SlowStart slowStart) {
    this.spec = spec;
    this.alone = alone;
    this.stats = stats;
    this.health = health;
    this.weights = weights;
    this.slowStart = slowStart;
    this.open = !spec.down() && !spec.drain();
    this.slow = spec.slowStartMillis() > 0;
    this.weight = spec.weight();
    this.maxConns = spec.maxConns();
    this.maxFails = spec.maxFails();
    this.failTimeoutMillis = spec.failTimeoutMillis();
  }

  static Peer create(PeerSpec spec, boolean alone, SpinLock lock) {
    return new Peer(
        spec, alone, new PeerStats(), new PeerHealth(), new PeerWeights(lock), new SlowStart());
  }

  /// The peer for the same server under a new spec.
  Peer with(PeerSpec next, boolean nextAlone) {
    if (next.equals(spec) && nextAlone == alone) {
      return this;
    }
    return new Peer(next, nextAlone, stats, health, weights, slowStart);
  }

  public PeerSpec spec() {
    return spec;
  }

  public long id() {
    return spec.id();
  }

  public PeerAddress address() {
    return spec.address();
  }

  public int weight() {
    return weight;
  }

  public PeerStats stats() {
    return stats;
  }

  public PeerHealth health() {
    return health;
  }

  /// Requests that are at the server now.
  public int active() {
    return stats.active();
  }

  /// Whether the upstream has no other server. Then failures do not count and it is never taken
  /// out.
  public boolean isAlone() {
    return alone;
  }

  /// Whether both stand for the same server, in whatever snapshots.
  public boolean isSameServer(Peer other) {
    return stats == other.stats;
  }

  /// What the API calls the peer's state.
  public PeerState state(long nowMillis) {
    if (spec.down()) {
      return PeerState.DOWN;
    }
    if (!alone && health.isUnavailable(maxFails, failTimeoutMillis, nowMillis)) {
      return PeerState.UNAVAIL;
    }
    return spec.drain() ? PeerState.DRAINING : PeerState.UP;
  }

  /// Whether the peer may take a request that is not bound to it.
  boolean isSelectable(long nowMillis) {
    return open && !health.isUnavailable(maxFails, failTimeoutMillis, nowMillis) && hasRoom();
  }

  boolean isOpen() {
    return open;
  }

  boolean hasRoom() {
    return maxConns == 0 || stats.active() < maxConns;
  }

  /// Whether slow start lets the peer take part in this choice. Holding the upstream's lock.
  boolean isAdmitted(long nowMillis) {
    return !slow || slowStart.admits(spec.slowStartMillis(), nowMillis);
  }

  /// What [#isAdmitted] said in this choice. Holding the upstream's lock.
  boolean wasAdmitted() {
    return !slow || slowStart.hasAdmitted();
  }

  PeerWeights weights() {
    return weights;
  }

  /// Gives the peer a request.
  void claim(long nowMillis) {
    if (health.chosen(failTimeoutMillis, nowMillis) && isExhausted()) {
      stats.out(nowMillis, PeerHealth.unavailableUntil(failTimeoutMillis, nowMillis)); // a probe
    }
    stats.began(nowMillis);
  }

  /// Takes the request back before anything of it was sent.
  void withdraw() {
    stats.withdrawn();
  }

  /// The server begins to take requests: with a ramp, if it has one.
  void opens() {
    weights.lock.lock();
    try {
      slowStart.arm();
    } finally {
      weights.lock.unlock();
    }
  }

  /// Ends the request that [Upstream#pick] gave the peer; exactly once for each.
  ///
  /// Returns whether this failure takes the peer out for a while, for which a warning is due.
  /// Exchanges call [Upstream#released], which sees to that.
  public boolean released(Outcome outcome, long nowMillis) {
    boolean disabled =
        switch (outcome) {
          case SUCCESS, NEUTRAL -> {
            passed(nowMillis);
            yield false;
          }
          case FAILURE -> failed(nowMillis);
        };
    stats.ended();
    return disabled;
  }

  private boolean isExhausted() {
    return !alone && maxFails > 0 && health.fails() >= maxFails;
  }

  private void passed(long nowMillis) {
    if (alone) {
      health.forget();
      return;
    }
    int forgotten = health.passed();
    if (forgotten > 0 && maxFails > 0 && forgotten >= maxFails) {
      opens(); // it was out and is back
      stats.back(nowMillis);
    }
  }

  private boolean failed(long nowMillis) {
    stats.failed();
    if (alone) {
      health.forget();
      return false;
    }
    int fails = health.failed(nowMillis);
    if (maxFails == 0) {
      return false;
    }
    weights.lock.lock();
    try {
      weights.lose(weight, weight / maxFails);
    } finally {
      weights.lock.unlock();
    }
    if (fails == maxFails) {
      stats.becameUnavailable();
    }
    if (fails >= maxFails) {
      stats.out(nowMillis, PeerHealth.unavailableUntil(failTimeoutMillis, nowMillis));
      return true;
    }
    return false;
  }

  @Override
  public String toString() {
    return spec.address().text();
  }
}

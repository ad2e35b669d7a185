package dev.turnout.upstream;

import dev.turnout.upstream.sticky.RouteId;
import org.jspecify.annotations.Nullable;

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
  private final ActiveHealth active;
  private final UpstreamHealth whole;
  private final PeerWeights weights;
  private final SlowStart slowStart;
  private final PeerTimes times;

  // What every choice looks at, out of the spec and close together.
  private final boolean open;
  private final boolean slow;
  private final int weight;
  private final int maxConns;
  private final int maxFails;
  private final long failTimeoutMillis;

  private @Nullable String route;

  private Peer(
      PeerSpec spec,
      boolean alone,
      PeerStats stats,
      PeerHealth health,
      ActiveHealth active,
      UpstreamHealth whole,
      PeerWeights weights,
      SlowStart slowStart,
      PeerTimes times) {
    this.spec = spec;
    this.alone = alone;
    this.stats = stats;
    this.health = health;
    this.active = active;
    this.whole = whole;
    this.weights = weights;
    this.slowStart = slowStart;
    this.times = times;
    this.open = !spec.down() && !spec.drain();
    this.slow = spec.slowStartMillis() > 0;
    this.weight = spec.weight();
    this.maxConns = spec.maxConns();
    this.maxFails = spec.maxFails();
    this.failTimeoutMillis = spec.failTimeoutMillis();
  }

  static Peer create(PeerSpec spec, boolean alone, SpinLock lock, UpstreamHealth whole) {
    return new Peer(
        spec,
        alone,
        new PeerStats(),
        new PeerHealth(),
        new ActiveHealth(whole.policy().checks()),
        whole,
        new PeerWeights(lock),
        new SlowStart(),
        new PeerTimes(lock));
  }

  /// The peer for the same server under a new spec.
  Peer with(PeerSpec next, boolean nextAlone) {
    if (next.equals(spec) && nextAlone == alone) {
      return this;
    }
    return new Peer(next, nextAlone, stats, health, active, whole, weights, slowStart, times);
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

  /// What active checks have found.
  public ActiveHealth activeHealth() {
    return active;
  }

  /// How long the server takes, where `least_time` asks for it.
  public PeerTimes times() {
    return times;
  }

  /// Its name in sticky sessions: `route=`, or else one made from its address.
  public String route() {
    String known = route;
    if (known == null) {
      known = spec.route().isEmpty() ? RouteId.of(spec.address().text()) : spec.route();
      route = known; // loops may do this twice, with the same outcome
    }
    return known;
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
    return standing(health.verdict(), isEjected(nowMillis));
  }

  /// @param ejected passive failures have taken it out
  private PeerState standing(PeerHealth.Verdict verdict, boolean ejected) {
    if (spec.down()) {
      return PeerState.DOWN;
    }
    return switch (verdict) {
      case CHECKING -> PeerState.CHECKING;
      case UNHEALTHY -> PeerState.UNHEALTHY;
      case HEALTHY ->
          ejected && !alone ? PeerState.UNAVAIL : spec.drain() ? PeerState.DRAINING : PeerState.UP;
    };
  }

  /// The state as events tell it: a server that was taken out stays out until a success, whether
  /// `fail_timeout` has passed or not.
  PeerState lastingState() {
    return standing(health.verdict(), isExhausted(health.fails()));
  }

  private boolean isExhausted(int fails) {
    return maxFails > 0 && fails >= maxFails;
  }

  /// Whether the peer may take a request that is not bound to it.
  boolean isSelectable(long nowMillis) {
    return open && (!isOut(nowMillis) || isPanic()) && hasRoom();
  }

  /// Whether checks or failures keep the peer from being chosen.
  boolean isOut(long nowMillis) {
    return health.isOut(maxFails, failTimeoutMillis, nowMillis);
  }

  /// Whether failures keep the peer from being chosen.
  boolean isEjected(long nowMillis) {
    return !alone && health.isEjected(maxFails, failTimeoutMillis, nowMillis);
  }

  /// Whether active checks keep an only server from being chosen; its failures never do.
  boolean isBarred() {
    return health.isBarred() && !isPanic();
  }

  /// In panic health is ignored, but nothing is known of a server whose first check is awaited.
  private boolean isPanic() {
    return whole.isPanic() && health.verdict() != PeerHealth.Verdict.CHECKING;
  }

  /// Whether the peer may take a request that is bound to it: that it drains is no matter.
  boolean isSelectableIfBound(long nowMillis) {
    return !spec.down() && (!isOut(nowMillis) || isPanic()) && hasRoom();
  }

  /// How long the peer cannot be chosen for its failures, which pass by themselves; 0 if that is
  /// not what keeps it.
  long outForMillis(long nowMillis) {
    return open && !alone ? health.outForMillis(maxFails, failTimeoutMillis, nowMillis) : 0;
  }

  /// How often `fail_timeout` has passed since the peer was last chosen after such a time.
  public long quietWindows(long nowMillis) {
    long quiet = health.quietSeconds(nowMillis);
    long window = failTimeoutMillis / 1000;
    return quiet > window ? quiet / (window + 1) : 0;
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

  /// How long the server's share still grows, with `slow_start`; 0: it has all of it. A ramp begins
  /// with the first choice that the server takes part in.
  public long slowStartLeftMillis(long nowMillis) {
    if (!slow) {
      return 0;
    }
    weights.lock.lock();
    try {
      return slowStart.leftMillis(spec.slowStartMillis(), nowMillis);
    } finally {
      weights.lock.unlock();
    }
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
    forgotten(health.passed(), nowMillis, "a request succeeded");
  }

  /// Its failures are forgotten, since somebody says that it is well.
  public void forgive(long nowMillis) {
    int fails = health.fails();
    health.forget();
    forgotten(fails, nowMillis, "its failures were forgiven");
  }

  private void forgotten(int fails, long nowMillis, String why) {
    if (fails > 0 && isExhausted(fails)) {
      opens(); // it was out and is back
      if (!health.isBarred()) {
        stats.back(nowMillis);
      }
      told(health.verdict(), fails, why, HealthListener.none());
    }
  }

  private boolean failed(long nowMillis) {
    stats.failed();
    if (alone) {
      health.forget();
      return false;
    }
    int before;
    int fails;
    weights.lock.lock();
    try {
      int most = maxFails > 0 ? maxFailures(nowMillis) : Integer.MAX_VALUE;
      before = health.failed(nowMillis, most);
      fails = Math.min(before + 1, most);
      if (maxFails > 0) {
        weights.lose(weight, weight / maxFails);
      }
    } finally {
      weights.lock.unlock();
    }
    if (maxFails == 0) {
      return false;
    }
    if (before < maxFails && fails >= maxFails) {
      stats.becameUnavailable();
    }
    boolean disabled = fails >= maxFails;
    if (disabled) {
      stats.out(nowMillis, PeerHealth.unavailableUntil(failTimeoutMillis, nowMillis));
    }
    told(
        health.verdict(),
        before,
        disabled ? "upstream server temporarily disabled" : "too many servers are out already",
        HealthListener.none());
    return disabled;
  }

  /// How many failures may count now: all, or too few to take the server out.
  private int maxFailures(long nowMillis) {
    return whole.mayEject(this, nowMillis) ? Integer.MAX_VALUE : maxFails - 1;
  }

  /// Counts the result of an active check; returns what changed, which the listener has been told.
  ///
  /// @param first is told before the listener
  HealthEvent.@Nullable PeerChanged probed(
      ProbeRules rules, ProbeResult result, String reason, HealthListener first, long nowMillis) {
    PeerHealth.Verdict before;
    int fails;
    synchronized (active) {
      before = health.verdict();
      fails = health.judge(active.count(rules, result, before));
    }
    return judged(before, fails, reason, first, nowMillis);
  }

  /// Goes over to other checks.
  ///
  /// @param inForce the upstream took requests before
  /// @param reloaded they are those of another configuration
  void follow(HealthPolicy policy, boolean inForce, boolean reloaded, long nowMillis) {
    PeerHealth.Verdict before;
    int fails;
    synchronized (active) {
      before = health.verdict();
      boolean trusted = inForce && before == PeerHealth.Verdict.HEALTHY;
      fails = health.judge(active.follow(policy.checks(), trusted, reloaded));
    }
    String reason = reloaded ? "the configuration changed" : "the checks changed";
    judged(before, fails, reason, HealthListener.none(), nowMillis);
  }

  /// A new server that has to prove itself.
  void startChecking() {
    stats.out(System.nanoTime() / 1_000_000, Long.MAX_VALUE);
    health.judge(PeerHealth.Verdict.CHECKING);
  }

  private HealthEvent.@Nullable PeerChanged judged(
      PeerHealth.Verdict before,
      int failsBefore,
      String reason,
      HealthListener first,
      long nowMillis) {
    if (before == health.verdict()) {
      return null;
    }
    if (health.isBarred()) {
      stats.out(nowMillis, Long.MAX_VALUE);
    } else {
      stats.back(nowMillis);
      if (before == PeerHealth.Verdict.UNHEALTHY) {
        opens(); // with a ramp, if it has one
      }
    }
    return told(before, failsBefore, reason, first);
  }

  /// Tells the listener, if what it was told last was another state than now.
  private HealthEvent.@Nullable PeerChanged told(
      PeerHealth.Verdict verdictBefore, int failsBefore, String reason, HealthListener first) {
    PeerState from = standing(verdictBefore, isExhausted(failsBefore));
    PeerState to = lastingState();
    return from == to ? null : whole.tell(spec, from, to, reason, first);
  }

  @Override
  public String toString() {
    return spec.address().text();
  }
}

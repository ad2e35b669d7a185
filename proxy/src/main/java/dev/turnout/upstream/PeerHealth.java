package dev.turnout.upstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// The health of one server: nginx's passive failure accounting, and the verdict of active checks.
/// Shared by all event loops and the prober; survives every change to the upstream that keeps the
/// server.
///
/// nginx keeps `fails`, `accessed` (the last failure) and `checked` (the last failure, or the last
/// time it was chosen after a quiet `fail_timeout`). `accessed` is only ever compared with
/// `checked`, so here it is one bit, and all of it is one word that is changed by compare-and-set,
/// together with the verdict, so that a choice costs one read:
///
/// ```
///   chosen after a quiet window      checkedAt = now, probed = 1
///   failure                          fails++, checkedAt = now, probed = 0
///   success                          fails = 0 if probed
///   active check                     verdict = healthy | checking | unhealthy;
///                                    fails = 0 when it becomes healthy
/// ```
///
/// With what the configuration says, this is a machine of six states; the first that holds counts:
///
/// ```
///   down        the configuration says so
///   checking    a mandatory check has not passed yet     --passes-->   up
///   unhealthy   an active check fails                    --passes-->   up
///   unavail     fails reached max_fails                  --success after fail_timeout-->  up
///   draining    the configuration says so
///   up
/// ```
///
/// Time counts in whole seconds, as in nginx: a window of 10 s ends with the 11th tick after the
/// failure.
public final class PeerHealth {
  private static final VarHandle STATE;
  private static final long PROBED = 1L << 63;
  private static final long CHECKING = 1L << 62;
  private static final long UNHEALTHY = 1L << 61;
  private static final long VERDICT = CHECKING | UNHEALTHY;
  private static final int MAX_FAILS = (1 << 29) - 1;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(PeerHealth.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// What active checks say of a server.
  enum Verdict {
    HEALTHY(0),
    CHECKING(PeerHealth.CHECKING),
    UNHEALTHY(PeerHealth.UNHEALTHY);

    private final long bits;

    Verdict(long bits) {
      this.bits = bits;
    }
  }

  /// Bit 63: probed; bits 61 and 62: the verdict; bits 32 to 60: fails; bits 0 to 31: checkedAt in
  /// seconds, compared by difference.
  private volatile long state;

  PeerHealth() {}

  public int fails() {
    return fails(state);
  }

  Verdict verdict() {
    return verdict(state);
  }

  /// Whether active checks keep the peer from being chosen.
  boolean isBarred() {
    return (state & VERDICT) != 0;
  }

  /// Whether the peer must not be chosen now: active checks say so, or it has failed too often.
  boolean isOut(int maxFails, long failTimeoutMillis, long nowMillis) {
    long current = state;
    return (current & VERDICT) != 0
        || (isExhausted(current, maxFails)
            && quietMillis(current, seconds(nowMillis)) <= failTimeoutMillis);
  }

  /// Whether the peer has failed too often to be chosen now, whatever active checks say.
  boolean isEjected(int maxFails, long failTimeoutMillis, long nowMillis) {
    long current = state;
    return isExhausted(current, maxFails)
        && quietMillis(current, seconds(nowMillis)) <= failTimeoutMillis;
  }

  /// The peer has been chosen: the first time after a quiet window, what comes of it decides. True
  /// for that one.
  boolean chosen(long failTimeoutMillis, long nowMillis) {
    long current = state;
    int now = seconds(nowMillis);
    while (quietMillis(current, now) > failTimeoutMillis) {
      long next = pack(current, true, fails(current), now);
      long witness = (long) STATE.compareAndExchange(this, current, next);
      if (witness == current) {
        return true;
      }
      current = witness;
    }
    return false;
  }

  /// When a window ends that begins now.
  static long unavailableUntil(long failTimeoutMillis, long nowMillis) {
    return (Math.floorDiv(nowMillis, 1000L) + failTimeoutMillis / 1000 + 1) * 1000;
  }

  /// Counts a failure, up to `most` of them, and returns how many there were before.
  int failed(long nowMillis, int most) {
    int now = seconds(nowMillis);
    long current = state;
    while (true) {
      int fails = Math.min(fails(current) + 1, Math.min(most, MAX_FAILS));
      long witness =
          (long) STATE.compareAndExchange(this, current, pack(current, false, fails, now));
      if (witness == current) {
        return fails(current);
      }
      current = witness;
    }
  }

  /// The peer did its work. Forgets the failures if they are older than the last probe, and returns
  /// how many it forgot.
  int passed() {
    long current = state;
    while (current < 0 && fails(current) > 0) { // the sign bit is PROBED
      long witness =
          (long) STATE.compareAndExchange(this, current, pack(current, true, 0, (int) current));
      if (witness == current) {
        return fails(current);
      }
      current = witness;
    }
    return 0;
  }

  /// Forgets the failures: there is no other peer to turn to, so they mean nothing.
  void forget() {
    long current = state;
    while (fails(current) > 0) {
      long witness =
          (long)
              STATE.compareAndExchange(this, current, pack(current, current < 0, 0, (int) current));
      if (witness == current) {
        return;
      }
      current = witness;
    }
  }

  /// Sets the verdict; a server that was found healthy starts without failures. Returns the number
  /// of failures before.
  int judge(Verdict verdict) {
    long current = state;
    while (true) {
      boolean recovers = verdict == Verdict.HEALTHY && (current & VERDICT) != 0;
      long next = (recovers ? pack(0, current < 0, 0, (int) current) : current & ~VERDICT);
      long witness = (long) STATE.compareAndExchange(this, current, next | verdict.bits);
      if (witness == current) {
        return fails(current);
      }
      current = witness;
    }
  }

  /// Whole seconds since a failure, or since it was last chosen after a quiet window.
  int quietSeconds(long nowMillis) {
    return seconds(nowMillis) - (int) state;
  }

  /// How long the peer stays out if nothing else happens; 0 if it is not out.
  long outForMillis(int maxFails, long failTimeoutMillis, long nowMillis) {
    long current = state;
    if (!isExhausted(current, maxFails)) {
      return 0;
    }
    long ticks = failTimeoutMillis / 1000 + 1 - (seconds(nowMillis) - (int) current);
    return ticks <= 0 ? 0 : (ticks - 1) * 1000 + 1000 - Math.floorMod(nowMillis, 1000L);
  }

  private static boolean isExhausted(long state, int maxFails) {
    return maxFails > 0 && fails(state) >= maxFails;
  }

  private static long quietMillis(long state, int now) {
    return (now - (int) state) * 1000L;
  }

  private static int seconds(long millis) {
    return (int) Math.floorDiv(millis, 1000L);
  }

  private static int fails(long state) {
    return (int) (state >>> 32) & MAX_FAILS;
  }

  private static Verdict verdict(long state) {
    if ((state & UNHEALTHY) != 0) {
      return Verdict.UNHEALTHY;
    }
    return (state & CHECKING) != 0 ? Verdict.CHECKING : Verdict.HEALTHY;
  }

  /// @param from the state whose verdict is kept
  private static long pack(long from, boolean probed, int fails, int checkedAt) {
    return (from & VERDICT)
        | (probed ? PROBED : 0)
        | (long) fails << 32
        | (checkedAt & 0xffff_ffffL);
  }
}

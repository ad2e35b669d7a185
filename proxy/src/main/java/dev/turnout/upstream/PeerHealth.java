package dev.turnout.upstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// nginx's passive failure accounting of one server. Shared by all event loops; survives every
/// change to the upstream that keeps the server.
///
/// nginx keeps `fails`, `accessed` (the last failure) and `checked` (the last failure, or the last
/// time it was chosen after a quiet `fail_timeout`). `accessed` is only ever compared with
/// `checked`, so here it is one bit, and all of it is one word that is changed by compare-and-set:
///
/// ```
///   chosen after a quiet window      checkedAt = now, probed = 1
///   failure                          fails++, checkedAt = now, probed = 0
///   success                          fails = 0 if probed
/// ```
///
/// Time counts in whole seconds, as in nginx: a window of 10 s ends with the 11th tick after the
/// failure.
public final class PeerHealth {
  private static final VarHandle STATE;
  private static final long PROBED = 1L << 63;
  private static final int MAX_FAILS = Integer.MAX_VALUE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(PeerHealth.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /// Bit 63: probed; bits 32 to 62: fails; bits 0 to 31: checkedAt in seconds, compared by
  /// difference.
  private volatile long state;

  PeerHealth() {}

  public int fails() {
    return fails(state);
  }

  /// Whether the peer has failed too often to be chosen now.
  boolean isUnavailable(int maxFails, long failTimeoutMillis, long nowMillis) {
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
      long next = pack(true, fails(current), now);
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

  /// Counts a failure and returns how many there are now.
  int failed(long nowMillis) {
    int now = seconds(nowMillis);
    long current = state;
    while (true) {
      int fails = Math.min(fails(current), MAX_FAILS - 1) + 1;
      long witness = (long) STATE.compareAndExchange(this, current, pack(false, fails, now));
      if (witness == current) {
        return fails;
      }
      current = witness;
    }
  }

  /// The peer did its work. Forgets the failures if they are older than the last probe, and returns
  /// how many it forgot.
  int passed() {
    long current = state;
    while (current < 0 && fails(current) > 0) { // the sign bit is PROBED
      long witness = (long) STATE.compareAndExchange(this, current, pack(true, 0, (int) current));
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
          (long) STATE.compareAndExchange(this, current, pack(current < 0, 0, (int) current));
      if (witness == current) {
        return;
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

  private static long pack(boolean probed, int fails, int checkedAt) {
    return (probed ? PROBED : 0) | (long) fails << 32 | (checkedAt & 0xffff_ffffL);
  }
}

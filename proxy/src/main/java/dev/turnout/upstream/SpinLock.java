package dev.turnout.upstream;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Guards the round-robin weights of one upstream, shared by all event loops.
///
/// Held for one walk over the peers and no longer: nothing under it blocks, allocates, or calls
/// out. A holder can still lose its processor, so a waiter that does not get it soon gives up its
/// own. Not reentrant.
public final class SpinLock {
  private static final VarHandle HELD;
  private static final int SPINS = 200;

  static {
    try {
      HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("unused") // by HELD
  private int held;

  public void lock() {
    if (!HELD.compareAndSet(this, 0, 1)) {
      await();
    }
  }

  @SuppressWarnings(
      "ThreadPriorityCheck") // yield: the holder may be waiting for this very processor
  private void await() {
    int spins = SPINS;
    do {
      while ((int) HELD.getOpaque(this) != 0) {
        if (--spins > 0) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
    } while (!HELD.compareAndSet(this, 0, 1));
  }

  public void unlock() {
    HELD.setRelease(this, 0);
  }
}

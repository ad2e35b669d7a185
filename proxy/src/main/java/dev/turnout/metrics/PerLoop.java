package dev.turnout.metrics;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// One set of counters for each loop, made when the loop first has something to count. So what is
/// never used costs nothing, and a loop writes to memory of its own.
///
/// @param <C> what each loop has
public final class PerLoop<C> {
  private final Supplier<? extends C> make;
  private volatile @Nullable Object[] byLoop = new Object[0]; // replaced, never changed

  public PerLoop(Supplier<? extends C> make) {
    this.make = make;
  }

  /// The counters of loop `index`; only it may write to them.
  @SuppressWarnings("unchecked") // nothing but what `make` gave is in the array
  public C on(int index) {
    @Nullable Object[] there = byLoop;
    Object mine = index < there.length ? there[index] : null;
    return mine != null ? (C) mine : made(index);
  }

  @SuppressWarnings("unchecked") // as above
  private synchronized C made(int index) {
    Object mine = index < byLoop.length ? byLoop[index] : null;
    if (mine == null) {
      @Nullable Object[] next = Arrays.copyOf(byLoop, Math.max(byLoop.length, index + 1));
      mine = make.get();
      next[index] = mine;
      byLoop = next;
    }
    return (C) mine;
  }

  /// The counters of all loops that have counted.
  @SuppressWarnings("unchecked") // as above
  public List<C> all() {
    List<C> all = new ArrayList<>();
    for (Object one : byLoop) {
      if (one != null) {
        all.add((C) one);
      }
    }
    return all;
  }
}

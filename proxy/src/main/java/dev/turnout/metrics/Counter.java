package dev.turnout.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A number that one loop writes and anyone reads: no locked instruction, no shared cache line
/// among writers. Readers add up the counters of all loops.
///
/// Writes are released and reads acquire, in the order of the program: who counts a request before
/// its response is never seen with more responses than requests by a reader who reads the responses
/// first.
public final class Counter {
  private static final VarHandle VALUE;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(Counter.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long value;

  /// Counts one. Only for the writer.
  public void increment() {
    add(1);
  }

  /// Takes one back: of what is under way, not of what has happened. Only for the writer.
  public void decrement() {
    add(-1);
  }

  /// Counts `n`. Only for the writer.
  public void add(long n) {
    VALUE.setRelease(this, value + n);
  }

  /// Says what is so now, rather than what has happened. For the writer, or for several where only
  /// the latest matters.
  public void set(long n) {
    VALUE.setRelease(this, n);
  }

  /// What it is now.
  public long get() {
    return (long) VALUE.getAcquire(this);
  }
}

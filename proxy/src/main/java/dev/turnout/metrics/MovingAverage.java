package dev.turnout.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// An average in which the latest value counts one part in twenty, as nginx reckons the response
/// times of servers. Written and read by anyone: two that write at the same moment may lose one
/// value, which an average bears better than a lock.
public final class MovingAverage {
  private static final VarHandle VALUE;
  private static final int PARTS = 20;

  static {
    try {
      VALUE = MethodHandles.lookup().findVarHandle(MovingAverage.class, "value", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long value;

  /// Takes in a value, larger than 0; the first is the average.
  public void add(long next) {
    long present = get();
    VALUE.setOpaque(this, present == 0 ? next : present + (next - present) / PARTS);
  }

  /// The average; 0 before the first value.
  public long get() {
    return (long) VALUE.getOpaque(this);
  }

  /// Begins anew.
  public void forget() {
    VALUE.setOpaque(this, 0L);
  }
}

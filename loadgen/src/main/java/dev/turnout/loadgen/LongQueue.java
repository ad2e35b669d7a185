package dev.turnout.loadgen;

/// A growing first-in first-out queue of longs, without boxes.
final class LongQueue {
  private long[] ring = new long[1024];
  private int head;
  private int size;

  boolean isEmpty() {
    return size == 0;
  }

  void add(long value) {
    if (size == ring.length) {
      grow();
    }
    ring[(head + size++) & (ring.length - 1)] = value;
  }

  /// The oldest value; only when not empty.
  long remove() {
    if (size == 0) {
      throw new IllegalStateException("queue is empty");
    }
    long value = ring[head];
    head = (head + 1) & (ring.length - 1);
    size--;
    return value;
  }

  private void grow() {
    long[] larger = new long[ring.length * 2];
    int tail = ring.length - head;
    System.arraycopy(ring, head, larger, 0, tail);
    System.arraycopy(ring, 0, larger, tail, head);
    ring = larger;
    head = 0;
  }
}

package dev.turnout.http;

import java.util.Arrays;

/// The raw bytes of one message head, in an array that grows.
///
/// Behind the bytes there are always [#SLACK] more in the array, so that a scanner may put a
/// sentinel there and read whole words across the end. Owned by the head that it belongs to.
final class HeadBytes {
  static final int SLACK = 8;

  private static final int FIRST = 1024;
  private static final int KEPT = 8 * 1024;

  private byte[] data = new byte[FIRST + SLACK];
  private int length;

  byte[] data() {
    return data;
  }

  int length() {
    return length;
  }

  /// Makes room for `n` more bytes; true if they moved to another array.
  boolean reserve(int n) {
    int wanted = length + n + SLACK;
    if (wanted <= data.length) {
      return false;
    }
    data = Arrays.copyOf(data, Math.max(wanted, data.length * 2));
    return true;
  }

  void length(int length) {
    if (length < 0 || length > data.length - SLACK) {
      throw new IndexOutOfBoundsException(length);
    }
    this.length = length;
  }

  /// Forgets the bytes, and an array that only an unusual head needed.
  void reset() {
    length = 0;
    if (data.length > KEPT + SLACK) {
      data = new byte[FIRST + SLACK];
    }
  }
}

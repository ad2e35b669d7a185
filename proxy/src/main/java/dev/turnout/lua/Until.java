package dev.turnout.lua;

import io.netty.buffer.ByteBuf;

/// The pattern of `receiveuntil`, and whether its iterator stands behind one. Owned by its socket.
final class Until {
  private final byte[] pattern;
  private final boolean inclusive;
  private boolean ended;

  Until(byte[] pattern, boolean inclusive) {
    this.pattern = pattern;
    this.inclusive = inclusive;
  }

  /// True, once, if the data before a pattern was given out in pieces and there is no more of it.
  boolean takeEnded() {
    boolean was = ended;
    ended = false;
    return was;
  }

  /// How many bytes of `in` are the next piece of at most `size` bytes (0: all up to the pattern);
  /// -1 if more must come. If the pattern was reached it is behind the piece, or part of it.
  int piece(ByteBuf in, int size) {
    int at = find(in);
    int certain = at >= 0 ? at : in.readableBytes() - overlap(in);
    if (size > 0 && certain >= size && !(at >= 0 && at < size)) {
      return size;
    }
    return at < 0 ? -1 : at + (inclusive ? pattern.length : 0);
  }

  /// The piece of `length` bytes has been taken: passes over the pattern if it comes next.
  void passed(ByteBuf in, int length, int size, int patternAt) {
    if (patternAt < 0 || patternAt + (inclusive ? pattern.length : 0) != length) {
      return;
    }
    if (!inclusive) {
      in.skipBytes(pattern.length);
    }
    ended = size > 0;
  }

  /// Where the pattern begins, from the reader index; -1 if it is not all there.
  int find(ByteBuf in) {
    int start = in.readerIndex();
    int last = in.writerIndex() - pattern.length;
    for (int i = start; i <= last; i++) {
      i = in.indexOf(i, last + 1, pattern[0]);
      if (i < 0) {
        return -1;
      }
      if (isAt(in, i)) {
        return i - start;
      }
    }
    return -1;
  }

  private boolean isAt(ByteBuf in, int at) {
    for (int k = 1; k < pattern.length; k++) {
      if (in.getByte(at + k) != pattern[k]) {
        return false;
      }
    }
    return true;
  }

  /// How many bytes at the end of `in` may be the beginning of the pattern.
  private int overlap(ByteBuf in) {
    int most = Math.min(pattern.length - 1, in.readableBytes());
    for (int length = most; length > 0; length--) {
      int begin = in.writerIndex() - length;
      int k = 0;
      while (k < length && in.getByte(begin + k) == pattern[k]) {
        k++;
      }
      if (k == length) {
        return length;
      }
    }
    return 0;
  }
}

package dev.turnout.lua;

import io.netty.buffer.ByteBuf;
import java.util.Arrays;

/// The pattern of one `receiveuntil`, and how far the stream has been matched against it. Owned by
/// its socket.
///
/// Bytes that may be the beginning of the pattern are taken from the stream and kept as a state,
/// also between two pieces, and are given back when the script reads in another way. So it is in
/// lua-nginx-module, and a piece can be longer than was asked for when such a beginning turns out
/// to be none.
final class Until {
  private static final int ENDED = -1;

  private final byte[] pattern;
  private final int[] borders;
  private final boolean inclusive;
  private int state;
  private boolean bounded;
  private int rest;
  private byte[] piece = new byte[256];
  private int length;

  Until(byte[] pattern, boolean inclusive) {
    this.pattern = pattern;
    this.inclusive = inclusive;
    this.borders = borders(pattern);
  }

  /// For each beginning of the pattern the longest one that it ends with and is not itself.
  private static int[] borders(byte[] pattern) {
    int[] out = new int[pattern.length];
    int k = 0;
    for (int i = 1; i < pattern.length; i++) {
      while (k > 0 && pattern[i] != pattern[k]) {
        k = out[k - 1];
      }
      if (pattern[i] == pattern[k]) {
        k++;
      }
      out[i] = k;
    }
    return out;
  }

  /// Begins to read a piece of `size` bytes, or, if that is 0, all up to the pattern. False, once,
  /// if the piece before was the last one before the pattern.
  boolean begin(int size) {
    length = 0;
    rest = size;
    bounded = size > 0;
    if (state == ENDED) {
      state = 0;
      return false;
    }
    return true;
  }

  /// Takes bytes from `in` until the piece is there; false if it needs more.
  boolean feed(ByteBuf in) {
    while (in.isReadable()) {
      if (state == 0) {
        if (passPlain(in)) {
          return true;
        }
        if (!in.isReadable()) {
          return false;
        }
      }
      byte next = in.getByte(in.readerIndex());
      if (next == pattern[state]) {
        in.skipBytes(1);
        state++;
        if (state == pattern.length) {
          if (inclusive) {
            append(pattern.length);
          }
          state = bounded ? ENDED : 0;
          return true;
        }
      } else if (state > 0 && fallBack(in, next)) {
        return true;
      }
    }
    return false;
  }

  /// Passes bytes that no match begins with. True if the piece is complete.
  private boolean passPlain(ByteBuf in) {
    int from = in.readerIndex();
    int at = in.indexOf(from, in.writerIndex(), pattern[0]);
    int plain = (at < 0 ? in.writerIndex() : at) - from;
    if (bounded && plain >= rest) {
      plain = rest;
    }
    room(plain);
    in.readBytes(piece, length, plain);
    length += plain;
    rest -= plain;
    return bounded && rest == 0;
  }

  /// What was matched so far does not go on with `next`. True if the piece is complete.
  private boolean fallBack(ByteBuf in, byte next) {
    int k = borders[state - 1];
    while (k > 0 && pattern[k] != next) {
      k = borders[k - 1];
    }
    boolean goesOn = k > 0;
    int given = goesOn ? state - k : state;
    append(given);
    state = goesOn ? k + 1 : 0;
    if (goesOn) {
      in.skipBytes(1);
    }
    if (!bounded) {
      return false;
    }
    rest = Math.max(0, rest - given);
    return rest == 0;
  }

  private void append(int beginning) {
    room(beginning);
    System.arraycopy(pattern, 0, piece, length, beginning);
    length += beginning;
  }

  private void room(int more) {
    if (piece.length - length < more) {
      piece = Arrays.copyOf(piece, Math.max(length + more, 2 * piece.length));
    }
  }

  /// The stream is read in another way now: what was only kept comes next.
  void giveBack(ByteBuf in) {
    int kept = state;
    if (kept <= 0) {
      return;
    }
    state = 0;
    if (in.readerIndex() >= kept) {
      in.readerIndex(in.readerIndex() - kept); // they were the last to be taken
    } else {
      byte[] later = new byte[in.readableBytes()];
      in.readBytes(later);
      in.clear().writeBytes(pattern, 0, kept).writeBytes(later);
    }
  }

  /// What there is of the piece.
  byte[] piece() {
    byte[] out = Arrays.copyOf(piece, length);
    length = 0;
    if (piece.length > 1 << 16) {
      piece = new byte[256];
    }
    return out;
  }
}

package dev.turnout.http;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Decodes and simplifies one path, in one pass; see {@link UriPath}.
///
/// Escapes are decoded first, so an encoded dot or slash is a dot or slash; only what comes out as
/// `%`, `#` or `?` is never anything but itself.
final class PathNormalizer {
  private final byte[] data;
  private final int start;
  private final int end;
  private final boolean mergeSlashes;
  private final byte[] out;

  private int length;
  private int segment; // where the present segment begins in out
  private boolean decoded;

  PathNormalizer(byte[] data, int start, int end, boolean mergeSlashes) {
    this.data = data;
    this.start = start;
    this.end = end;
    this.mergeSlashes = mergeSlashes;
    this.out = new byte[end - start + 1];
  }

  @Nullable UriPath normalized(@Nullable String args) {
    int p = start;
    while (p < end) {
      byte b = data[p++];
      if (b == '%') {
        if (end - p < 2) {
          return null;
        }
        int high = hex(data[p]);
        int low = hex(data[p + 1]);
        p += 2;
        if (high < 0 || low < 0 || high + low == 0) {
          return null;
        }
        b = (byte) (high << 4 | low);
        decoded = true;
      }
      if (b == '/') {
        if (!slash()) {
          return null;
        }
      } else {
        out[length++] = b;
      }
    }
    if (!endSegment()) {
      return null;
    }
    boolean unchanged = Arrays.equals(out, 0, length, data, start, end);
    return new UriPath(UriPath.text(out, 0, length), args, unchanged, decoded);
  }

  /// A slash ends the segment before it; false if that leads above the root.
  private boolean slash() {
    if (length > 0 && length == segment) {
      if (!mergeSlashes) {
        out[length++] = '/';
        segment = length;
      }
      return true;
    }
    int before = length;
    if (!endSegment()) {
      return false;
    }
    if (length == before) {
      out[length++] = '/'; // else the slash before the dots stands for this one
      segment = length;
    }
    return true;
  }

  /// Drops the segment if it is `.`, and the one before it too if it is `..`.
  private boolean endSegment() {
    int size = length - segment;
    if (segment == 0 || size == 0 || size > 2 || out[segment] != '.' || out[length - 1] != '.') {
      return true;
    }
    length = segment;
    if (size == 1) {
      return true;
    }
    if (segment == 1) {
      return false;
    }
    length--;
    while (out[length - 1] != '/') {
      length--;
    }
    segment = length;
    return true;
  }

  static int hex(int b) {
    if (b >= '0' && b <= '9') {
      return b - '0';
    }
    int c = b | 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
  }
}

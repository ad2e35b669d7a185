package dev.turnout.http.rewrite;

import java.util.List;
import java.util.OptionalInt;

/// A choice among values by the hash of a text, each with its share of all hashes. Immutable.
final class Split {
  /// The share of what is left.
  static final int REST = 0;

  private static final int WHOLE = 100 * 100;
  private static final int MULTIPLIER = 0x5bd1e995;
  private static final int LARGEST = 1_000_000;

  private final long[] bounds;
  private final String[] values;

  /// A value and its share.
  ///
  /// @param hundredths in hundredths of a percent, or [#REST]
  record Share(int hundredths, String value) {}

  private Split(long[] bounds, String[] values) {
    this.bounds = bounds;
    this.values = values;
  }

  /// The split with these shares, in this order.
  ///
  /// @throws IllegalArgumentException if they are more than everything
  static Split of(List<Share> shares) {
    long[] bounds = new long[shares.size()];
    int sum = 0;
    long last = 0;
    for (int i = 0; i < bounds.length; i++) {
      int part = shares.get(i).hundredths();
      sum = part == REST ? WHOLE : sum + part;
      if (sum > WHOLE) {
        throw new IllegalArgumentException("percent total is greater than 100%");
      }
      if (sum == WHOLE) {
        bounds[i] = Long.MAX_VALUE;
      } else {
        last += part * 0xffff_ffffL / WHOLE;
        bounds[i] = last;
      }
    }
    return new Split(bounds, shares.stream().map(Share::value).toArray(String[]::new));
  }

  /// The value that `text` falls to; empty where the shares leave something over.
  String find(String text) {
    long hash = hash(text) & 0xffff_ffffL;
    for (int i = 0; i < bounds.length; i++) {
      if (hash < bounds[i]) {
        return values[i];
      }
    }
    return "";
  }

  /// A number with at most two digits after the point, in hundredths; empty if it is none.
  static OptionalInt hundredths(String text) {
    int value = 0;
    int decimals = -1;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '.' && decimals < 0) {
        decimals = 0;
      } else if (c >= '0' && c <= '9' && decimals < 2 && value < LARGEST) {
        value = value * 10 + c - '0';
        decimals += decimals < 0 ? 0 : 1;
      } else {
        return OptionalInt.empty();
      }
    }
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    for (int i = Math.max(0, decimals); i < 2; i++) {
      value *= 10;
    }
    return OptionalInt.of(value);
  }

  /// MurmurHash2 of 32 bits with seed 0; each character is one byte.
  static int hash(String text) {
    int length = text.length();
    int h = length;
    int i = 0;
    for (; i + 4 <= length; i += 4) {
      int k =
          at(text, i) | (at(text, i + 1) << 8) | (at(text, i + 2) << 16) | (at(text, i + 3) << 24);
      k *= MULTIPLIER;
      k ^= k >>> 24;
      k *= MULTIPLIER;
      h = (h * MULTIPLIER) ^ k;
    }
    if (i < length) {
      for (int left = length - i - 1; left >= 0; left--) {
        h ^= at(text, i + left) << (8 * left);
      }
      h *= MULTIPLIER;
    }
    h ^= h >>> 13;
    h *= MULTIPLIER;
    return h ^ (h >>> 15);
  }

  private static int at(String text, int i) {
    return text.charAt(i) & 0xff;
  }
}

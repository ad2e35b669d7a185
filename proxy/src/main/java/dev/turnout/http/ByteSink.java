package dev.turnout.http;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A byte array that grows as bytes are appended; what message heads and log lines are composed in.
/// Owned by whoever made it; not thread-safe.
public final class ByteSink {
  private static final byte[] DIGITS = {'0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};

  private byte[] bytes;
  private int length;

  /// Begins in `bytes`, which is replaced by a larger array when it runs full.
  public ByteSink(byte[] bytes) {
    this.bytes = bytes;
  }

  /// Forgets what was appended and begins again in `bytes`.
  public ByteSink reset(byte[] bytes) {
    this.bytes = bytes;
    length = 0;
    return this;
  }

  /// Forgets what was appended.
  public ByteSink clear() {
    length = 0;
    return this;
  }

  /// The array; valid up to [#length()].
  public byte[] bytes() {
    return bytes;
  }

  /// How many bytes have been appended.
  public int length() {
    return length;
  }

  /// Takes back everything after `length`.
  public void truncate(int length) {
    this.length = length;
  }

  /// Appends one byte.
  public ByteSink append(char c) {
    ensure(1);
    bytes[length++] = (byte) c;
    return this;
  }

  /// Appends the whole array.
  public ByteSink append(byte[] source) {
    return append(source, 0, source.length);
  }

  /// Appends a part of an array.
  public ByteSink append(byte[] source, int start, int count) {
    ensure(count);
    System.arraycopy(source, start, bytes, length, count);
    length += count;
    return this;
  }

  /// Appends a string whose chars are bytes (ISO-8859-1).
  // The deprecated getBytes drops the high byte of each char, which is what is wanted here, and it
  // copies straight into the array where the charset form allocates.
  @SuppressWarnings("deprecation")
  public ByteSink append(String text) {
    int count = text.length();
    ensure(count);
    text.getBytes(0, count, bytes, length);
    length += count;
    return this;
  }

  /// Appends a number in decimal.
  public ByteSink append(long number) {
    if (number < 0) {
      return append(Long.toString(number));
    }
    int digits = 1;
    for (long rest = number; rest >= 10; rest /= 10) {
      digits++;
    }
    ensure(digits);
    int at = length + digits;
    length = at;
    long rest = number;
    do {
      bytes[--at] = DIGITS[(int) (rest % 10)];
      rest /= 10;
    } while (rest != 0);
    return this;
  }

  /// Appends milliseconds as seconds with three decimals, as nginx prints times: `0.012`.
  public ByteSink appendSeconds(long millis) {
    long positive = Math.max(0, millis);
    append(positive / 1000).append('.');
    int rest = (int) (positive % 1000);
    return append((char) ('0' + rest / 100))
        .append((char) ('0' + rest / 10 % 10))
        .append((char) ('0' + rest % 10));
  }

  private void ensure(int more) {
    if (bytes.length - length < more) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, length + more));
    }
  }

  @Override
  public String toString() {
    return new String(bytes, 0, length, StandardCharsets.ISO_8859_1);
  }
}
